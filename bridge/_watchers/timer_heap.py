"""Deadlines in the order in which they come, each removable at any time.

A binary heap of the watchers themselves: each knows its own place, so taking
one out neither searches nor leaves a dead entry behind.
"""

from __future__ import annotations

from typing import Any, Final

from bridge._watchers.base import watcher

__all__ = ["Deadline", "TimerHeap"]

_NOWHERE: Final = -1  # place of a deadline that is not set
_DUE: Final = -2  # taken out because it has come, and not yet looked at
_NEVER: Final = float("inf")
_KEPT: Final = 64  # room for so many is never given back


class Deadline(watcher):
    """A watcher that waits for a point in time, in seconds of the loop's clock."""

    __slots__ = ("_due", "_place", "_serial")

    def _setup_deadline(self) -> None:
        self._due = 0.0
        self._place = _NOWHERE
        self._serial = 0

    def _is_set(self) -> bool:
        """Whether it is in a heap, or was taken out because it has come and waits for its turn."""
        return self._place != _NOWHERE

    def _take_turn(self) -> bool:
        """Tell whether it is to expire now; False if it was stopped, or set anew, before its turn."""
        if self._place != _DUE:
            return False
        self._place = _NOWHERE
        return True


class TimerHeap:
    """Deadlines of one loop; not thread-safe.  Equal ones keep the order in which they were set."""

    __slots__ = ("_entries", "_serial", "count")

    def __init__(self) -> None:
        self._entries: list[Any] = []  # the first ``count``; then Nones, room for more
        self.count = 0
        self._serial = 0

    def __len__(self) -> int:
        return self.count

    def push(self, t: Deadline, due: float) -> None:
        """Add *t*, which must not be in the heap."""
        self._serial += 1
        t._due = due
        t._serial = self._serial
        entries = self._entries
        place = self.count
        if place == len(entries):
            entries.append(None)
        self.count = place + 1
        self._rise(t, place)

    def remove(self, t: Deadline) -> None:
        """Take *t* out; harmless if it is not set, or has come and not been looked at."""
        place = t._place
        t._place = _NOWHERE
        if place < 0:
            return
        last = self._take_last()
        if last is t:
            return
        if place and _before(last, self._entries[(place - 1) >> 1]):
            self._rise(last, place)
        else:
            self._sink(last, place)

    def _take_last(self) -> Deadline:
        entries = self._entries
        place = self.count - 1
        self.count = place
        last: Deadline = entries[place]
        entries[place] = None
        if place < len(entries) >> 2 and place > _KEPT:
            del entries[2 * place :]
        return last

    def next_due(self) -> float:
        """Return the earliest deadline, or infinity."""
        if not self.count:
            return _NEVER
        first: Deadline = self._entries[0]
        return first._due

    def pop_due(self, now: float) -> list[Any]:
        """Take out all that have come at *now*, earliest first.

        Their place is such that ``_take_turn`` holds.
        """
        found: list[Any] = []
        entries = self._entries
        while self.count:
            first: Deadline = entries[0]
            if first._due > now:
                break
            last = self._take_last()
            if last is not first:
                self._sink(last, 0)
            first._place = _DUE
            found.append(first)
        return found

    def _rise(self, t: Deadline, place: int) -> None:
        """Put *t* at *place* or nearer to the root, where nothing above it is later."""
        entries = self._entries
        while place:
            above = (place - 1) >> 1
            parent: Deadline = entries[above]
            if not _before(t, parent):
                break
            entries[place] = parent
            parent._place = place
            place = above
        entries[place] = t
        t._place = place

    def _sink(self, t: Deadline, place: int) -> None:
        """Put *t* at *place* or farther from the root, where nothing below it is earlier."""
        entries = self._entries
        size = self.count
        below = 2 * place + 1
        while below < size:
            child: Deadline = entries[below]
            if below + 1 < size:
                other: Deadline = entries[below + 1]
                if _before(other, child):
                    child = other
                    below += 1
            if not _before(child, t):
                break
            entries[place] = child
            child._place = place
            place = below
            below = 2 * place + 1
        entries[place] = t
        t._place = place

    def clear(self) -> None:
        """Take out all."""
        for t in self.timers():
            t._place = _NOWHERE
        self._entries.clear()
        self.count = 0

    def timers(self) -> list[Any]:
        """Return what is set, in no particular order."""
        return self._entries[: self.count]


def _before(one: Deadline, other: Deadline) -> bool:
    return one._due < other._due or (one._due == other._due and one._serial < other._serial)
