"""Where the caller is: in a task or callback, in a greenlet, or in the hub."""

from __future__ import annotations

from asyncio import AbstractEventLoop

from gevent.hub import Hub, get_hub
from greenlet import getcurrent, greenlet

from bridge._errors import NoHostLoopError, WrongContextError
from bridge._hub.running_loop import get_running_loop
from bridge._select import require_bridge_loop
from bridge.loop import loop

__all__ = ["Worker", "here", "require_greenlet", "running_loop"]


class Worker(greenlet):
    """A greenlet that runs the code of a green task: it may park, although an asyncio loop is visible."""


def require_greenlet(what: str, instead: str) -> None:
    """Refuse to go on where the caller must not park.

    :param what: subject of the error's sentence
    :param instead: what to write in a task
    :raises WrongContextError: in a plain task or asyncio callback, and in the hub
    """
    me = getcurrent()
    if isinstance(me, Hub):
        raise WrongContextError(
            f"{what} was called in the hub, which must never wait. "
            "Run this function in a greenlet: bridge.spawn(fn)."
        )
    if get_running_loop() is not None and not isinstance(me, Worker):
        raise WrongContextError(
            f"{what} was called inside an asyncio task or callback; it would stop the loop. "
            f"Write '{instead}' here, or run this function in a greenlet: bridge.spawn(fn)."
        )


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
    running = get_running_loop()
    if running is None:
        raise NoHostLoopError(
            f"{what} needs a running asyncio loop, and none is visible here. Call it in a coroutine; "
            "in a greenlet use bridge.wait(...) or the greenlet's own get() and join()."
        )
    return running
