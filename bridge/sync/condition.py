"""A lock, and a place to wait until somebody who has the lock says that something changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import TypeVar

from gevent.exceptions import InvalidSwitchError, LoopExit

from bridge.sync._wait_queue import Waiting, WaitQueue, new_guard, seconds
from bridge.sync._waiters import TaskWaiter, Waiter, sync_waiter
from bridge.sync.lock import AnyLock, LockStatistics, RLock

__all__ = ["Condition", "ConditionStatistics"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ConditionStatistics:
    """A snapshot of a :class:`Condition`."""

    lock: LockStatistics
    waiting: Waiting


class Condition:
    """Wait for a change, with the lock let go meanwhile and taken again before going on.

    :param lock: a :class:`Lock` or :class:`RLock`, which may serve several conditions; default a new RLock

    An interrupted wait (cancelled, killed, timed out) takes the lock again
    too before it raises; a notification it had already got goes to the next.
    May be used in any thread.
    """

    __slots__ = ("__weakref__", "_guard", "_lock", "_waiters")

    def __init__(self, lock: AnyLock | None = None) -> None:
        self._lock = RLock() if lock is None else lock
        self._guard = new_guard()
        self._waiters = WaitQueue(self._guard)

    # -- the lock --------------------------------------------------------------------

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take the lock in a greenlet; *timeout* is in seconds, see :meth:`Lock.acquire`."""
        return self._lock.acquire(blocking, timeout)

    def acquire_nowait(self) -> None:
        """Take the lock; WouldBlock if somebody has it."""
        self._lock.acquire_nowait()

    async def aacquire(self) -> bool:
        """Take the lock in a task."""
        return await self._lock.aacquire()

    def release(self) -> None:
        """Let go of the lock."""
        self._lock.release()

    def locked(self) -> bool:
        """Tell whether somebody has the lock."""
        return self._lock.locked()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._lock.release()

    async def __aenter__(self) -> None:
        await self._lock.aacquire()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._lock.release()

    # -- waiting ------------------------------------------------------------------------

    def wait(self, timeout: float | None = None) -> bool:
        """Park the greenlet until notified; False if *timeout* seconds passed first.

        Taking the lock again has no time limit.

        :raises RuntimeError: if the caller does not have the lock
        :raises WrongContextError: in a task; write ``await condition.await_notify()``
        """
        self._require_lock("wait")
        limit = seconds(timeout)
        waiter = sync_waiter("Condition.wait", "await condition.await_notify()")
        with self._guard:
            self._waiters.enter(waiter)
        depth = self._lock._release_all()
        try:
            notified = self._waiters.park(waiter, limit, self._pass_on)
        except BaseException:
            self._take_again(depth)
            raise
        try:
            self._take_again(depth)
        except BaseException:
            if notified:
                self._pass_on(waiter)
            raise
        return notified

    async def await_notify(self) -> bool:
        """Wait in a task until notified; True.

        :raises RuntimeError: if the caller does not have the lock
        """
        self._require_lock("await_notify")
        waiter = TaskWaiter("Condition.await_notify()")
        with self._guard:
            self._waiters.enter(waiter)
        depth = self._lock._release_all()
        try:
            await self._waiters.wait(waiter, self._pass_on)
        except asyncio.CancelledError:
            await self._atake_again(depth)
            raise
        try:
            await self._atake_again(depth)
        except BaseException:
            self._pass_on(waiter)
            raise
        return True

    def wait_for(self, predicate: Callable[[], T], timeout: float | None = None) -> T:
        """Park the greenlet until ``predicate()``, called with the lock held, is true; return what it said.

        After *timeout* seconds what it said last, which is false, is returned.
        """
        limit = seconds(timeout)
        give_up_at = None if limit is None else monotonic() + limit
        result = predicate()
        while not result:
            left = None if give_up_at is None else give_up_at - monotonic()
            if left is not None and left <= 0:
                break
            self.wait(left)
            result = predicate()
        return result

    async def await_for(self, predicate: Callable[[], T]) -> T:
        """Wait in a task until ``predicate()``, called with the lock held, is true; return what it said."""
        result = predicate()
        while not result:
            await self.await_notify()
            result = predicate()
        return result

    # -- notifying ----------------------------------------------------------------------

    def notify(self, n: int = 1) -> None:
        """Let the *n* who wait longest go on, once they get the lock; never waits.

        :raises RuntimeError: if the caller does not have the lock
        """
        self._require_lock("notify")
        for _ in range(n):
            if not self._notify_one():
                return

    def notify_all(self) -> None:
        """Let all who wait now go on, once they get the lock."""
        self._require_lock("notify_all")
        self.notify(len(self._waiters))

    def _notify_one(self) -> bool:
        while True:
            with self._guard:
                waiter = self._waiters.grant()
            if waiter is None:
                return False
            if waiter.wake() or self._waiters.withdraw(waiter):
                return True

    def _pass_on(self, _: Waiter) -> None:
        self._notify_one()

    # -- the lock around a wait ------------------------------------------------------------

    def _require_lock(self, call: str) -> None:
        if not self._lock._is_mine():
            raise RuntimeError(
                f"{call}() was called on {self!r} without its lock; "
                "write 'with condition:' around it, or 'async with condition:' in a task."
            )

    def _take_again(self, depth: int) -> None:
        """Take the lock whatever happens; what was thrown in meanwhile is raised then."""
        thrown: BaseException | None = None
        while True:
            try:
                self._lock.acquire()
                break
            except (InvalidSwitchError, LoopExit):  # the hub is gone: no use in trying
                raise
            except BaseException as exc:
                thrown = exc
        self._lock._restore(depth)
        if thrown is not None:
            try:
                raise thrown
            finally:
                thrown = None  # its traceback holds this frame

    async def _atake_again(self, depth: int) -> None:
        thrown: asyncio.CancelledError | None = None
        while True:
            try:
                await self._lock.aacquire()
                break
            except asyncio.CancelledError as exc:
                thrown = exc
        self._lock._restore(depth)
        if thrown is not None:
            try:
                raise thrown
            finally:
                thrown = None  # its traceback holds this frame

    def statistics(self) -> ConditionStatistics:
        """Return a snapshot."""
        return ConditionStatistics(self._lock.statistics(), self._waiters.statistics())

    def __repr__(self) -> str:
        waiting = self._waiters.statistics()
        return (
            f"<bridge.Condition at 0x{id(self):x} {'locked' if self._lock.locked() else 'unlocked'}"
            f"{f', waiting: {waiting}' if waiting else ''}>"
        )
