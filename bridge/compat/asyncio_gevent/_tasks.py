"""Greenlets as futures."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, overload

import gevent

from bridge._interop.greenlet_future import future
from bridge._interop.spawned import AwaitableGreenlet

__all__ = ["greenlet_to_future", "sync_to_async"]

_Function = Callable[..., Any]
_CoroutineFunction = Callable[..., Coroutine[Any, Any, Any]]


async def _end_of(
    greenlet: gevent.Greenlet[..., Any],
    autocancel_future: bool,
    autostart_greenlet: bool,
    autokill_greenlet: bool,
) -> Any:
    if autostart_greenlet and not greenlet and not greenlet.dead:
        greenlet.start()
    end = future(greenlet)
    me = asyncio.current_task()
    assert me is not None
    try:
        result = await (end if autokill_greenlet else asyncio.shield(end))
    except asyncio.CancelledError:
        if autocancel_future or me.cancelling() or not greenlet.ready():
            raise
        return greenlet.value  # a GreenletExit
    if me.cancelling():
        raise asyncio.CancelledError  # the greenlet caught the kill and returned
    return result


def greenlet_to_future(
    greenlet: gevent.Greenlet[..., Any],
    autocancel_future: bool = True,
    autostart_greenlet: bool = True,
    autokill_greenlet: bool = True,
) -> asyncio.Future[Any]:
    """Return a future that ends with *greenlet*, on the running loop.

    :param autocancel_future: a killed greenlet cancels the future; else the
        result is the ``GreenletExit`` that ended it
    :param autostart_greenlet: a greenlet that nobody started is started when
        the future's turn comes
    :param autokill_greenlet: cancelling the future kills the greenlet
    """
    return asyncio.ensure_future(_end_of(greenlet, autocancel_future, autostart_greenlet, autokill_greenlet))


@overload
def sync_to_async(
    fn: _Function,
    autocancel_future: bool = True,
    autostart_greenlet: bool = True,
    autokill_greenlet: bool = True,
) -> _CoroutineFunction: ...
@overload
def sync_to_async(
    fn: None = None,
    autocancel_future: bool = True,
    autostart_greenlet: bool = True,
    autokill_greenlet: bool = True,
) -> Callable[[_Function], _CoroutineFunction]: ...
def sync_to_async(
    fn: _Function | None = None,
    autocancel_future: bool = True,
    autostart_greenlet: bool = True,
    autokill_greenlet: bool = True,
) -> Any:
    """Return a coroutine function that runs *fn* in a greenlet; also a decorator, with or without arguments.

    The greenlet runs in a copy of the caller's context.  The other arguments
    are those of :func:`greenlet_to_future`.
    """
    if fn is None:
        return functools.partial(
            sync_to_async,
            autocancel_future=autocancel_future,
            autostart_greenlet=autostart_greenlet,
            autokill_greenlet=autokill_greenlet,
        )
    function = fn

    @functools.wraps(function)
    async def in_greenlet(*args: Any, **kwargs: Any) -> Any:
        greenlet = AwaitableGreenlet(function, *args, **kwargs)
        greenlet.gr_context = copy_context()
        return await greenlet_to_future(greenlet, autocancel_future, autostart_greenlet, autokill_greenlet)

    return in_greenlet
