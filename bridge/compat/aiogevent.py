"""The names of aiogevent 0.2, on the bridge.

Change ``import aiogevent`` to ``from bridge.compat import aiogevent``;
arguments and errors stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import gevent
from gevent.hub import get_hub
from greenlet import getcurrent, greenlet

from bridge._compat import current_policy
from bridge._errors import WrongContextError
from bridge._interop.place import here, require_greenlet
from bridge._interop.wait import wait_for_future
from bridge.compat._event_loop import EventLoop, EventLoopPolicy, visible_loop

__all__ = ["EventLoop", "EventLoopPolicy", "link_future", "wrap_greenlet", "yield_future"]

T = TypeVar("T")


def _loop_for(loop: asyncio.AbstractEventLoop | None) -> asyncio.AbstractEventLoop:
    if loop is not None:
        return loop
    running = visible_loop()
    return running if running is not None else current_policy().get_event_loop()


def yield_future(future: Awaitable[T], loop: asyncio.AbstractEventLoop | None = None) -> T:
    """Park the current greenlet until a future, task or coroutine is done; return its result or raise.

    :param loop: where a coroutine runs; default the loop of this thread
    :raises RuntimeError: in the greenlet that runs the loop
    :raises TypeError: if *future* cannot be awaited
    """
    task: asyncio.Future[T]
    if asyncio.isfuture(future):
        task = future
    else:
        aio = _loop_for(loop)
        _refuse_greenlet_of(aio, future)
        task = asyncio.ensure_future(future, loop=aio)
    _refuse_greenlet_of(task.get_loop(), future)
    return wait_for_future(here(), task, None)


link_future = yield_future  # its name in aiogevent 0.1


def _refuse_greenlet_of(aio: asyncio.AbstractEventLoop, awaitable: object) -> None:
    try:
        require_greenlet("yield_future()", "await x")
        if isinstance(aio, EventLoop) and aio.runs_in(getcurrent()):
            raise WrongContextError(
                "yield_future() was called in the greenlet that runs the event loop; it would wait for ever. "
                "Write 'await x' in a coroutine, or call it in another greenlet: gevent.spawn(fn)."
            )
    except WrongContextError:
        if asyncio.iscoroutine(awaitable):
            awaitable.close()
        raise


class _Resolver:
    """Gives the outcome of a greenlet to a future, whichever thread the greenlet ends in."""

    def __init__(self, future: asyncio.Future[Any]) -> None:
        self._future = future
        self._hub = get_hub()

    def resolve(self, value: Any, exc: BaseException | None) -> None:
        aio = self._future.get_loop()
        if aio.is_closed():
            return
        if get_hub() is self._hub:
            self._set(value, exc)
        else:
            aio.call_soon_threadsafe(self._set, value, exc)

    def _set(self, value: Any, exc: BaseException | None) -> None:
        future = self._future
        if future.done():
            return  # cancelled meanwhile
        if exc is None:
            future.set_result(value)
        elif isinstance(exc, StopIteration):
            wrapped = RuntimeError("greenlet raised StopIteration")
            wrapped.__cause__ = exc
            future.set_exception(wrapped)
        else:
            future.set_exception(exc)

    def greenlet_ended(self, ended: gevent.Greenlet[..., Any]) -> None:
        """Link callback of a gevent greenlet."""
        if ended.successful() and not isinstance(ended.value, gevent.GreenletExit):
            self.resolve(ended.value, None)
        else:
            exc = ended.value if ended.successful() else ended.exception
            assert isinstance(exc, BaseException)
            self.resolve(None, exc)

    def around(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Return the body of a raw greenlet that tells the future how *run* ended."""

        def body(*args: Any, **kwargs: Any) -> None:
            try:
                value = run(*args, **kwargs)
            except BaseException as exc:
                self.resolve(None, exc)
                if not isinstance(exc, Exception):
                    raise
            else:
                self.resolve(value, None)

        return body


def wrap_greenlet(gt: greenlet, loop: asyncio.AbstractEventLoop | None = None) -> asyncio.Future[Any]:
    """Return a future that ends with a greenlet that has not begun to run: gevent's, or a plain one.

    A killed greenlet makes the future raise ``GreenletExit``.  Cancelling the
    future leaves the greenlet alone; ``bridge.future`` couples the two.

    :raises TypeError: if *gt* is no greenlet
    :raises RuntimeError: if *gt* runs, has ended, or has nothing to run
    """
    if not isinstance(gt, greenlet):
        raise TypeError(f"greenlet.greenlet or gevent.Greenlet required, not {type(gt)}")
    if gt.dead:
        raise RuntimeError("wrap_greenlet: the greenlet already finished")
    if greenlet.__bool__(gt):
        raise RuntimeError("wrap_greenlet: the greenlet is running")
    missing = "_run" if isinstance(gt, gevent.Greenlet) else "run"
    run = getattr(gt, missing, None)
    if run is None:
        raise RuntimeError(f"wrap_greenlet: the {missing} attribute of the greenlet is not set")
    here()
    future: asyncio.Future[Any] = _loop_for(loop).create_future()
    resolver = _Resolver(future)
    if isinstance(gt, gevent.Greenlet):
        gt.rawlink(resolver.greenlet_ended)
    else:
        gt.run = resolver.around(run)
    return future
