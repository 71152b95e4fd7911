"""What happens to the items of a queue, and who is to be woken for it.

An item is handed straight to the getter that has waited longest.  A putter
that waits is given a *booking*: room that nobody else may fill, which it fills
when it runs.  It is not relieved of its item while it waits, although that
would save a wake-up, because then a ``put`` could be cancelled after its item
had been consumed; as it is, a call that raised has changed nothing.

Methods that say so are called under the guard, and return whom to wake.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from bridge.sync._errors import QueueEmpty, QueueFull, QueueShutDown
from bridge.sync._wait_queue import Waiting, WaitQueue, new_guard
from bridge.sync._waiters import GRANTED, REFUSED, Waiter

__all__ = ["CLOSED", "DRAINED", "OPEN", "QueueCore", "QueueStatistics"]

T = TypeVar("T")

OPEN: Final = 0
CLOSED: Final = 1  # no more puts; what is there may be had
DRAINED: Final = 2  # what was there has been thrown away, too


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """A snapshot of a :class:`Queue`."""

    size: int
    maxsize: int
    unfinished: int
    is_shut_down: bool
    getting: Waiting
    putting: Waiting
    joining: Waiting


class QueueCore(Generic[T]):
    """Items, bookings, and three queues of those who wait."""

    __slots__ = (
        "__weakref__",
        "_booked",
        "_getters",
        "_guard",
        "_handed",
        "_items",
        "_joiners",
        "_maxsize",
        "_pop",
        "_push",
        "_putters",
        "_returned",
        "_state",
        "_unfinished",
    )

    def __init__(self, maxsize: int = 0) -> None:
        self._guard = new_guard()
        self._maxsize = maxsize
        self._items, self._push, self._pop = self._container()
        self._booked = 0
        self._unfinished = 0
        self._state = OPEN
        self._getters = WaitQueue(self._guard)
        self._putters = WaitQueue(self._guard)
        self._joiners = WaitQueue(self._guard)
        # Handed-over items are numbered, so that those given back get their places again.
        self._handed = 0
        self._returned: deque[int] = deque()  # the numbers of the leftmost items

    # -- where the items are: first in, first out ---------------------------------------

    def _container(self) -> tuple[Any, Callable[[T], object], Callable[[], T]]:
        """Return a sized container, how to add to it and how to take from it."""
        items: deque[T] = deque()
        return items, items.append, items.popleft

    def _put_back(self, number: int, item: T) -> None:
        """Put back what was taken as the *number*-th item handed over."""
        returned = self._returned
        at = sum(1 for other in returned if other < number)
        returned.insert(at, number)
        self._items.insert(at, item)

    # -- putting ---------------------------------------------------------------------------

    def _has_room(self) -> bool:
        """Under the guard."""
        if self._state:
            raise QueueShutDown(f"{self!r} was shut down; nothing can be put any more.")
        return self._maxsize <= 0 or len(self._items) + self._booked < self._maxsize

    def _place(self, item: T) -> Waiter | None:
        """Under the guard: put *item*, for which there is room; return the getter it went to."""
        getter = self._getters.grant() if self._getters else None
        if getter is None:
            self._push(item)  # may raise: items of a PriorityQueue that cannot be compared
        else:
            self._handed += 1
            getter.value = (self._handed, item)
        self._unfinished += 1
        return getter

    def _place_booked(self, waiter: Waiter, item: T) -> None:
        """*waiter* runs again: use its booking, unless the queue was shut down (bookings count no more)."""
        with self._guard:
            if self._state:
                raise QueueShutDown(f"{self!r} was shut down; the item was not put.")
            try:
                getter = self._place(item)
            except BaseException:
                self._unbook(waiter)
                raise
            self._booked -= 1
            putter = self._book()
        if getter is not None:
            self._deliver(getter)
        if putter is not None:
            self._admit(putter)

    def _book(self) -> Waiter | None:
        """Under the guard: book free room, if any, for the putter that waits longest; return it."""
        if self._putters and len(self._items) + self._booked < self._maxsize:
            self._booked += 1
            return self._putters.grant()
        return None

    def _admit(self, putter: Waiter) -> None:
        """Wake a putter that has a booking."""
        if not putter.wake() and not self._putters.withdraw(putter):
            self._unbook(putter)

    def _unbook(self, _: Waiter) -> None:
        """A booking will not be used: the next putter may have it."""
        while True:
            with self._guard:
                self._booked -= 1
                putter = self._book()
            if putter is None or putter.wake() or self._putters.withdraw(putter):
                return

    def _full_error(self) -> QueueFull:
        return QueueFull(f"{self!r} is full; try later, or use put() or aput().")

    # -- getting ---------------------------------------------------------------------------

    def _take(self) -> tuple[T, Waiter | None]:
        """Under the guard: take an item, which there is; return it and the putter that may come in."""
        item = self._pop()
        if self._returned:
            self._returned.popleft()
        return item, self._book() if self._putters else None

    def _received(self, waiter: Waiter) -> T:
        """*waiter* runs again: return what it was handed."""
        if waiter.state is REFUSED:
            raise self._end_error()
        item: T = waiter.value[1]
        return item

    def _deliver(self, getter: Waiter) -> None:
        """Wake a getter that was handed an item."""
        if not getter.wake() and not self._getters.withdraw(getter):
            self._return(getter)

    def _return(self, former: Waiter) -> None:
        """A getter will not use the item it was handed: it goes to the next, or back to its place."""
        finished: list[Waiter] = []
        while True:
            with self._guard:
                getter = self._getters.grant()
                if getter is not None:
                    getter.value = former.value
                elif self._state == DRAINED:
                    finished = self._finish(1)
                else:
                    self._put_back(*former.value)
            if getter is None or getter.wake() or self._getters.withdraw(getter):
                break
            former = getter
        for joiner in finished:
            joiner.wake()

    def _empty_error(self) -> QueueEmpty:
        return QueueEmpty(f"{self!r} is empty; try later, or use get() or aget().")

    def _end_error(self) -> QueueShutDown:
        return QueueShutDown(f"{self!r} was shut down; there are no more items.")

    # -- the end -----------------------------------------------------------------------------

    def _finish(self, n: int) -> list[Waiter]:
        """Under the guard: *n* items are done with; return who waited for that."""
        self._unfinished = max(self._unfinished - n, 0)
        return [] if self._unfinished else self._joiners.dismiss_all(GRANTED)

    def statistics(self) -> QueueStatistics:
        """Return a snapshot."""
        with self._guard:
            return QueueStatistics(
                size=len(self._items),
                maxsize=self._maxsize,
                unfinished=self._unfinished,
                is_shut_down=self._state != OPEN,
                getting=self._getters.statistics(),
                putting=self._putters.statistics(),
                joining=self._joiners.statistics(),
            )

    def __repr__(self) -> str:
        seen = self.statistics()
        parts = [f"size={seen.size}" + (f"/{seen.maxsize}" if seen.maxsize > 0 else "")]
        if seen.unfinished:
            parts.append(f"unfinished={seen.unfinished}")
        if seen.is_shut_down:
            parts.append("shut down")
        for what in ("getting", "putting", "joining"):
            waiting = getattr(seen, what)
            if waiting:
                parts.append(f"{what}: {waiting}")
        return f"<bridge.{type(self).__name__} at 0x{id(self):x} {', '.join(parts)}>"
