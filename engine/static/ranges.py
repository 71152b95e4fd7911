"""Byte ranges (RFC 9110 section 14); no I/O."""

from __future__ import annotations

from typing import Final

__all__ = ["UNSATISFIABLE", "parse_range"]

UNSATISFIABLE: Final = (-1, -1)
"""The range lies beyond the file: 416."""

_LONGEST: Final = 18  # digits: below 2**63


def parse_range(value: bytes, size: int) -> tuple[int, int] | None:
    """Return offset and length of the one range asked for; None to send the whole file.

    None stands for what is malformed, in another unit, or a list of several ranges, all of which a
    server may ignore (section 14.2).
    """
    unit, equals, spec = value.partition(b"=")
    spec = spec.strip(b" \t")
    if unit.strip(b" \t").lower() != b"bytes" or not equals or b"," in spec:
        return None
    first, dash, last = spec.partition(b"-")
    if not dash or not _is_number(first) or not _is_number(last) or not (first or last):
        return None
    if not first:
        length = min(int(last), size)
        if not size:
            return None
        return (size - length, length) if length else UNSATISFIABLE
    start = int(first)
    end = int(last) if last else size - 1
    if last and end < start:
        return None
    if start >= size:
        return UNSATISFIABLE
    return start, min(end, size - 1) - start + 1


def _is_number(digits: bytes) -> bool:
    return not digits or (digits.isdigit() and len(digits) <= _LONGEST)
