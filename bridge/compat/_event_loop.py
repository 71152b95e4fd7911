"""The event loop of both libraries: asyncio run by gevent, parked like any other greenlet while it waits."""

from __future__ import annotations

import asyncio
from typing import Any

from gevent.hub import Hub
from greenlet import getcurrent, greenlet

from bridge._compat import ThreadLocal, default_policy
from bridge._hub.nested import NestedLoop
from bridge._hub.running_loop import get_running_loop
from bridge._interop.place import here

__all__ = ["EventLoop", "EventLoopPolicy", "visible_loop"]


class _Running(ThreadLocal):  # type: ignore[misc]
    """The loops that run in this native thread, the latest last, each with its greenlet."""

    def __init__(self) -> None:
        self.loops: list[tuple[EventLoop, greenlet]] = []


_running = _Running()


def _nothing() -> None:
    pass


class EventLoop(NestedLoop):
    """An asyncio loop that shares its thread with greenlets and is itself one of them.

    It may run in any greenlet, the main one too, and many may run at once.  A
    gevent call that blocks, made straight in a coroutine, stops this loop and
    nothing else; ``await bridge.spawn(fn)`` stops only the coroutine.

    :param selector: accepted and closed: the loop has a selector of its own
    """

    def __init__(self, selector: Any = None) -> None:
        here()
        if selector is not None:
            selector.close()
        super().__init__()

    def run_forever(self) -> None:
        """Run until ``stop()`` is called; other greenlets run meanwhile."""
        mine = (self, getcurrent())
        _running.loops.append(mine)
        try:
            super().run_forever()
        finally:
            _running.loops.remove(mine)

    def stop(self) -> None:
        """Let ``run_forever()`` return after the present turn; from any greenlet of this thread."""
        super().stop()
        if not self.is_closed():
            self.call_soon(_nothing)  # it may be parked

    def runs_in(self, me: greenlet) -> bool:
        """Tell whether this loop is run by a greenlet."""
        return (self, me) in _running.loops


class EventLoopPolicy(default_policy()):  # type: ignore[misc]
    """asyncio's default policy, except that its loops are :class:`EventLoop` objects."""

    _loop_factory = EventLoop


def visible_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this native thread, also for a greenlet beside it; None if none does.

    The libraries let every greenlet of a thread see the loop that runs there.
    The bridge hides it, and looks it up here.
    """
    running = get_running_loop()
    if running is not None:
        return running
    if _running.loops:
        return _running.loops[-1][0]
    if isinstance(getcurrent(), Hub):
        return None
    bridge_loop = here()
    host: Any = bridge_loop.host_loop()
    return host if host is not bridge_loop._private else None
