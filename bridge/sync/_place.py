"""Who is asking: a task, a greenlet, or a native thread without greenlets."""

from __future__ import annotations

from asyncio import AbstractEventLoop, current_task
from typing import Any

from gevent._hub_local import get_hub_if_exists
from greenlet import getcurrent, greenlet

from bridge._hub.hosts import Hosts, _running
from bridge._hub.nested import is_nested
from bridge._hub.running_loop import get_running_loop
from bridge._interop.place import Worker

__all__ = ["current_owner", "hosts_here", "runs_plain_tasks"]


def runs_plain_tasks(running: AbstractEventLoop, me: greenlet) -> bool:
    """Tell whether *me* is the greenlet whose stack runs *running*, so that it must not park.

    A running loop is visible to its tasks, but also to green tasks, and to
    greenlets that run while a callback of the loop pumps the hub.
    """
    host = _running.greenlets.get(running)
    if host is not None:
        return me is host
    hub = get_hub_if_exists()
    if hub is None or is_nested(running):
        return not isinstance(me, Worker)  # nobody else sees a nested loop
    # The private loop, or a loop class with a run_forever of its own.
    if me.parent is not hub:
        return True
    loop: Any = hub.loop
    return isinstance(loop, Hosts) and loop.is_host(me)


def hosts_here(aio: AbstractEventLoop) -> bool:
    """Tell whether *aio* hosts this thread's greenlets, so that ``call_soon`` from here is safe."""
    hub = get_hub_if_exists()
    if hub is None:
        return False
    loop: Any = hub.loop
    return isinstance(loop, Hosts) and (aio is loop._ext_aio or aio is loop._private)


def current_owner() -> object:
    """Return the task that is running here, or else the greenlet (each native thread has one at least)."""
    me = getcurrent()
    running = get_running_loop()
    if running is None or not (isinstance(me, Worker) or runs_plain_tasks(running, me)):
        return me
    return current_task(running) or me
