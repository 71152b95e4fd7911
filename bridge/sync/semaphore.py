"""A number of permits that greenlets, tasks and threads share."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from bridge.sync._errors import WouldBlock
from bridge.sync._wait_queue import Waiting, WaitQueue, new_guard, seconds
from bridge.sync._waiters import TaskWaiter, Waiter, sync_waiter

__all__ = ["BoundedSemaphore", "Semaphore", "SemaphoreStatistics"]


@dataclass(frozen=True, slots=True)
class SemaphoreStatistics:
    """A snapshot of a :class:`Semaphore`; *bound* is None if there is none."""

    value: int
    bound: int | None
    waiting: Waiting


class Semaphore:
    """*value* permits, handed out in the order they were asked for.

    A released permit goes straight to the first who waits, so nobody who
    comes later can take it (and while somebody waits, :attr:`value` is 0).
    May be used in any thread.

    :raises ValueError: if *value* is negative
    """

    __slots__ = ("__weakref__", "_bound", "_guard", "_value", "_waiters")

    def __init__(self, value: int = 1) -> None:
        if value < 0:
            raise ValueError(f"a semaphore starts with 0 permits or more, not {value}")
        self._guard = new_guard()
        self._value = value
        self._bound: int | None = None
        self._waiters = WaitQueue(self._guard)

    @property
    def value(self) -> int:
        """How many permits are free."""
        return self._value

    def locked(self) -> bool:
        """Tell whether no permit is free."""
        return self._value == 0

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a permit, parking the greenlet until there is one.

        :param blocking: False: return False instead of waiting
        :param timeout: seconds after which to return False; None or -1 for no limit
        :raises WrongContextError: in a task, if it would have to wait; write ``await x.aacquire()``
        """
        with self._guard:
            if self._value > 0:
                self._value -= 1
                return True
            if not blocking or timeout == 0:
                return False
            limit = seconds(timeout)
            name = type(self).__name__
            waiter = sync_waiter(f"{name}.acquire", f"await {name.lower()}.aacquire()")
            self._waiters.enter(waiter)
        return self._waiters.park(waiter, limit, self._give_back)

    def acquire_nowait(self) -> None:
        """Take a permit, in a task or in a greenlet.

        :raises WouldBlock: if none is free
        """
        if not self.acquire(False):
            raise WouldBlock(f"no permit of {self!r} is free; try later, or use acquire() or aacquire().")

    async def aacquire(self) -> bool:
        """Take a permit, waiting in a task until there is one; True."""
        with self._guard:
            if self._value > 0:
                self._value -= 1
                return True
            waiter = TaskWaiter(f"{type(self).__name__}.aacquire()")
            self._waiters.enter(waiter)
        return await self._waiters.wait(waiter, self._give_back)

    def release(self, n: int = 1) -> None:
        """Give back *n* permits; never waits, callable anywhere and by anybody.

        :raises ValueError: if *n* < 1, or if that is more than a BoundedSemaphore began with
        """
        if n < 1:
            raise ValueError(f"release() needs n >= 1, not {n}")
        waiters = self._waiters
        woken: list[Waiter] = []
        with self._guard:
            if self._bound is not None and self._value + n > self._bound:
                raise ValueError(f"{self!r} was released more often than it was acquired")
            while n and waiters:
                woken.append(waiters.grant())  # type: ignore[arg-type]
                n -= 1
            self._value += n
        for waiter in woken:
            if not waiter.wake() and not waiters.withdraw(waiter):
                self._give_back(waiter)

    def _give_back(self, _: Waiter) -> None:
        """A permit was granted to one that has no use for it: hand it on."""
        waiters = self._waiters
        while True:
            with self._guard:
                waiter = waiters.grant()
                if waiter is None:
                    self._value += 1
                    return
            if waiter.wake() or waiters.withdraw(waiter):
                return

    __enter__ = acquire

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.release()

    __aenter__ = aacquire

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.release()

    def statistics(self) -> SemaphoreStatistics:
        """Return a snapshot."""
        with self._guard:
            return SemaphoreStatistics(self._value, self._bound, self._waiters.statistics())

    def __repr__(self) -> str:
        seen = self.statistics()
        value = str(seen.value) if seen.bound is None else f"{seen.value}/{seen.bound}"
        waiting = f", waiting: {seen.waiting}" if seen.waiting else ""
        return f"<bridge.{type(self).__name__} at 0x{id(self):x} value={value}{waiting}>"


class BoundedSemaphore(Semaphore):
    """A semaphore that refuses to be released more often than it was acquired, by whichever thread."""

    __slots__ = ()

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self._bound = value
