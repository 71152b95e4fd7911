"""Futures as greenlets."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import copy_context
from typing import Any, overload

import gevent
import gevent.event
from greenlet import GreenletExit

from bridge._interop.place import here
from bridge._interop.wait import wait_for_future
from bridge.compat._event_loop import visible_loop

__all__ = ["async_to_sync", "future_to_greenlet"]

_Function = Callable[..., Any]
_CoroutineFunction = Callable[..., Awaitable[Any]]


class _Waiting:
    """Body of the greenlet that stands for a future."""

    def __init__(
        self,
        future: asyncio.Future[Any] | Coroutine[Any, Any, Any],
        loop: asyncio.AbstractEventLoop | None,
        autostart_future: bool,
        autocancel_future: bool,
        autokill_greenlet: bool,
    ) -> None:
        self._given = future
        self._loop = loop
        self._autostart = autostart_future
        self._autocancel = autocancel_future
        self._autokill = autokill_greenlet
        self._begun = False

    def __call__(self) -> Any:
        self._begun = True
        try:
            return self._wait()
        except asyncio.CancelledError:
            if self._autokill:
                raise GreenletExit from None
            raise

    def _wait(self) -> Any:
        given = self._given
        if not self._autostart:
            return self._wait_for_started(given)
        loop = self._loop
        if loop is None:
            loop = given.get_loop() if asyncio.isfuture(given) else visible_loop()
        if loop is None or not loop.is_running():
            return self._run(given, loop)
        return self._park(asyncio.ensure_future(given, loop=loop))

    def _wait_for_started(self, given: Any) -> Any:
        if asyncio.isfuture(given):
            return self._park(given)
        if asyncio.iscoroutine(given):
            given.close()
            raise asyncio.InvalidStateError(
                "the coroutine was not scheduled, because autostart_future is False; give a task instead"
            )
        raise TypeError("Expected a future or coroutine")

    def _park(self, future: asyncio.Future[Any]) -> Any:
        if self._autocancel:
            return wait_for_future(here(), future, None)
        # Killing the greenlet must leave the future alone.
        ended = gevent.event.Event()
        future.add_done_callback(lambda _: ended.set())
        if not future.done():
            ended.wait()
        return future.result()

    @staticmethod
    def _run(given: Any, loop: asyncio.AbstractEventLoop | None) -> Any:
        if loop is not None:
            return loop.run_until_complete(given)
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(given)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def greenlet_ended(self, greenlet: gevent.Greenlet[..., Any]) -> None:
        """Cancel what a killed greenlet stood for, if it never got to wait for it."""
        if isinstance(greenlet.value, GreenletExit) and not self._begun:
            given = self._given
            if asyncio.isfuture(given):
                given.cancel()
            elif asyncio.iscoroutine(given):
                given.close()


def future_to_greenlet(
    future: asyncio.Future[Any] | Coroutine[Any, Any, Any],
    loop: asyncio.AbstractEventLoop | None = None,
    autostart_future: bool = True,
    autocancel_future: bool = True,
    autokill_greenlet: bool = True,
) -> gevent.Greenlet[..., Any]:
    """Return a greenlet that ends with *future*; it is up to the caller to ``start()`` it.

    A coroutine becomes a task when the greenlet starts: of *loop*, else of the
    loop that runs in this thread, else of a new loop that the greenlet runs.

    :param autostart_future: False: only wait for a future that somebody else
        has scheduled; a coroutine is refused with ``InvalidStateError``
    :param autocancel_future: killing the greenlet cancels the future
    :param autokill_greenlet: a cancelled future ends the greenlet with
        ``GreenletExit`` as its value; else it raises ``CancelledError``

    The greenlet raises TypeError if *future* is nothing that can be awaited.
    """
    body = _Waiting(future, loop, autostart_future, autocancel_future, autokill_greenlet)
    greenlet: gevent.Greenlet[..., Any] = gevent.Greenlet(body)
    greenlet.gr_context = copy_context()
    if autocancel_future:
        greenlet.rawlink(body.greenlet_ended)
    return greenlet


@overload
def async_to_sync(
    coroutine: _CoroutineFunction,
    autostart_future: bool = True,
    autocancel_future: bool = True,
    autokill_greenlet: bool = True,
) -> _Function: ...
@overload
def async_to_sync(
    coroutine: None = None,
    autostart_future: bool = True,
    autocancel_future: bool = True,
    autokill_greenlet: bool = True,
) -> Callable[[_CoroutineFunction], _Function]: ...
def async_to_sync(
    coroutine: _CoroutineFunction | None = None,
    autostart_future: bool = True,
    autocancel_future: bool = True,
    autokill_greenlet: bool = True,
) -> Any:
    """Return a blocking function that runs a coroutine function; also a decorator, with or without arguments.

    The other arguments are those of :func:`future_to_greenlet`.  If the
    calling greenlet is killed, so is the one that waits.
    """
    if coroutine is None:
        return functools.partial(
            async_to_sync,
            autostart_future=autostart_future,
            autocancel_future=autocancel_future,
            autokill_greenlet=autokill_greenlet,
        )
    function: Any = coroutine

    @functools.wraps(function)
    def waiting(*args: Any, **kwargs: Any) -> Any:
        greenlet = future_to_greenlet(
            function(*args, **kwargs),
            autostart_future=autostart_future,
            autocancel_future=autocancel_future,
            autokill_greenlet=autokill_greenlet,
        )
        greenlet.start()
        try:
            return greenlet.get()
        except BaseException:
            greenlet.kill(block=False)
            raise

    return waiting
