"""Locks that greenlets, tasks and threads share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from bridge.sync._errors import WouldBlock
from bridge.sync._place import current_owner
from bridge.sync._wait_queue import Waiting, WaitQueue, new_guard, seconds
from bridge.sync._waiters import TaskWaiter, Waiter, sync_waiter

__all__ = ["AnyLock", "Lock", "LockStatistics", "RLock"]

_NEXT_IN_LINE: Final = "the next in line, which is about to run"


@dataclass(frozen=True, slots=True)
class LockStatistics:
    """A snapshot of a :class:`Lock` or :class:`RLock`; only an RLock knows its *owner*."""

    locked: bool
    owner: object
    depth: int
    waiting: Waiting


class AnyLock(ABC):
    """What the two locks have in common.

    A released lock goes straight to the first who waits for it, so nobody who
    comes later can take it.
    """

    __slots__ = ("__weakref__", "_guard", "_waiters")

    def __init__(self) -> None:
        self._guard = new_guard()
        self._waiters = WaitQueue(self._guard)

    @abstractmethod
    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take the lock, parking the greenlet until it is free.

        :param blocking: False: return False instead of waiting
        :param timeout: seconds after which to return False; None or -1 for no limit
        :raises WrongContextError: in a task, if it would have to wait; write ``await lock.aacquire()``
        """

    @abstractmethod
    async def aacquire(self) -> bool:
        """Take the lock, waiting in a task until it is free; True."""

    @abstractmethod
    def release(self) -> None:
        """Let go of the lock; never waits."""

    @abstractmethod
    def locked(self) -> bool:
        """Tell whether somebody has the lock."""

    @abstractmethod
    def statistics(self) -> LockStatistics:
        """Return a snapshot."""

    def acquire_nowait(self) -> None:
        """Take the lock, in a task or in a greenlet.

        :raises WouldBlock: if somebody has it
        """
        if not self.acquire(False):
            raise WouldBlock(f"{self!r} is taken; try later, or use acquire() or aacquire().")

    @abstractmethod
    def __enter__(self) -> bool: ...

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.release()

    @abstractmethod
    async def __aenter__(self) -> bool: ...

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.release()

    # -- for Condition ------------------------------------------------------------

    @abstractmethod
    def _is_mine(self) -> bool:
        """Tell whether the caller has the lock, as far as is known."""

    @abstractmethod
    def _release_all(self) -> int:
        """Let go of the lock however often it was taken; return how often."""

    @abstractmethod
    def _restore(self, depth: int) -> None:
        """The lock was taken again: make it count *depth*."""

    def __repr__(self) -> str:
        seen = self.statistics()
        state = "locked" if seen.locked else "unlocked"
        if seen.owner is not None:
            state += f" by {seen.owner!r} depth={seen.depth}"
        waiting = f", waiting: {seen.waiting}" if seen.waiting else ""
        return f"<bridge.{type(self).__name__} at 0x{id(self):x} {state}{waiting}>"


class Lock(AnyLock):
    """A lock without an owner: whoever wants to may release it, as with ``threading.Lock``."""

    __slots__ = ("_locked",)

    def __init__(self) -> None:
        super().__init__()
        self._locked = False

    def locked(self) -> bool:
        return self._locked

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        with self._guard:
            if not self._locked:
                self._locked = True
                return True
            if not blocking or timeout == 0:
                return False
            limit = seconds(timeout)
            waiter = sync_waiter("Lock.acquire", "await lock.aacquire()' or 'async with lock:")
            self._waiters.enter(waiter)
        return self._waiters.park(waiter, limit, self._give_back)

    async def aacquire(self) -> bool:
        with self._guard:
            if not self._locked:
                self._locked = True
                return True
            waiter = TaskWaiter("Lock.aacquire()")
            self._waiters.enter(waiter)
        return await self._waiters.wait(waiter, self._give_back)

    __enter__ = acquire  # not a method that calls it: that takes a quarter of the time of 'with lock:'
    __aenter__ = aacquire

    def release(self) -> None:
        """Let go of the lock; never waits, callable anywhere and by anybody.

        :raises RuntimeError: if nobody has it
        """
        with self._guard:
            if not self._locked:
                raise RuntimeError(f"{self!r} was released, but nobody has it")
            if not self._waiters:
                self._locked = False
                return
            waiter = self._waiters.grant()
        if waiter is not None and not waiter.wake() and not self._waiters.withdraw(waiter):
            self._give_back(waiter)

    def _give_back(self, _: Waiter) -> None:
        """The lock was granted to one that has no use for it: hand it on."""
        while True:
            with self._guard:
                waiter = self._waiters.grant()
                if waiter is None:
                    self._locked = False
                    return
            if waiter.wake() or self._waiters.withdraw(waiter):
                return

    def statistics(self) -> LockStatistics:
        with self._guard:
            return LockStatistics(self._locked, None, int(self._locked), self._waiters.statistics())

    def _is_mine(self) -> bool:
        return self._locked

    def _release_all(self) -> int:
        self.release()
        return 1

    def _restore(self, depth: int) -> None:
        pass


class RLock(AnyLock):
    """A lock that its owner may take again.

    The owner is the task; outside tasks the greenlet; in a thread without
    greenlets the thread.  Code that a task runs with ``bridge.spawn`` or in a
    thread is somebody else.
    """

    __slots__ = ("_depth", "_owner")

    def __init__(self) -> None:
        super().__init__()
        self._owner: object = None
        self._depth = 0

    def locked(self) -> bool:
        return self._owner is not None

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        me = current_owner()
        with self._guard:
            if self._take(me):
                return True
            if not blocking or timeout == 0:
                return False
            limit = seconds(timeout)
            waiter = sync_waiter("RLock.acquire", "await lock.aacquire()' or 'async with lock:")
            self._waiters.enter(waiter)
        if not self._waiters.park(waiter, limit, self._give_back):
            return False
        self._owner = me
        return True

    async def aacquire(self) -> bool:
        me = current_owner()
        with self._guard:
            if self._take(me):
                return True
            waiter = TaskWaiter("RLock.aacquire()")
            self._waiters.enter(waiter)
        await self._waiters.wait(waiter, self._give_back)
        self._owner = me
        return True

    __enter__ = acquire
    __aenter__ = aacquire

    def release(self) -> None:
        """Let go of the lock once; it is free when that was done as often as it was taken.

        :raises RuntimeError: if the caller is not the owner
        """
        me = current_owner()
        with self._guard:
            if self._owner is not me:
                raise RuntimeError(f"{self!r} was released by {me!r}, which does not have it")
            self._depth -= 1
            if self._depth:
                return
            waiter = self._next_owner()
        if waiter is not None and not waiter.wake() and not self._waiters.withdraw(waiter):
            self._give_back(waiter)

    def _take(self, me: object) -> bool:
        """Under the guard."""
        if self._owner is None:
            self._owner = me
        elif self._owner is not me:
            return False
        self._depth += 1
        return True

    def _next_owner(self) -> Waiter | None:
        """Under the guard: hand over to the first in line, or to nobody.

        Until it runs it is not named as the owner: a task whose loop has ended
        would never be collected then, and never give the lock back.
        """
        waiter = self._waiters.grant() if self._waiters else None
        self._owner = None if waiter is None else _NEXT_IN_LINE
        self._depth = 0 if waiter is None else 1
        return waiter

    def _give_back(self, _: Waiter) -> None:
        while True:
            with self._guard:
                waiter = self._next_owner()
            if waiter is None or waiter.wake() or self._waiters.withdraw(waiter):
                return

    def statistics(self) -> LockStatistics:
        with self._guard:
            return LockStatistics(
                self._owner is not None, self._owner, self._depth, self._waiters.statistics()
            )

    def _is_mine(self) -> bool:
        return self._owner is current_owner()

    def _release_all(self) -> int:
        with self._guard:
            depth = self._depth
            self._depth = 1
        self.release()
        return depth

    def _restore(self, depth: int) -> None:
        self._depth = depth
