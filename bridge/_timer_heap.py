"""A heap of deadlines with cheap cancellation.

An entry is a three-item list ``[due, serial, timer]``.  Cancelling sets the
third item to None and leaves the entry where it is, so the timer object is
freed at once and the heap is cleaned when it is mostly dead entries.  The
serial number keeps equal deadlines in the order they were set.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Any

__all__ = ["TimerHeap"]

_CLEAN_ABOVE = 64


class TimerHeap:
    """Deadlines in seconds of one monotonic clock; not thread-safe."""

    __slots__ = ("_dead", "_entries", "_serial")

    def __init__(self) -> None:
        self._entries: list[list[Any]] = []
        self._serial = 0
        self._dead = 0

    def __len__(self) -> int:
        return len(self._entries) - self._dead

    def push(self, due: float, timer: object) -> list[Any]:
        """Add a deadline; return the entry, to be given to :meth:`cancel`."""
        self._serial += 1
        entry = [due, self._serial, timer]
        heappush(self._entries, entry)
        return entry

    def cancel(self, entry: list[Any]) -> None:
        """Forget an entry that :meth:`push` returned; harmless once it was popped or cancelled."""
        if entry[2] is None:
            return
        entry[2] = None
        entries = self._entries
        if entries and entries[-1] is entry:
            entries.pop()  # the last leaf; so ends a Timeout that was set last and is cancelled first
            return
        self._dead += 1
        if self._dead > _CLEAN_ABOVE and self._dead * 2 > len(entries):
            entries[:] = [e for e in entries if e[2] is not None]
            heapify(entries)
            self._dead = 0

    def next_due(self) -> float:
        """Return the earliest deadline, or infinity."""
        entries = self._entries
        while entries:
            first = entries[0]
            if first[2] is not None:
                due: float = first[0]
                return due
            heappop(entries)
            self._dead -= 1
        return float("inf")

    def pop_due(self, now: float) -> list[list[Any]]:
        """Remove and return all entries due at *now*, earliest first.

        The entries stay cancellable: an entry whose third item became None
        before its turn must be skipped by the caller.
        """
        due: list[list[Any]] = []
        entries = self._entries
        while entries and entries[0][0] <= now:
            entry = heappop(entries)
            if entry[2] is None:
                self._dead -= 1
            else:
                # Popped entries must not be counted as dead in the heap when
                # a callback cancels them later, so they pay in advance.
                self._dead -= 1
                due.append(entry)
        return due

    def settle(self, entry: list[Any]) -> object:
        """Take the timer out of an entry that :meth:`pop_due` returned; None if it was cancelled."""
        timer: object = entry[2]
        if timer is not None:
            entry[2] = None
            self._dead += 1
        return timer

    def clear(self) -> None:
        """Drop every entry."""
        self._entries.clear()
        self._dead = 0

    def timers(self) -> list[Any]:
        """Return the live timers in no particular order."""
        return [entry[2] for entry in self._entries if entry[2] is not None]
