"""Signals between a master and its link, as bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = [
    "ACCEPTED",
    "BATCH",
    "DELIVER",
    "FULL",
    "PUBLISHED",
    "RAISE",
    "ROOM",
    "Arrived",
    "Raised",
    "decode_arrived",
    "decode_raised",
]

RAISE: Final = b"S"
"""To the link: signals for all servers; the number of the batch comes first."""
PUBLISHED: Final = b"P"
"""To the master: the batch of this number has been sent."""
DELIVER: Final = b"D"
"""To the master: signals from all servers; the number of the batch comes first."""
ACCEPTED: Final = b"A"
"""To the link: the batch of this number is routed."""
FULL: Final = b"F"
"""To the link: deliver nothing more until..."""
ROOM: Final = b"R"
"""...this."""

BATCH: Final = struct.Struct("!QQ")
"""Which uplink numbered a batch (the moment it was made, in nanoseconds), and its number."""
_RAISED: Final = struct.Struct("!BBBI")
_ARRIVED: Final = struct.Struct("!QQ?BB")


@dataclass(frozen=True, slots=True)
class Raised:
    """A signal that was raised here.

    :param claim: of all servers that raise a signal with the same claim only the first one counts...
    :param claim_ms: ...for so many milliseconds; empty and 0 for a signal that always counts
    """

    number: int
    target: str
    claim: str = ""
    claim_ms: int = 0

    def encode(self) -> bytes:
        """Return it as bytes."""
        target, claim = self.target.encode(), self.claim.encode()
        return _RAISED.pack(self.number, len(target), len(claim), self.claim_ms) + target + claim


@dataclass(frozen=True, slots=True)
class Arrived:
    """A signal for this server.

    :param entry: both numbers of its id in the stream
    :param alone: whether no other server gets it
    """

    entry: tuple[int, int]
    alone: bool
    number: int
    target: str

    def encode(self) -> bytes:
        """Return it as bytes."""
        target = self.target.encode()
        return _ARRIVED.pack(*self.entry, self.alone, self.number, len(target)) + target


def decode_raised(data: bytes, at: int = 0) -> Iterator[Raised]:
    """Yield what :meth:`Raised.encode` made of signals."""
    while at < len(data):
        number, target, claim, milliseconds = _RAISED.unpack_from(data, at)
        at += _RAISED.size
        middle, end = at + target, at + target + claim
        yield Raised(number, data[at:middle].decode(), data[middle:end].decode(), milliseconds)
        at = end


def decode_arrived(data: bytes, at: int = 0) -> Iterator[Arrived]:
    """Yield what :meth:`Arrived.encode` made of signals."""
    while at < len(data):
        first, second, alone, number, target = _ARRIVED.unpack_from(data, at)
        at += _ARRIVED.size
        yield Arrived((first, second), alone, number, data[at : at + target].decode())
        at += target
