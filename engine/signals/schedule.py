"""Timers and cron entries: what is due when.  The caller has the clocks."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import Final

from engine.signals.cron import CronEntry, Moment

__all__ = ["NEVER", "CronTable", "TimerTable"]

NEVER: Final = float("inf")


@dataclass(order=True, slots=True)
class _Timer:
    when: float
    order: int
    number: int = field(compare=False)
    period: float = field(compare=False)
    left: int = field(compare=False)


class TimerTable:
    """Periodic timers on one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._heap: list[_Timer] = []
        self._order = itertools.count()

    def add(self, now: float, number: int, period: float, iterations: int = 0) -> None:
        """Raise *number* every *period* seconds, the first time one period from *now*.

        :param iterations: how often; 0 means for ever
        """
        heapq.heappush(self._heap, _Timer(now + period, next(self._order), number, period, iterations))

    def next(self) -> float:
        """Return the moment of the next signal; NEVER if there is none."""
        return self._heap[0].when if self._heap else NEVER

    def due(self, now: float) -> list[int]:
        """Return the signals that are due.  Periods that were missed count once, as with timerfd(2)."""
        return [number for number, _ in self.expired(now)]

    def expired(self, now: float) -> list[tuple[int, float]]:
        """Return the signals that are due, with the periods of their timers; see :meth:`due`."""
        numbers: list[tuple[int, float]] = []
        while self._heap and self._heap[0].when <= now:
            timer = self._heap[0]
            numbers.append((timer.number, timer.period))
            if timer.left == 1:
                heapq.heappop(self._heap)
                continue
            timer.left = max(0, timer.left - 1)
            missed = int((now - timer.when) / timer.period) if timer.period > 0 else 0
            timer.when += timer.period * (missed + 1)
            if timer.when <= now:
                timer.when = now + timer.period
            heapq.heapreplace(self._heap, timer)
        return numbers

    def __len__(self) -> int:
        return len(self._heap)


class CronTable:
    """Cron entries; ask about once a second, with the local time."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, CronEntry]] = []
        self._last: list[int] = []

    def add(self, number: int, entry: CronEntry) -> None:
        """Raise *number* when *entry* is due; possibly already in this minute."""
        self._entries.append((number, entry))
        self._last.append(-1)

    def due(self, epoch: float, local: Moment) -> list[int]:
        """Return the signals that are due, each entry once in a minute.

        :param epoch: seconds since 1970
        :param local: the same moment as local time
        """
        minute = int(epoch // 60)
        numbers: list[int] = []
        for index, (number, entry) in enumerate(self._entries):
            if self._last[index] != minute and entry.matches(local):
                self._last[index] = minute
                numbers.append(number)
        return numbers

    def __len__(self) -> int:
        return len(self._entries)
