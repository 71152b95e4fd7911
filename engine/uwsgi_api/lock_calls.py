"""Functions on locks between processes."""

from __future__ import annotations

import operator

from engine.uwsgi_api.cluster.locks import SharedLock
from engine.uwsgi_api.public import public
from engine.uwsgi_api.shared.user_lock import UserLock
from engine.uwsgi_api.store_calls import StoreCalls

__all__ = ["LockCalls"]


class LockCalls(StoreCalls):
    """Locks between processes"""

    def _lock(self, number: int) -> UserLock | SharedLock:
        locks = self._store().locks
        number = operator.index(number)
        if not 0 <= number < len(locks):
            raise ValueError("Invalid lock number")
        if self._instance.is_spooler:
            raise ValueError("The spooler cannot lock/unlock resources")
        return locks[number]

    @public("P1", differs="parks the calling greenlet only, so two greenlets of a worker cannot deadlock it")
    def lock(self, num: int = 0, /) -> None:
        """Take one of the ``--locks``; the kernel frees it if this process dies."""
        self._lock(num).acquire()

    @public("P1")
    def unlock(self, num: int = 0, /) -> None:
        """Let go of a lock; nothing happens if this process does not have it."""
        self._lock(num).release()

    @public("P1")
    def is_locked(self, num: int = 0, /) -> bool:
        """Whether anybody has a lock."""
        return self._lock(num).is_locked()

    @public("P2", differs="not in uWSGI; 0 without --shared")
    def lock_fence(self, num: int = 0, /) -> int:
        """Number of the last time this process took a lock; later holders anywhere have larger ones."""
        lock = self._lock(num)
        return lock.fence if isinstance(lock, SharedLock) else 0
