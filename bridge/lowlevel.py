"""Parts for those who build servers and libraries on the bridge.

Everything here is for one native thread at a time and, unless a docstring says
otherwise, for the thread that made the object.  An object made before a fork is
the parent's; the child makes its own.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent
from gevent.hub import get_hub, reinit
from gevent.monkey import get_original
from greenlet import getcurrent, greenlet

from bridge._interop.place import here
from bridge.loop import WRITE

__all__ = [
    "Greenlet",
    "Parking",
    "breathe",
    "current_greenlet",
    "direct_runner",
    "end_greenlets",
    "fork",
    "join_hub",
    "original",
    "run_now",
    "track_greenlet_tree",
]

if TYPE_CHECKING:
    Greenlet = gevent.Greenlet[..., Any]
else:
    Greenlet = gevent.Greenlet

current_greenlet = getcurrent


class Parking:
    """A place where one greenlet waits until somebody wakes it.

    :meth:`park` may return early or late; callers check in a loop for what
    they wait for.  :meth:`unpark` may be called by asyncio callbacks of this
    thread, by greenlets, and by other threads.
    """

    __slots__ = ("_greenlet", "_hub", "_loop", "_timed_out")

    def __init__(self) -> None:
        self._loop = here()
        self._hub = get_hub()
        self._greenlet: greenlet | None = None
        self._timed_out = False

    def park(self, timeout: float | None = None) -> bool:
        """Park the current greenlet; False if *timeout* seconds passed first, else True.

        Exceptions thrown into the greenlet (kill, ``gevent.Timeout``) come out here.
        """
        self._greenlet = getcurrent()
        self._timed_out = False
        timer = None
        try:
            if timeout is not None:
                timer = self._loop.timer(timeout)
                timer.start(self._expire)
            self._hub.switch()
        finally:
            self._greenlet = None
            if timer is not None:
                timer.stop()
        return not self._timed_out

    def park_writable(self, fd: int, timeout: float | None = None) -> bool:
        """As :meth:`park`, and wake too when descriptor *fd* can be written to; after a turn at the earliest.

        The descriptor may be one that asyncio watches as well.

        :param timeout: seconds
        """
        watcher = self._loop.io(fd, WRITE)
        watcher.start(self._fire)
        try:
            return self.park(timeout)
        finally:
            watcher.stop()
            watcher.close()

    def unpark(self) -> None:
        """Wake the parked greenlet, if one is parked; from an asyncio callback it runs at once."""
        if self._greenlet is not None:
            self._loop.fire_from_host(self)

    def is_occupied(self) -> bool:
        """Whether a greenlet is parked here."""
        return self._greenlet is not None

    def _expire(self) -> None:
        self._timed_out = True
        self._fire()

    def _fire(self) -> None:
        parked = self._greenlet
        if parked is not None:
            self._greenlet = None
            parked.switch()


def run_now(target: Greenlet) -> None:
    """Run a greenlet that was never started, at once; return when it first blocks or ends.

    Call in an asyncio callback or a task of the loop that hosts this thread.
    Other greenlets do not run meanwhile.  Elsewhere (in a greenlet, in the
    hub) use ``target.start()``.
    """
    here().run_direct(target)


def direct_runner() -> Callable[[Greenlet], None]:
    """Return :func:`run_now` bound to this thread's loop, which saves looking it up each time."""
    return here().run_direct


def breathe() -> None:
    """Let other greenlets of this thread and its asyncio loop have a turn, then go on.

    Call in a greenlet.
    """
    gevent.sleep(0)


def join_hub(timeout: float | None = None) -> bool:
    """Wait until no greenlet, timer or watcher is left; False if *timeout* seconds passed first.

    Call in the thread's main greenlet, outside any asyncio loop.
    """
    return bool(get_hub().join(timeout))


def end_greenlets(timeout: float) -> list[Greenlet]:
    """End every other greenlet of this thread, so that its ``finally`` blocks run.

    Call in a greenlet.  Greenlets that were not started yet are left out.

    :param timeout: seconds to wait for all of them together
    :returns: those that go on all the same
    """
    hub, current = get_hub(), getcurrent()
    alive = [
        each
        for each in gc.get_objects()
        if issubclass(type(each), gevent.Greenlet)
        and each is not current
        and each.parent is hub
        and bool(each)
        and each.gr_frame is not None
    ]
    gevent.killall(alive, block=True, timeout=timeout)
    return [each for each in alive if not each.dead]


def original(module: str, name: str) -> Any:
    """Return what ``module.name`` was before monkey patching; in any thread."""
    return get_original(module, name)


def fork() -> int:
    """Fork the process; in the child gevent is ready to be used at once.

    Returns 0 in the child, the child's process id in the parent.  Call in the
    main greenlet while no asyncio loop runs.  Other threads do not exist in
    the child, as after any fork.
    """
    pid: int = original("os", "fork")()
    if pid == 0:
        reinit()
    return pid


def track_greenlet_tree(default: bool) -> None:
    """Choose whether new greenlets record who spawned them, unless the environment says so already.

    Recording takes about a third of the time of a short greenlet
    (``GEVENT_TRACK_GREENLET_TREE`` in gevent's documentation).  Holds for all
    threads, and for children that are forked later.
    """
    if "GEVENT_TRACK_GREENLET_TREE" not in os.environ:
        gevent.config.track_greenlet_tree = default
