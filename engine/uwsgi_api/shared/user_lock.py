"""The locks of ``uwsgi.lock``: between processes, and between the greenlets of each."""

from __future__ import annotations

from typing import Final

from bridge.sync import Event, Lock
from engine.uwsgi_api.shared.range_lock import LockFile

__all__ = ["UserLock"]

_FIRST_PAUSE: Final = 0.0005
_LONGEST_PAUSE: Final = 0.01


class UserLock:
    """One lock.  Greenlets of a process wait in order; between processes, whoever looks first gets it.

    Waiting for another process means looking again after 0.5 to 10 ms: the kernel
    can only make threads wait for such a lock, not greenlets.
    """

    def __init__(self, locks: LockFile, number: int) -> None:
        self._locks = locks
        self._number = number
        self._here = Lock()
        self._held = False

    def acquire(self) -> None:
        """Take the lock, parking the calling greenlet (or thread) until it is free."""
        self._here.acquire()
        try:
            pause = _FIRST_PAUSE
            while not self._locks.try_lock(self._number):
                Event().wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        except BaseException:
            self._here.release()
            raise
        self._held = True

    def release(self) -> None:
        """Let go of the lock; nothing happens if this process does not have it."""
        if self._held:  # not self._here: somebody may have that who still waits for another process
            self._held = False
            self._locks.unlock(self._number)
            self._here.release()

    def is_locked(self) -> bool:
        """Whether anybody has the lock."""
        return self._here.locked() or self._locks.is_locked_elsewhere(self._number)
