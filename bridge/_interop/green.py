"""Green tasks: coroutine code that may call what blocks in gevent.

The coroutine of a green task runs in a greenlet of its own, its *worker* (``green_worker``).
For asyncio the task stays a stock ``asyncio.Task`` on a coroutine-like
wrapper (``green_coroutine``).  A step (``send`` or ``throw``) switches into the worker:

- The coroutine yields or ends: the worker switches straight back, and the
  step has the same outcome as without all this.
- The coroutine blocks in gevent: the hub gets control, hands it back to the
  host at once, and the step ends with a future of ours.  When the worker has
  been woken by the hub and has finished the step, it sets that future, asyncio
  continues the task, and the next step hands out what was kept.

What the two share is in ``green_state``.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, ParamSpec, TypeVar

from greenlet import getcurrent

from bridge._errors import WrongContextError
from bridge._hub.running_loop import get_running_loop
from bridge._interop.green_coroutine import GreenCoroutine
from bridge._interop.place import Worker, running_loop

__all__ = ["create_green_task", "green", "green_task_factory"]

P = ParamSpec("P")
T = TypeVar("T")


def green_task_factory(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, T], **kwargs: Any
) -> asyncio.Task[T]:
    """Make every task of a loop green: ``loop.set_task_factory(bridge.green_task_factory)``.

    Keyword arguments are those of ``asyncio.Task``, ``eager_start`` (Python
    3.12) too; on uvloop that is heeded only inside a task.  asyncio calls it,
    in the thread of *loop*.
    """
    if "eager_start" in kwargs and not _may_start_eagerly(loop, kwargs["eager_start"]):
        del kwargs["eager_start"]
    return asyncio.Task(GreenCoroutine(loop, coro), loop=loop, **kwargs)


def _may_start_eagerly(aio: asyncio.AbstractEventLoop, wanted: bool | None) -> bool:
    """Tell whether the first step may run at once.

    Not in a protocol's callback on uvloop: libuv's poll keeps pointers into
    the C stack, which a switch of greenlets moves away.
    """
    if not wanted:
        return False
    return type(aio).__module__.partition(".")[0] != "uvloop" or asyncio.current_task(aio) is not None


def create_green_task(
    coro: Coroutine[Any, Any, T],
    *,
    name: str | None = None,
    context: Context | None = None,
    loop: asyncio.AbstractEventLoop | None = None,
) -> asyncio.Task[T]:
    """Start a task whose coroutine may call what blocks in gevent; only that task waits then.

    Call it in the thread that runs the loop.

    :param name: the task's name
    :param context: the context it runs in; default a copy of the caller's
    :param loop: default the running loop
    :raises TypeError: if *coro* is not a coroutine
    :raises NoHostLoopError: if no asyncio loop runs here and *loop* is not given
    :raises LoopSelectionError: if gevent runs on another event loop
    """
    if not asyncio.iscoroutine(coro):
        raise TypeError(f"create_green_task() needs a coroutine, not {coro!r}.")
    if loop is None:
        try:
            loop = running_loop("bridge.create_green_task()")
        except BaseException:
            coro.close()
            raise
    return green_task_factory(loop, coro, name=name, context=context)


def green(fn: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a coroutine function call what blocks in gevent, in whichever task awaits it.

    The task itself need not be green: the function's code is, with everything
    it awaits, and the task waits meanwhile.  The function may be awaited in any
    thread; it raises WrongContextError where no asyncio loop runs.

    :raises TypeError: if *fn* is not a coroutine function
    """
    if not inspect.iscoroutinefunction(fn):
        raise TypeError(f"@green needs a coroutine function (async def), not {fn!r}.")

    @functools.wraps(fn)
    async def awaited(*args: P.args, **kwargs: P.kwargs) -> T:
        if isinstance(getcurrent(), Worker):
            return await fn(*args, **kwargs)
        aio = get_running_loop()
        if aio is None:
            raise WrongContextError(f"{fn.__qualname__} is a green coroutine and needs an asyncio task.")
        return await GreenCoroutine(aio, fn(*args, **kwargs))

    return awaited
