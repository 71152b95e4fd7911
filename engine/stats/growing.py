"""Counters of a worker number that go on where its process before has ended; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Final

from engine.stats.scoreboard import Column

__all__ = ["Growing"]

# Those of requests and respawns the master carries on by itself.
_COUNTERS: Final = (
    Column.EXCEPTIONS,
    Column.HARAKIRIS,
    Column.SIGNALS,
    Column.TX,
    Column.RUNNING_TIME,
    Column.STATIC,
)


class Growing:
    """One worker number.  What a process did after it was seen last is not counted."""

    def __init__(self) -> None:
        self._pid = 0
        self._ended: dict[int, int] = dict.fromkeys(_COUNTERS, 0)
        self._last: dict[int, int] = dict.fromkeys(_COUNTERS, 0)
        self._ended_cores: list[int] = []
        self._last_cores: list[int] = []

    def seen(self, columns: Mapping[int, int], cores: Sequence[int]) -> tuple[dict[int, int], list[int]]:
        """Return columns and counts by core with those of earlier processes.

        :param columns: of the process that runs now; empty if none does
        """
        pid = columns.get(Column.PID, 0)
        if pid != self._pid:
            self._pid = pid
            self._ended = {column: self._ended[column] + self._last[column] for column in _COUNTERS}
            self._ended_cores = _added(self._ended_cores, self._last_cores)
        self._last = {column: columns.get(column, 0) for column in _COUNTERS}
        self._last_cores = list(cores)
        grown: dict[int, int] = {column: self._ended[column] + self._last[column] for column in _COUNTERS}
        return {**columns, **grown}, _added(self._ended_cores, self._last_cores)


def _added(one: Sequence[int], other: Sequence[int]) -> list[int]:
    return [a + b for a, b in zip_longest(one, other, fillvalue=0)]
