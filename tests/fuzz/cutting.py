"""What one fuzzer input means: two bytes of how, then the bytes of the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.protocols.limits import Limits

__all__ = ["LIMITS", "Input", "encode_input"]

LIMITS: Final = (
    Limits(),
    Limits(
        request_line=64,
        header_count=6,
        header_bytes=160,
        body=48,
        chunk_line=16,
        chunk_extension_bytes=20,
        trailer_bytes=32,
        variables=6,
    ),
)
"""The usual limits, and some that short inputs reach."""

_SMALL: Final = 1
_EOF: Final = 2


@dataclass(frozen=True, slots=True)
class Input:
    """The wire, how it is cut, and what follows."""

    wire: bytes
    limits: Limits
    eof: bool
    sizes: tuple[int, int]

    @classmethod
    def decode(cls, data: bytes) -> Input | None:
        """Read what the fuzzer made up; None if it is too short to mean anything."""
        if len(data) < 3:
            return None
        flags, step = data[0], data[1]
        sizes = 1 + (step & 15), 1 + 3 * (step >> 4)
        return cls(data[2:], LIMITS[flags & _SMALL], bool(flags & _EOF), sizes)

    def pieces(self) -> list[bytes]:
        """The wire in pieces of two alternating sizes."""
        found: list[bytes] = []
        position = 0
        while position < len(self.wire):
            size = self.sizes[len(found) & 1]
            found.append(self.wire[position : position + size])
            position += size
        return found


def encode_input(wire: bytes, *, small: bool = False, eof: bool = False, step: int = 0x21) -> bytes:
    """Build a seed."""
    return bytes([_SMALL * small | _EOF * eof, step]) + wire
