"""Ends of child processes.

One pidfd (Linux 5.3, pidfd_open(2)) per watched process, so that children of
asyncio and of others are never reaped by accident.  Where that is missing,
and for ``pid == 0`` (any child), SIGCHLD and waitpid(2) serve.
"""

from __future__ import annotations

import os
import signal as _signal
from typing import Any

from bridge._compat import HAVE_PIDFD, native_waitpid
from bridge._watchers.base import watcher

__all__ = ["child"]

# pid -> watchers on it; a pid is reaped once and all its watchers get the status.
_watched: dict[int, list[child]] = {}


def _reap(pid: int) -> None:
    """Collect *pid* if it has ended, and tell everyone who watches it."""
    try:
        done, status = native_waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        # Somebody else reaped it; the status is lost, which waitpid callers see as 0.
        done, status = pid, 0
    if done == pid:
        _announce(pid, status)


def _announce(pid: int, status: int) -> None:
    watchers = [*_watched.get(pid, ()), *_watched.get(0, ())]
    for w in watchers:  # All must know the status before any callback runs.
        w.rpid = pid
        w.rstatus = status
    for w in watchers:
        w._exited()


def _reap_any() -> None:
    while True:
        try:
            pid, status = native_waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _announce(pid, status)


class child(watcher):
    """Watch a child process; ``rstatus`` is then its raw wait status (``os.WIFSIGNALED`` and so on).

    :param pid: the process; 0 means any child
    :raises TypeError: if the loop is not the default one, or *pid* is no int
    """

    __slots__ = ("_done", "_source", "pid", "rpid", "rstatus")

    def __init__(self, loop: Any, pid: int, trace: int = 0, ref: bool = True) -> None:
        if not loop.default:
            raise TypeError("child watchers are only available on the default loop")
        if not isinstance(pid, int):
            raise TypeError(f"an integer is required for pid, not {type(pid).__name__}")
        super().__init__(loop, ref)
        self.pid = pid
        self.rpid = 0
        self.rstatus = 0
        self._done = False
        self._source: Any = None

    def _register(self) -> None:
        self._done = False
        _watched.setdefault(self.pid, []).append(self)
        self.loop._hold(self)
        if self.pid and HAVE_PIDFD:
            try:
                fd = os.pidfd_open(self.pid)
            except ProcessLookupError:
                # Reaped before we could look: behave as if it had ended now.
                self._exited()
                return
            except OSError:
                pass
            else:
                self._source = self.loop.io(fd, 1, ref=False)
                self._source.start(_reap, self.pid)
                return
        self._source = self.loop.signal(_signal.SIGCHLD, ref=False)
        if self.pid:
            self._source.start(_reap, self.pid)
            self.loop.run_callback(_reap, self.pid)
        else:
            self._source.start(_reap_any)
            self.loop.run_callback(_reap_any)

    def _unregister(self) -> None:
        self.loop._release(self)
        watchers = _watched.get(self.pid)
        if watchers is not None and self in watchers:
            watchers.remove(self)
            if not watchers:
                del _watched[self.pid]
        source, self._source = self._source, None
        if source is not None:
            fd = getattr(source, "fd", None)
            source.stop()
            if fd is not None:
                self.loop.closing_fd(fd)
                self.loop._close_native(fd)

    def _exited(self) -> None:
        if self._source is not None and self.pid:
            self._source.stop()
        self._done = True
        self.loop._fire_soon(self)

    def _fire(self) -> None:
        if self._done:
            self._done = False
            super()._fire()

    @property
    def pending(self) -> bool:
        """True from the exit of the process until the callback is entered."""
        return self._done

    def _describe(self) -> str:
        return f" pid={self.pid} rstatus={self.rstatus}"
