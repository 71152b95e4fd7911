"""Which content codings a client takes (RFC 9110 section 12.5.3); no I/O."""

from __future__ import annotations

__all__ = ["accepts_gzip"]


def accepts_gzip(value: bytes) -> bool:
    """Whether an Accept-Encoding names gzip, or anything, with a weight above 0."""
    anything = False
    for item in value.lower().split(b","):
        name, _, weight = item.partition(b";")
        name = name.strip(b" \t")
        if name in (b"gzip", b"x-gzip"):
            return _is_wanted(weight)
        if name == b"*":
            anything = _is_wanted(weight)
    return anything


def _is_wanted(weight: bytes) -> bool:
    name, equals, number = weight.partition(b"=")
    if not equals or name.strip(b" \t") != b"q":
        return True
    try:
        return float(number) > 0
    except ValueError:
        return False
