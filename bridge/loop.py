"""gevent's event loop interface on an asyncio or uvloop loop.

``GEVENT_LOOP=bridge.loop.loop`` makes gevent use it, without a change of the
program; ``import bridge`` does the same.  ``gevent.core`` copies the names of
this module, which is why some exist.
"""

from __future__ import annotations

import os
import signal as _signal
import sys
import weakref
from time import monotonic

from gevent._interfaces import ICallback, ILoop  # type: ignore[import-not-found]
from zope.interface import classImplements

import bridge._watchers.async_ as _async
import bridge._watchers.child as _child
import bridge._watchers.phases as _phases
import bridge._watchers.signal as _signals
import bridge._watchers.stat as _stat
from bridge._callbacks import callback
from bridge._compat import get_native_ident, getpid
from bridge._config import keep_at_hand
from bridge._hub.driver import private_loop_kind
from bridge._hub.hosts import install_hooks
from bridge._hub.services import Services
from bridge._version import __version__
from bridge._watchers.base import watcher
from bridge._watchers.io import EVENTS, READ, WRITE
from bridge._watchers.io import events_to_str as _events_to_str

__all__ = [
    "EVENTS",
    "READ",
    "WRITE",
    "_events_to_str",
    "callback",
    "get_header_version",
    "get_version",
    "loop",
    "supported_backends",
]

# Everything that was suspended in a parent process; collecting it would run its cleanup here.
_abandoned: list[object] = []
_live: weakref.WeakSet[loop] = weakref.WeakSet()


def get_version() -> str:
    """Return the version of this loop implementation."""
    return f"gevent-bridge-{__version__}"


def get_header_version() -> str:
    """Return what :func:`get_version` returns (gevent's tests compare the two)."""
    return get_version()


def live_loops() -> list[loop]:
    """Return the loops of all threads that have not been destroyed; from any thread."""
    while True:
        try:
            return [each for each in tuple(_live) if not each._closed]
        except RuntimeError:  # another thread made a loop meanwhile
            continue


def supported_backends() -> list[str]:
    """Return the poll backends one can name; asyncio chooses its own."""
    return ["default"]


class loop(Services):
    """gevent's ILoop.

    One per native thread, made by gevent when a hub is.  Use it only in that
    thread, except ``run_callback_threadsafe`` and ``async_.send``.  After
    ``fork`` the child goes on with fresh registrations on a fresh asyncio loop.

    :raises TypeError: if *flags* are neither a text nor a number nor a list
    """

    # No dictionary in the compiled build: gevent looks methods up in the loop all the time.
    __slots__ = ("_default", "_pid")

    MAXPRI = 2
    MINPRI = -2
    WatcherType = watcher
    backend = "default"
    backend_int = 0
    origflags = "default"
    origflags_int = 0
    iteration = 0
    depth = 0

    def __init__(self, flags: object = None, default: bool | None = None) -> None:
        if flags is not None and not isinstance(flags, str | int | list | tuple):
            raise TypeError(f"flags must be a str, an int or a list of names, not {type(flags).__name__}")
        super().__init__()
        self._default = True if default is None else bool(default)
        self._pid = 0
        _live.add(self)

    # -- watchers ----------------------------------------------------------

    def signal(self, signum: int, ref: bool = True, priority: int | None = None) -> _signals.signal:
        """Watch for a Unix signal."""
        return _signals.signal(self, signum, ref, priority)

    def child(self, pid: int, trace: int = 0, ref: bool = True) -> _child.child:
        """Watch for the end of a child process; 0 means any."""
        return _child.child(self, pid, trace, ref)

    def stat(
        self, path: str, interval: float = 0.0, ref: bool = True, priority: int | None = None
    ) -> _stat.stat:
        """Watch a path for changes, looking every *interval* seconds."""
        return _stat.stat(self, path, interval, ref, priority)

    def async_(self, ref: bool = True, priority: int | None = None) -> _async.async_:
        """Make a watcher that other threads can trigger."""
        return _async.async_(self, ref, priority)

    def idle(self, ref: bool = True, priority: int | None = None) -> _phases.idle:
        """Call back when there is nothing else to do."""
        return _phases.idle(self, ref, priority)

    def prepare(self, ref: bool = True, priority: int | None = None) -> _phases.prepare:
        """Call back at the beginning of every pass."""
        return _phases.prepare(self, ref, priority)

    def check(self, ref: bool = True, priority: int | None = None) -> _phases.check:
        """Call back after the events of a pass."""
        return _phases.check(self, ref, priority)

    def fork(self, ref: bool = True, priority: int | None = None) -> _phases.fork:
        """Call back in the child after a fork."""
        return _phases.fork(self, ref, priority)

    # -- time ----------------------------------------------------------------

    def now(self) -> float:
        """Return the loop's time in seconds (``time.monotonic``)."""
        self._check_alive()
        return monotonic()

    def update_now(self) -> None:
        """Do nothing: the time is never cached."""

    update = update_now

    @property
    def approx_timer_resolution(self) -> float:
        """Seconds below which a delay makes no difference; uvloop's timers count milliseconds."""
        return 0.001 if private_loop_kind() == "uvloop" else 0.00001

    # -- state -----------------------------------------------------------------

    @property
    def default(self) -> bool:
        """Whether this is a default loop; False once destroyed."""
        return self._default and not self._closed

    @property
    def ptr(self) -> int | None:
        """A number unique to this live loop; None once destroyed."""
        return None if self._closed else id(self)

    @property
    def activecnt(self) -> int:
        """How many referenced watchers are active."""
        self._check_alive()
        return self._refs

    @property
    def pendingcnt(self) -> int:
        """How many events were detected and not yet handled."""
        return len(self._fired)

    @property
    def sigfd(self) -> int:
        """Not a thing of this loop, as of gevent's own without signalfd: always AttributeError."""
        raise AttributeError("sigfd")

    def fileno(self) -> int | None:
        """Return None: the poll descriptor belongs to asyncio."""
        return None

    def ref(self) -> None:
        """Keep :meth:`run` from returning; undo with :meth:`unref`."""
        self._check_alive()
        self._add_ref()

    def unref(self) -> None:
        """Undo one :meth:`ref`."""
        self._drop_ref()

    def verify(self) -> None:
        """Do nothing (libev checks its structures here)."""

    def break_(self, how: object = None) -> None:
        """Make the running :meth:`run` return after what it is doing."""
        self._break = True
        if not self._scheduled:
            self._schedule()

    def install_sigchld(self) -> None:
        """Do nothing: children are watched by pidfd, or by a signal watcher when needed."""

    def reset_sigchld(self) -> None:
        """Do nothing; see :meth:`install_sigchld`."""

    def _format(self) -> str:
        if self._closed:
            return "destroyed"
        host = "none" if self._aio is None else type(self._aio).__name__
        if self._aio is not None and self._aio is self._private:
            host = "private " + host
        return f"bridge host={host} refs={self._refs} callbacks={len(self._callbacks)}" + (
            " default" if self._default else ""
        )

    def debug(self) -> list[str]:
        """Return a line for each active watcher and queued callback."""
        lines = [f"{w!r}" for entry in self._fds.values() for w in entry.watchers]
        lines += [f"{t!r}" for t in self._timers.timers()]
        lines += [f"{w!r}" for w in self._held]
        lines += [f"{w!r}" for w in self._phase_watchers()]
        lines += [f"{cb!r}" for cb in self._callbacks]
        return lines

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at 0x{id(self):x} {self._format()}>"

    # -- end of life ----------------------------------------------------------------

    def destroy(self) -> None:
        """Let go of everything.  Any number of times; a user's asyncio loop is left open.

        In another thread than the owner's (after that thread ended) nothing is
        switched to and nothing unregistered: the private loop is only dropped.
        """
        if self._closed:
            return
        if get_native_ident() == self._thread_ident:
            if self._aio is not None and self._aio is not self._private:
                self._unbind()
            self._stop_driver()
        else:
            _abandoned.extend((self._private, self._driver))
        self._closed = True
        self._forget()
        self._timers.clear()
        self._callbacks.clear()
        self._incoming.clear()
        self._fired.clear()
        self._held.clear()
        self._fds.clear()
        if self._poller is not None:
            self._poller.close()
            self._poller = None
        for watchers in (self._prepares, self._checks, self._idles):
            watchers.clear()
        self.error_handler = None
        _live.discard(self)

    def _forget(self) -> None:
        """Drop every reference to hosts and asyncio loops, without touching them."""
        self._aio = self._private = self._ext_aio = None
        self._driver = self._ext = self._token = self._direct = None
        self._timer_handle = None
        self._armed_at = float("inf")
        self._outer_hosts.clear()
        self._driver_running = self._drain_queued = self._wake_sent = False
        self._scheduled = self._interrupted = False

    def _close_native(self, fd: int) -> None:
        """Close a descriptor of our own."""
        os.close(fd)

    def reinit(self) -> None:
        """Continue in a forked child (ILoop); done already if the process forked from Python."""
        if self._pid != getpid():
            self._after_fork()

    def _after_fork(self) -> None:
        self._pid = getpid()
        _abandoned.extend(
            (self._aio, self._private, self._ext_aio, self._driver, self._ext, self._timer_handle)
        )
        runner = self._runner
        self._forget()
        self._runner = runner
        # The poll descriptor is shared with the parent too; closing it here takes nothing from there.
        if self._poller is not None:
            self._poller.close()
            self._poller = None
        self._dirty.clear()
        for entry in self._fds.values():
            entry.registered = 0
            entry.dirty = entry.renew = False
            if entry.watchers:
                entry.dirty = True
                self._dirty.append(entry)
        for w in list(self._held):
            if isinstance(w, _phases.fork):
                self._fired.append(w)


def _after_fork_in_child() -> None:
    """Leave the parent's poll descriptor alone: it is shared; touching it takes events from the parent."""
    from asyncio.events import _set_running_loop

    if not _live:
        return
    _set_running_loop(None)
    try:
        _signal.set_wakeup_fd(-1)
    except ValueError:  # not the main thread of the interpreter
        pass
    here = get_native_ident()
    for each in list(_live):
        if each._thread_ident == here:
            each._after_fork()
        else:
            _abandoned.append(each)


setattr(loop, "async", loop.async_)  # its name before Python 3.7
classImplements(loop, ILoop)
classImplements(callback, ICallback)
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_after_fork_in_child)
install_hooks()
keep_at_hand("track_greenlet_tree")
