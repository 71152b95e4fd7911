"""Waiting for an awaitable in a greenlet."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable
from contextvars import Context, copy_context
from typing import Any, TypeVar

import gevent
from gevent.hub import Waiter, get_hub

from bridge._errors import NoHostLoopError, WrongContextError
from bridge._hub.closing import parked_on
from bridge._hub.running_loop import get_running_loop
from bridge._interop.place import here, require_greenlet
from bridge.loop import loop

__all__ = ["task_in", "wait", "wait_for_future"]

T = TypeVar("T")


class _Waker:
    """Wakes one greenlet when a future is done, whichever thread the future lives in."""

    __slots__ = ("_loop", "_waiter")

    def __init__(self, bridge_loop: loop, waiter: Waiter[Any]) -> None:
        self._loop = bridge_loop
        self._waiter: Waiter[Any] | None = waiter

    def __call__(self, done: asyncio.Future[Any]) -> None:
        self._loop.fire_from_host(self)

    def forget(self) -> None:
        self._waiter = None

    def _fire(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            waiter.switch(None)


async def _awaiting(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _require_awaitable(given: object) -> None:
    if inspect.isawaitable(given):
        return
    advice = ""
    if inspect.iscoroutinefunction(given):
        advice = f"; call it: bridge.wait({given.__name__}(...))"
    elif isinstance(given, gevent.Greenlet):
        advice = "; a greenlet has get() and join()"
    raise TypeError(f"bridge.wait() needs something that can be awaited, not {given!r}{advice}")


def task_in(context: Context, awaitable: Awaitable[T], bridge_loop: loop) -> asyncio.Future[T]:
    """Return *awaitable* itself if it is a future, else a new task for it in *context*.

    The task is one of the loop that runs here, for a green task's code, else of the thread's host.
    """
    if asyncio.isfuture(awaitable):
        return awaitable
    aio = get_running_loop() or bridge_loop.host_loop()
    if asyncio.iscoroutine(awaitable):
        coro = awaitable
    else:
        _require_awaitable(awaitable)
        coro = _awaiting(awaitable)
    task: asyncio.Future[T] = aio.create_task(coro, context=context)
    return task


def _park(bridge_loop: loop, fut: asyncio.Future[Any]) -> None:
    """Return when *fut* is done; whatever is thrown into the greenlet meanwhile is raised."""
    waiter: Waiter[Any] = Waiter(get_hub())
    waker = _Waker(bridge_loop, waiter)
    aio = fut.get_loop()
    foreign = not bridge_loop.shares_thread(aio)
    bridge_loop._add_ref()  # a task may be all that is going to wake us
    closing = parked_on(aio)
    closing.add(waker)
    try:
        if foreign:
            aio.call_soon_threadsafe(fut.add_done_callback, waker)
        else:
            fut.add_done_callback(waker)
        waiter.get()
    finally:
        closing.discard(waker)
        waker.forget()
        bridge_loop._drop_ref()
        if not foreign:
            fut.remove_done_callback(waker)
    if not fut.done():
        raise NoHostLoopError(
            f"The asyncio loop {aio!r} was closed before {fut!r} was done, so the wait would never end. "
            "End what greenlets wait for before the loop is closed; asyncio.run() does so by itself."
        )


def _cancel_and_park(bridge_loop: loop, fut: asyncio.Future[Any]) -> None:
    """Cancel *fut* and wait for its end; raise what its clean-up raised, as a ``finally`` clause would."""
    aio = fut.get_loop()
    if aio.is_closed():
        return
    if bridge_loop.shares_thread(aio):
        fut.cancel()
    else:
        aio.call_soon_threadsafe(fut.cancel)
    if not fut.done():
        try:
            _park(bridge_loop, fut)
        except BaseException:
            # Interrupted again: it ends alone, and nobody is going to ask how.
            if not aio.is_closed():
                aio.call_soon_threadsafe(fut.add_done_callback, _look_at)
            raise
    if not fut.cancelled():
        failed = fut.exception()
        if failed is not None:
            raise failed


def _look_at(fut: asyncio.Future[Any]) -> None:
    """Mark the outcome as seen, so asyncio does not complain that nobody did."""
    if not fut.cancelled():
        fut.exception()


def wait(awaitable: Awaitable[T], timeout: float | None = None) -> T:
    """Park the current greenlet until *awaitable* is done; return its result or raise its exception.

    A coroutine becomes a task of the asyncio loop that hosts this thread, or of
    a private loop if none does, in a copy of the greenlet's context.  When the
    greenlet is killed, or a ``gevent.Timeout`` fires in it, the task is
    cancelled and its end awaited before the exception goes on.  Every case of
    cancelling, from either side, is listed in docs/design/cancellation.md.

    :param timeout: seconds; then the awaitable is cancelled and TimeoutError raised
    :raises WrongContextError: in a task or asyncio callback (write ``await`` there) and in the hub
    :raises TypeError: if *awaitable* is none
    :raises TimeoutError: after *timeout* seconds
    :raises NoHostLoopError: if the loop of *awaitable* is closed before it is done
    """
    try:
        require_greenlet("bridge.wait()", "await x")
    except WrongContextError:
        if asyncio.iscoroutine(awaitable):
            awaitable.close()  # or Python would warn that nobody awaited it
        raise
    bridge_loop = here()
    return wait_for_future(bridge_loop, task_in(copy_context(), awaitable, bridge_loop), timeout)


def wait_for_future(bridge_loop: loop, fut: asyncio.Future[T], timeout: float | None) -> T:
    """Park until *fut* is done; see :func:`wait`."""
    if not fut.done():
        timer = gevent.Timeout.start_new(timeout) if timeout is not None else None
        try:
            _park(bridge_loop, fut)
        except gevent.Timeout as expired:
            _cancel_and_park(bridge_loop, fut)
            if expired is timer:
                if fut.done() and not fut.cancelled():
                    return fut.result()
                raise TimeoutError(f"wait() gave up after {timeout} seconds") from None
            raise
        except BaseException:
            _cancel_and_park(bridge_loop, fut)
            raise
        finally:
            if timer is not None:
                timer.close()
    return fut.result()
