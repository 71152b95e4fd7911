"""Descriptor watchers, and the entry that all watchers of one descriptor share.

The kernel knows a descriptor once, gevent any number of watchers of it.
Changes are not passed on at once: the loop does so before it polls, so a
greenlet that stops waiting and waits again in one slice costs no system call.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from typing import Any

from bridge._poller import READ, WRITE
from bridge._watchers.base import check_callback, watcher

__all__ = ["EVENTS", "READ", "WRITE", "FdEntry", "events_to_str", "io", "new_io"]

# Set in the mask that a watcher of an invalid descriptor gets (libev's EV_ERROR): makes it negative.
ERROR = -0x80000000


class _EventMask:
    """Placeholder that older programs pass to ask for the event mask as first argument."""

    def __repr__(self) -> str:
        return "gevent.core.EVENTS"


EVENTS = _EventMask()


def events_to_str(events: int) -> str:
    """Render an event mask the way gevent's loops do, ``READ|WRITE``."""
    names = [name for bit, name in ((READ, "READ"), (WRITE, "WRITE")) if events & bit]
    rest = events & ~(READ | WRITE)
    if rest:
        names.append(hex(rest))
    return "|".join(names)


class FdEntry:
    """All watchers of one descriptor, and what the poll descriptor watches it for."""

    __slots__ = (
        "always_ready",
        "dead",
        "dirty",
        "failed",
        "fd",
        "loop",
        "queued",
        "ready",
        "registered",
        "renew",
        "wanted",
        "watchers",
    )

    def __init__(self, loop: Any, fd: int) -> None:
        self.loop = loop
        self.fd = fd
        self.watchers: list[io] = []
        self.wanted = 0
        self.registered = 0
        self.ready = 0
        self.dirty = False
        self.queued = False
        self.renew = False
        self.always_ready = False
        self.dead = False
        self.failed = False

    def add(self, w: io) -> None:
        """Let *w* take part; the oldest watcher is served first."""
        if w._fresh:
            w._fresh = False
            if self.registered and not self.watchers:
                # The number may have been closed and reused behind our back;
                # the kernel then knows nothing of our registration.
                self.renew = True
        self.watchers.append(w)
        self.wanted |= w._events
        if (self.wanted != self.registered or self.renew) and not self.dirty:
            self.loop._mark_dirty(self)

    def discard(self, w: io) -> None:
        """Let *w* no longer take part."""
        watchers = self.watchers
        if len(watchers) == 1:
            watchers.clear()
            wanted = 0
        else:
            watchers.remove(w)
            wanted = 0
            for other in watchers:
                wanted |= other._events
        self.wanted = wanted
        if wanted != self.registered and not self.dirty:
            self.loop._mark_dirty(self)

    def _fire(self) -> None:
        """Serve the watchers that want what is ready; called in the hub."""
        ready = self.ready
        self.ready = 0
        self.queued = False
        watchers = self.watchers
        if self.failed:
            self._fail()
            return
        if len(watchers) == 1:
            w = watchers[0]
            if w._events & ready:
                w._deliver(w._events & ready)
            return
        for w in tuple(watchers):
            if w._active and w._events & ready:
                w._deliver(w._events & ready)

    def _fail(self) -> None:
        """Nothing can be watched here: wake the watchers once and stop them, as libev does."""
        self.failed = False
        for w in tuple(self.watchers):
            if w._active:
                w._deliver(w._events | ERROR)
            if w._entry is self:
                w.stop()

    def __repr__(self) -> str:
        return (
            f"<FdEntry fd={self.fd} wanted={events_to_str(self.wanted) or '-'} "
            f"registered={events_to_str(self.registered) or '-'} watchers={len(self.watchers)}>"
        )


class io(watcher):
    """Watch a descriptor for readability (1), writability (2) or both (3); level-triggered.

    :raises TypeError: if *fd* is not an int
    :raises ValueError: if *fd* is negative or *events* has other bits than 1 and 2
    :raises OSError: EBADF if *fd* is not open
    """

    __slots__ = ("_entry", "_events", "_fd", "_fresh", "_pass_events")

    def __init__(
        self, loop: Any, fd: int, events: int, ref: bool = True, priority: int | None = None
    ) -> None:
        self._setup_io(loop, fd, events, ref, priority)

    def _setup_io(self, loop: Any, fd: int, events: int, ref: bool, priority: int | None) -> None:
        if not isinstance(fd, int):
            raise TypeError(f"an integer is required for fd, not {type(fd).__name__}")
        if fd < 0:
            raise ValueError(f"fd must be non-negative: {fd!r}")
        if events & ~(READ | WRITE):
            raise ValueError(f"illegal event mask: {events!r}; use 1 (read), 2 (write) or 3")
        self._setup(loop, ref, priority)
        fcntl.fcntl(fd, fcntl.F_GETFD)
        self._fd = fd
        self._events = events
        self._fresh = True
        self._pass_events = False
        self._entry: FdEntry | None = None

    def start(self, callback: Callable[..., object], *args: Any, pass_events: bool = False) -> None:
        """Call ``callback(*args)`` while the descriptor is ready; *pass_events* puts the mask first."""
        check_callback(callback)
        self._callback = callback
        self._args = args
        self._pass_events = pass_events
        if args and args[0] is EVENTS:
            self._args = args[1:]
            self._pass_events = True
        if not self._active:
            self._begin()

    def _register(self) -> None:
        entry: FdEntry = self.loop._fd_entry(self._fd)
        self._entry = entry
        entry.add(self)

    def _unregister(self) -> None:
        entry = self._entry
        self._entry = None
        if entry is not None:
            entry.discard(self)

    def _deliver(self, ready: int) -> None:
        if self._pass_events:
            func = self._callback
            if func is None:
                return
            try:
                func(ready, *(self._args or ()))
            except BaseException:
                self.loop._report(self)
                self._after_error()
            if not self._active:
                self._callback = None
                self._args = None
        else:
            self._fire()

    def _after_error(self) -> None:
        # A level-triggered watcher whose callback raises would raise for ever.
        self.stop()

    @property
    def fd(self) -> int:
        """The watched descriptor; settable while stopped."""
        return self._fd

    @fd.setter
    def fd(self, fd: int) -> None:
        self._refuse_when_active("fd")
        self._fd = fd
        self._fresh = True

    @property
    def events(self) -> int:
        """The watched events; settable while stopped."""
        return self._events

    @events.setter
    def events(self, events: int) -> None:
        self._refuse_when_active("events")
        self._events = events

    def _refuse_when_active(self, name: str) -> None:
        if self._active:
            raise AttributeError(f"'io' watcher attribute '{name}' is read-only while watcher is active")

    @property
    def events_str(self) -> str:
        """The watched events as text."""
        return events_to_str(self._events)

    def _describe(self) -> str:
        return f" fd={self._fd} events={self.events_str}"


def new_io(loop: Any, fd: int, events: int, ref: bool, priority: int | None) -> io:
    """Make one without the cost of a call of the class."""
    made: io = io.__new__(io)
    made._setup_io(loop, fd, events, ref, priority)
    return made
