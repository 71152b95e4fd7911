"""Named 64-bit numbers in shared memory."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from engine.uwsgi_api.shared.range_lock import Guard
from engine.uwsgi_api.shared.segments import Segment

__all__ = ["MOST", "Metrics", "metrics_size"]

MOST: Final = 1024
_LONGEST: Final = 119
_CELL: Final = struct.Struct(f"={_LONGEST + 1}pq")


def metrics_size() -> int:
    """Return the bytes that the table needs."""
    return MOST * _CELL.size


class Metrics:
    """At most :data:`MOST` numbers, made at their first use; any process."""

    def __init__(self, segment: Segment, guard: Guard) -> None:
        self._memory = segment.memory
        self._guard = guard
        self._known: dict[bytes, int] = {}

    def change(self, name: bytes, how: Callable[[int], int]) -> bool:
        """Change a number in one step; False if there is no room for another name."""
        with self._guard():
            at = self._place(name, make=True)
            if at < 0:
                return False
            before = _CELL.unpack_from(self._memory, at)[1]
            after = (how(before) + (1 << 63)) % (1 << 64) - (1 << 63)
            _CELL.pack_into(self._memory, at, name, after)
            return True

    def get(self, name: bytes) -> int:
        """Return a number; 0 if nobody has set it."""
        with self._guard():
            at = self._place(name, make=False)
            return 0 if at < 0 else int(_CELL.unpack_from(self._memory, at)[1])

    def all(self) -> dict[bytes, int]:
        """Return all numbers."""
        with self._guard():
            cells = (_CELL.unpack_from(self._memory, at) for at in range(0, metrics_size(), _CELL.size))
            return {name: value for name, value in cells if name}

    def _place(self, name: bytes, make: bool) -> int:
        known = self._known.get(name)
        if known is not None:
            return known
        if not 0 < len(name) <= _LONGEST:
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
