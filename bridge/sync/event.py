"""A flag that greenlets, tasks and threads wait for."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.sync._wait_queue import Waiting, WaitQueue, new_guard, seconds
from bridge.sync._waiters import GRANTED, TaskWaiter, sync_waiter

__all__ = ["Event", "EventStatistics"]


@dataclass(frozen=True, slots=True)
class EventStatistics:
    """A snapshot of an :class:`Event`."""

    is_set: bool
    waiting: Waiting


class Event:
    """A flag, at first not set.

    :meth:`set`, :meth:`clear` and :meth:`is_set` never wait and may be called
    anywhere: in tasks, greenlets, asyncio callbacks, the hub, any thread.
    """

    __slots__ = ("__weakref__", "_guard", "_is_set", "_waiters")

    def __init__(self) -> None:
        self._guard = new_guard()
        self._is_set = False
        self._waiters = WaitQueue(self._guard)

    def is_set(self) -> bool:
        """Tell whether the flag is set."""
        return self._is_set

    def set(self) -> None:
        """Set the flag; all who wait now go on, even if it is cleared before they run."""
        with self._guard:
            self._is_set = True
            woken = self._waiters.dismiss_all(GRANTED) if self._waiters else ()
        for waiter in woken:
            waiter.wake()

    def clear(self) -> None:
        """Unset the flag."""
        with self._guard:
            self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Park the greenlet until the flag is set; False if *timeout* seconds passed first.

        :raises WrongContextError: in a task, if the flag is not set; write ``await event.await_set()``
        """
        if self._is_set:
            return True
        if timeout is not None and timeout <= 0:
            return False
        with self._guard:
            if self.is_set():  # meanwhile, by another thread
                return True
            waiter = sync_waiter("Event.wait", "await event.await_set()")
            self._waiters.enter(waiter)
        return self._waiters.park(waiter, seconds(timeout), None)

    async def await_set(self) -> bool:
        """Wait in a task until the flag is set; True."""
        if self._is_set:
            return True
        with self._guard:
            if self.is_set():  # meanwhile, by another thread
                return True
            waiter = TaskWaiter("Event.await_set()")
            self._waiters.enter(waiter)
        return await self._waiters.wait(waiter, None)

    def statistics(self) -> EventStatistics:
        """Return a snapshot."""
        with self._guard:
            return EventStatistics(self._is_set, self._waiters.statistics())

    def __repr__(self) -> str:
        seen = self.statistics()
        waiting = f", waiting: {seen.waiting}" if seen.waiting else ""
        return f"<bridge.Event at 0x{id(self):x} {'set' if seen.is_set else 'not set'}{waiting}>"
