"""Locks between processes that the kernel releases when their holder dies.

Open-file-description locks (fcntl(2), F_OFD_SETLK) on single bytes of one
segment.  Plain POSIX locks were rejected: they are lost when any descriptor of
the file is closed, and their deadlock detection knows nothing of greenlets.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from bridge.lowlevel import original
from engine.uwsgi_api.shared.segments import Segment

__all__ = ["Guard", "LockFile"]

# struct flock with 64-bit offsets: type, whence, start, length, pid.
_FLOCK: Final = struct.Struct("hhqqi4x")


class LockFile:
    """Locks number 0 and up.  Each process opens the segment for itself, at its first use of a lock."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._fd = -1
        self._pid = 0

    def _own(self) -> int:
        pid = os.getpid()
        if self._pid != pid:
            if self._fd >= 0:
                os.close(self._fd)  # the parent's description; closing this copy frees nothing there
            self._fd = self._segment.reopen()
            self._pid = pid
        return self._fd

    def _apply(self, command: int, kind: int, number: int) -> bytes:
        request = _FLOCK.pack(kind, os.SEEK_SET, number, 1, 0)
        return fcntl.fcntl(self._own(), command, request)

    def try_lock(self, number: int) -> bool:
        """Take a lock unless another process has it."""
        try:
            self._apply(fcntl.F_OFD_SETLK, fcntl.F_WRLCK, number)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def lock_blocking(self, number: int) -> None:
        """Take a lock; the whole process waits.  For locks that are held for microseconds."""
        self._apply(fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, number)

    def unlock(self, number: int) -> None:
        """Let go of a lock."""
        self._apply(fcntl.F_OFD_SETLK, fcntl.F_UNLCK, number)

    def is_locked_elsewhere(self, number: int) -> bool:
        """Whether another process has a lock."""
        answer = self._apply(fcntl.F_OFD_GETLK, fcntl.F_WRLCK, number)
        kind: int = _FLOCK.unpack(answer)[0]
        return kind != fcntl.F_UNLCK


class Guard:
    """Keeps threads and processes out of a shared table while one of them changes it.

    What runs under it must not wait for anything and must not switch greenlets.
    """

    def __init__(self, locks: LockFile, number: int) -> None:
        self._locks = locks
        self._number = number
        # One that its thread may take again: the garbage collector may run in here, and with it a
        # finalizer of the application that uses the same table.
        self._threads: Any = original("_thread", "RLock")()
        self._depth = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._threads:
            if not self._depth:
                self._locks.lock_blocking(self._number)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if not self._depth:
                    self._locks.unlock(self._number)
