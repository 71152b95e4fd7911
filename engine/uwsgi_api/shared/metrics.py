"""Named 64-bit numbers in shared memory."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from engine.config.metrics import LONGEST_NAME
from engine.uwsgi_api.shared.range_lock import Guard
from engine.uwsgi_api.shared.segments import Segment

__all__ = ["MOST", "Metrics", "metrics_size"]

MOST: Final = 1024
_CELL: Final = struct.Struct(f"={LONGEST_NAME + 1}pq")


def metrics_size() -> int:
    """Return the bytes that the table needs."""
    return MOST * _CELL.size


def _wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


class Metrics:
    """Numbers of two kinds; any process.

    Those of the application, at most :data:`MOST`, are made at their first use.  Those that the master
    finds out have their names before the first fork (:meth:`declare`), and nobody else can change them.
    """

    def __init__(self, segment: Segment, guard: Guard) -> None:
        self._memory = segment.memory
        self._guard = guard
        self._known: dict[bytes, int] = {}
        self._places: dict[bytes, int] = {}
        self._values = memoryview(b"").cast("q")
        self._aliases: Mapping[bytes, bytes] = {}
        self._collected: Collection[bytes] = ()

    def declare(
        self,
        names: Sequence[bytes],
        values: Segment,
        aliases: Mapping[bytes, bytes],
        collected: Collection[bytes],
    ) -> None:
        """Call before the first fork.

        :param names: of the numbers that :meth:`publish` brings, kept in *values*
        :param aliases: other names, by which numbers can be read only
        :param collected: numbers that only :meth:`put` changes
        """
        self._places = {name: place for place, name in enumerate(names)}
        self._values = memoryview(values.memory).cast("q")[: len(names)]
        self._aliases = aliases
        self._collected = collected

    def publish(self, values: Sequence[int]) -> None:
        """Bring the declared numbers up to date; the master only."""
        self._values[:] = memoryview(array("q", map(_wrapped, values)))

    def change(self, name: bytes, how: Callable[[int], int]) -> bool:
        """Change a number in one step; False if it is not the application's, or there is no room."""
        if name in self._places or name in self._aliases or name in self._collected:
            return False
        return self._write(name, how)

    def put(self, name: bytes, value: int) -> None:
        """Set a number, also one that the application cannot change."""
        self._write(name, lambda before: value)

    def begin(self, name: bytes, value: int) -> None:
        """Set a number unless it is there already, from the image before."""
        with self._guard():
            if self._place(name, make=False) < 0:
                self._write(name, lambda before: value)

    def _write(self, name: bytes, how: Callable[[int], int]) -> bool:
        with self._guard():
            at = self._place(name, make=True)
            if at < 0:
                return False
            before = _CELL.unpack_from(self._memory, at)[1]
            _CELL.pack_into(self._memory, at, name, _wrapped(how(before)))
            return True

    def get(self, name: bytes) -> int:
        """Return a number; 0 if nobody has set it."""
        name = self._aliases.get(name, name)
        place = self._places.get(name)
        if place is not None:
            return self._values[place]
        with self._guard():
            at = self._place(name, make=False)
            return 0 if at < 0 else int(_CELL.unpack_from(self._memory, at)[1])

    def of_application(self) -> dict[bytes, int]:
        """Return the numbers that applications and collectors have set."""
        with self._guard():
            cells = (_CELL.unpack_from(self._memory, at) for at in range(0, metrics_size(), _CELL.size))
            return {name: value for name, value in cells if name}

    def _place(self, name: bytes, make: bool) -> int:
        known = self._known.get(name)
        if known is not None:
            return known
        if not 0 < len(name) <= LONGEST_NAME:
            return -1
        for at in range(0, metrics_size(), _CELL.size):
            found = _CELL.unpack_from(self._memory, at)[0]
            if found == name or (not found and make):
                if not found:
                    _CELL.pack_into(self._memory, at, name, 0)
                self._known[name] = at
                return at
            if not found:
                return -1
        return -1
