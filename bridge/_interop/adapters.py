"""Decorators that turn functions of one kind into the other."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, ParamSpec, TypeVar

from gevent._hub_local import get_hub_if_exists
from greenlet import GreenletExit, getcurrent

from bridge._compat import MAIN_THREAD_IDENT, get_native_ident
from bridge._interop.greenlet_future import future
from bridge._interop.observers import forget_observers, observe
from bridge._interop.place import here, require_greenlet
from bridge._interop.spawned import AwaitableGreenlet
from bridge._interop.wait import task_in, wait_for_future

__all__ = ["async_to_sync", "sync_to_async"]

P = ParamSpec("P")
T = TypeVar("T")


class _Awaited:
    """Observes greenlets that are run at once: whatever ends one is raised right here."""

    def takes(self, exc_type: type[BaseException]) -> bool:
        return True


_AWAITED = _Awaited()


def sync_to_async(fn: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return a coroutine function that runs *fn* in a greenlet, where it may call what blocks in gevent.

    The greenlet has the caller's own context (PEP 567): context variables that
    *fn* sets are set in the caller afterwards.  Cancelling the caller kills
    the greenlet.  For code that blocks a whole native thread use
    ``asyncio.to_thread``.

    :raises TypeError: if *fn* is a coroutine function already
    """
    if inspect.iscoroutinefunction(fn):
        raise TypeError(f"sync_to_async() needs a plain function; {fn!r} can be awaited as it is.")

    @functools.wraps(fn)
    async def in_greenlet(*args: P.args, **kwargs: P.kwargs) -> T:
        bridge_loop = here()
        me = getcurrent()
        greenlet = AwaitableGreenlet(fn, *args, **kwargs)
        # Not a copy: while the greenlet runs the task waits, so they take turns.
        greenlet.gr_context = me.gr_context
        if not bridge_loop.is_host(me):
            greenlet.start()
        else:
            observe(greenlet, _AWAITED)
            bridge_loop.run_direct(greenlet)
            if greenlet.successful() and not isinstance(greenlet.value, GreenletExit):
                return greenlet.value  # type: ignore[return-value]  # it never parked
            forget_observers(greenlet)
        return await future(greenlet)  # type: ignore[no-any-return]

    return in_greenlet


def async_to_sync(fn: Callable[P, Awaitable[T]]) -> Callable[P, T]:
    """Return a plain function that runs *fn* in a task and parks the greenlet meanwhile.

    Call it in greenlets, any number at once, or where no asyncio loop runs at
    all; then a private loop runs until the task is done, or, in a native thread
    that does not use gevent, a loop of this one call.  The task has the caller's
    own context (PEP 567): context variables that *fn* sets are set in the caller
    afterwards.

    The function it returns raises WrongContextError in tasks and asyncio
    callbacks, where ``await fn(...)`` is what to write; green tasks may call it.

    :param fn: a coroutine function, or anything else that returns an awaitable; that is called in the
        task too, so classes that look for the running loop (``websockets.connect``) will do
    :raises TypeError: if *fn* cannot be called
    """
    if not callable(fn):
        raise TypeError(f"async_to_sync() needs a coroutine function, not {fn!r}.")
    name = getattr(fn, "__qualname__", repr(fn))
    simple = inspect.iscoroutinefunction(fn)

    @functools.wraps(fn)
    def waiting(*args: P.args, **kwargs: P.kwargs) -> T:
        require_greenlet(f"{name}, made synchronous by async_to_sync(),", f"await {name}(...)")
        context, is_copy = _context_to_lend()
        try:
            if get_hub_if_exists() is None and get_native_ident() != MAIN_THREAD_IDENT:
                # A hub made here would outlive the call, with its descriptors.
                with asyncio.Runner() as runner:
                    return runner.run(_called(fn, *args, **kwargs), context=context)
            bridge_loop = here()
            awaitable = fn(*args, **kwargs) if simple else _called(fn, *args, **kwargs)
            return wait_for_future(bridge_loop, task_in(context, awaitable, bridge_loop), None)
        finally:
            if is_copy:
                _take_over(context)

    return waiting


async def _called(fn: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    return await fn(*args, **kwargs)


def _nothing() -> None:
    pass


def _context_to_lend() -> tuple[Context, bool]:
    """Return the greenlet's own context, or a copy (and True) if no task can enter that."""
    context = getcurrent().gr_context
    if context is None:
        context = Context()
        getcurrent().gr_context = context
    try:
        context.run(_nothing)
    except RuntimeError:  # the greenlet is inside Context.run()
        return copy_context(), True
    return context, False


def _take_over(context: Context) -> None:
    """Set here what was set in *context*, a copy of the present context."""
    for variable, value in context.items():
        if variable.get(_nothing) is not value:
            variable.set(value)
