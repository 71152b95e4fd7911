"""Where the caller is: in a task or callback, in a greenlet, or in the hub."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from asyncio.events import _get_running_loop

from gevent.hub import get_hub

from bridge._errors import NoHostLoopError
from bridge._select import require_bridge_loop
from bridge.loop import loop

__all__ = ["here", "running_loop"]


def here() -> loop:
    """Return the bridge's loop of this thread, made if need be.

    :raises LoopSelectionError: if gevent's hub of this thread runs on another loop
    """
    require_bridge_loop()
    found: object = get_hub().loop
    assert isinstance(found, loop)
    return found


def running_loop(what: str) -> AbstractEventLoop:
    """Return the running asyncio loop, which *what* needs.

    :raises NoHostLoopError: if none runs, as is the case inside a greenlet
    """
    running = _get_running_loop()
    if running is None:
        raise NoHostLoopError(
            f"{what} needs a running asyncio loop, and none is visible here. Call it in a coroutine; "
            "in a greenlet use bridge.wait(...) or the greenlet's own get() and join()."
        )
    return running
