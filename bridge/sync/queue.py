"""Queues that greenlets, tasks and threads share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Any, TypeVar

from bridge.sync._errors import QueueShutDown
from bridge.sync._queue_core import CLOSED, DRAINED, OPEN, QueueCore
from bridge.sync._wait_queue import seconds
from bridge.sync._waiters import REFUSED, TaskWaiter, sync_waiter

__all__ = ["LifoQueue", "PriorityQueue", "Queue"]

T = TypeVar("T")


class Queue(QueueCore[T]):
    """First in, first out.

    :param maxsize: how many items wait in it at most; 0 or less means no limit

    Methods that do not wait may be called anywhere, in any thread.  A call
    that raised has put nothing and taken nothing.
    """

    # put and aput, get and aget begin alike, up to the waiter.  That beginning is written out twice:
    # shared, it makes a put or get that need not wait a fifth slower (measured on 3.11 and 3.13).

    __slots__ = ()

    # -- what is in it ---------------------------------------------------------------

    @property
    def maxsize(self) -> int:
        """How many items wait in it at most; 0 or less means no limit."""
        return self._maxsize

    @property
    def unfinished_tasks(self) -> int:
        """How many items were put for which ``task_done`` was not called."""
        return self._unfinished

    @property
    def is_shut_down(self) -> bool:
        """Whether :meth:`shutdown` was called."""
        return self._state != OPEN

    def qsize(self) -> int:
        """Return how many items are in the queue now."""
        return len(self._items)

    def empty(self) -> bool:
        """Tell whether there is no item now."""
        return not self._items

    def full(self) -> bool:
        """Tell whether there is no room now; room booked for a putter that was woken is taken."""
        return 0 < self._maxsize <= len(self._items) + self._booked

    # -- put --------------------------------------------------------------------------

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        """Put an item, parking the greenlet until there is room.

        :param block: False: raise QueueFull instead of waiting
        :param timeout: seconds; None for no limit
        :raises QueueFull: if there was no room in that time
        :raises QueueShutDown: if the queue is, or meanwhile was, shut down
        :raises WrongContextError: in a task, if it would have to wait; write ``await queue.aput(item)``
        """
        with self._guard:
            if self._has_room():
                if not self._getters:
                    self._push(item)
                    self._unfinished += 1
                    return
                getter = self._place(item)
                waiter = None
            elif not block or timeout == 0:
                raise self._full_error()
            else:
                limit = seconds(timeout)
                getter, waiter = None, sync_waiter("Queue.put", "await queue.aput(item)")
                self._putters.enter(waiter)
        if waiter is not None:
            if not self._putters.park(waiter, limit, self._unbook) and waiter.state is not REFUSED:
                raise self._full_error()
            self._place_booked(waiter, item)
        elif getter is not None:
            self._deliver(getter)

    async def aput(self, item: T) -> None:
        """Put an item, waiting in a task until there is room.

        :raises QueueShutDown: if the queue is, or meanwhile was, shut down
        """
        with self._guard:
            if self._has_room():
                if not self._getters:
                    self._push(item)
                    self._unfinished += 1
                    return
                getter = self._place(item)
                waiter = None
            else:
                getter, waiter = None, TaskWaiter("Queue.aput()")
                self._putters.enter(waiter)
        if waiter is not None:
            await self._putters.wait(waiter, self._unbook)
            self._place_booked(waiter, item)
        elif getter is not None:
            self._deliver(getter)

    def put_nowait(self, item: T) -> None:
        """Put an item without waiting; QueueFull if there is no room."""
        self.put(item, False)

    # -- get ---------------------------------------------------------------------------

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Take an item, parking the greenlet until there is one.

        :param block: False: raise QueueEmpty instead of waiting
        :param timeout: seconds; None for no limit
        :raises QueueEmpty: if there was no item in that time
        :raises QueueShutDown: if the queue is shut down and empty
        :raises WrongContextError: in a task, if it would have to wait; write ``await queue.aget()``
        """
        with self._guard:
            if self._items:
                if not (self._putters or self._returned):
                    return self._pop()
                item, putter = self._take()
                waiter = None
            elif self._state:
                raise self._end_error()
            elif not block or timeout == 0:
                raise self._empty_error()
            else:
                limit = seconds(timeout)
                waiter = sync_waiter("Queue.get", "await queue.aget()")
                self._getters.enter(waiter)
        if waiter is not None:
            if not self._getters.park(waiter, limit, self._return) and waiter.state is not REFUSED:
                raise self._empty_error()
            return self._received(waiter)
        if putter is not None:
            self._admit(putter)
        return item

    async def aget(self) -> T:
        """Take an item, waiting in a task until there is one.

        :raises QueueShutDown: if the queue is shut down and empty
        """
        with self._guard:
            if self._items:
                if not (self._putters or self._returned):
                    return self._pop()
                item, putter = self._take()
                waiter = None
            elif self._state:
                raise self._end_error()
            else:
                waiter = TaskWaiter("Queue.aget()")
                self._getters.enter(waiter)
        if waiter is not None:
            await self._getters.wait(waiter, self._return)
            return self._received(waiter)
        if putter is not None:
            self._admit(putter)
        return item

    def get_nowait(self) -> T:
        """Take an item without waiting; QueueEmpty if there is none."""
        return self.get(False)

    # -- the end --------------------------------------------------------------------------

    def task_done(self) -> None:
        """Say that one item that was taken has been dealt with; never waits.

        :raises ValueError: if called more often than items were put
        """
        with self._guard:
            if self._unfinished <= 0:
                raise ValueError(f"task_done() was called more often than items were put into {self!r}")
            finished = self._finish(1)
        for joiner in finished:
            joiner.wake()

    def join(self, timeout: float | None = None) -> bool:
        """Park the greenlet until ``task_done`` was called for all items; False after *timeout* seconds.

        :raises WrongContextError: in a task, if it would have to wait; write ``await queue.ajoin()``
        """
        with self._guard:
            if not self._unfinished:
                return True
            if timeout == 0:
                return False
            limit = seconds(timeout)
            waiter = sync_waiter("Queue.join", "await queue.ajoin()")
            self._joiners.enter(waiter)
        return self._joiners.park(waiter, limit, None)

    async def ajoin(self) -> bool:
        """Wait in a task until ``task_done`` was called for all items; True."""
        with self._guard:
            if not self._unfinished:
                return True
            waiter = TaskWaiter("Queue.ajoin()")
            self._joiners.enter(waiter)
        return await self._joiners.wait(waiter, None)

    def shutdown(self, immediate: bool = False) -> None:
        """Refuse further puts, also those that wait; gets go on until the queue is empty.

        As with ``queue.Queue.shutdown`` of Python 3.13.  Any number of times; never waits.

        :param immediate: throw away what is in the queue and count it as done
        """
        with self._guard:
            self._state = DRAINED if immediate or self._state == DRAINED else CLOSED
            dismissed = self._putters.dismiss_all(REFUSED) + self._getters.dismiss_all(REFUSED)
            if immediate:
                left = len(self._items)
                self._items.clear()
                self._returned.clear()
                dismissed += self._finish(left)
        for waiter in dismissed:
            waiter.wake()

    def close(self) -> None:
        """Do ``shutdown()``."""
        self.shutdown()

    # -- iteration ---------------------------------------------------------------------------

    def __iter__(self) -> Queue[T]:
        return self

    def __next__(self) -> T:
        """Get the next item in a greenlet; the end is when the queue is shut down and empty."""
        try:
            return self.get()
        except QueueShutDown:
            raise StopIteration from None

    def __aiter__(self) -> Queue[T]:
        return self

    async def __anext__(self) -> T:
        """Get the next item in a task; the end is when the queue is shut down and empty."""
        try:
            return await self.aget()
        except QueueShutDown:
            raise StopAsyncIteration from None


class LifoQueue(Queue[T]):
    """Last in, first out; otherwise as :class:`Queue`, in any thread too."""

    __slots__ = ()

    def _container(self) -> tuple[Any, Callable[[T], object], Callable[[], T]]:
        items: list[T] = []
        return items, items.append, items.pop

    def _put_back(self, number: int, item: T) -> None:
        self._items.append(item)


def _push(heap: list[Any], item: Any) -> None:
    try:
        heappush(heap, item)
    except BaseException:
        # It is in there, although it could not be compared; put() must not have put it.
        del heap[next(at for at, other in enumerate(heap) if other is item)]
        heapify(heap)
        raise


class PriorityQueue(Queue[T]):
    """The smallest first; items must be comparable, as ``(priority, data)`` tuples are.  In any thread."""

    __slots__ = ()

    def _container(self) -> tuple[Any, Callable[[T], object], Callable[[], T]]:
        items: list[Any] = []
        return items, partial(_push, items), partial(heappop, items)

    def _put_back(self, number: int, item: T) -> None:
        heappush(self._items, item)
