"""Status lines: ``"200 OK"`` to the line on the wire, remembered."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

__all__ = ["parse_status"]

_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}
_CACHE_SIZE: Final = 256
_known: dict[str, tuple[str, int]] = {}


def parse_status(status: str) -> tuple[str, int]:
    """Return ``"200 OK\\r\\n"``, without the version in front, and 200.

    A status without a reason gets the registered one; uWSGI does so too.

    :raises ValueError: unless it is three digits, or three digits, a space and a printable reason
    :raises TypeError: if it is not ``str``
    """
    kept = _known  # a local name has a type in the compiled build
    known = kept.get(status)
    if known is None:
        known = _learn(status)
    return known


def _learn(status: str) -> tuple[str, int]:
    if type(status) is not str:
        raise TypeError(f"status must be str like '200 OK', not {type(status).__name__}")
    digits, space, reason = status[:3], status[3:4], status[4:]
    if len(digits) != 3 or not (digits.isascii() and digits.isdigit()) or space not in ("", " "):
        raise ValueError(f"status {status!r} is not like '200 OK'")
    if digits[0] == "0":
        raise ValueError(f"status {status!r} is below 100 (RFC 9110 section 15)")
    if not reason.isprintable():  # reason-phrase, RFC 9112 section 4: no control characters
        raise ValueError(f"status {status!r} contains control characters")
    code = int(digits)
    known = (f"{digits} {reason or _REASONS.get(code, 'Unknown')}\r\n", code)
    if len(_known) >= _CACHE_SIZE:
        _known.clear()
    _known[status] = known
    return known
