"""Who is asking: a task, a greenlet, or a native thread without greenlets."""

from __future__ import annotations

from asyncio import AbstractEventLoop, current_task
from asyncio.events import _get_running_loop
from typing import Any

from gevent._hub_local import get_hub_if_exists
from greenlet import getcurrent, greenlet

from bridge._hub.hosts import Hosts, _running

__all__ = ["current_owner", "hosts_here", "is_host"]


def is_host(running: AbstractEventLoop, me: greenlet) -> bool:
    """Tell whether *me* is the greenlet whose stack runs *running*.

    A running loop is visible to its tasks, but also to green tasks, and to
    greenlets that run while a callback of the loop pumps the hub.
    """
    host = _running.greenlets.get(running)
    if host is not None:
        return me is host
    # The private loop, or a loop class with a run_forever of its own.
    hub = get_hub_if_exists()
    if hub is None or me.parent is not hub:
        return True
    loop: Any = hub.loop
    return isinstance(loop, Hosts) and (me is loop._driver or me is loop._ext)


def hosts_here(aio: AbstractEventLoop) -> bool:
    """Tell whether *aio* hosts this thread's greenlets, so that ``call_soon`` from here is safe."""
    hub = get_hub_if_exists()
    if hub is None:
        return False
    loop: Any = hub.loop
    return isinstance(loop, Hosts) and (aio is loop._ext_aio or aio is loop._private)


def current_owner() -> object:
    """Return the task that is running here, or else the greenlet (each native thread has one at least).

    A green task lives in one greenlet from beginning to end, which stands for it.
    """
    me = getcurrent()
    running = _get_running_loop()
    if running is None or not is_host(running, me):
        return me
    return current_task(running) or me
