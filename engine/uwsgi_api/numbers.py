"""Numbers as caches keep them: 8 bytes, signed, in the machine's own order (uWSGI, cache_inc and so on)."""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["NUMBER_SIZE", "number_in", "quotient", "to_value"]

_INTEGER: Final = struct.Struct("=q")
NUMBER_SIZE: Final = _INTEGER.size
"""Bytes of a number."""


def number_in(value: bytes) -> int:
    """Return the number that a value holds; 0 if it holds something else."""
    if len(value) != _INTEGER.size:
        return 0
    number: int = _INTEGER.unpack(value)[0]
    return number


def to_value(number: int) -> bytes:
    """Return the bytes of a number; beyond 64 bits it starts again at the other end."""
    return _INTEGER.pack((number + (1 << 63)) % (1 << 64) - (1 << 63))


def quotient(dividend: int, divisor: int) -> int:
    """Divide as C does: towards 0.

    :raises ZeroDivisionError: if *divisor* is 0
    """
    size = abs(dividend) // abs(divisor)
    return size if (dividend < 0) == (divisor < 0) else -size
