"""Waiting for the end of a default executor, whatever its workers are.

``shutdown(wait=True)`` blocks until the workers have ended.  Native workers
are waited for in a native thread, as asyncio does.  Greenlet workers are
waited for in a greenlet of the loop's own thread: another thread must not
join them.
"""

from __future__ import annotations

import asyncio
import functools
import warnings
from concurrent.futures import Executor
from typing import Any

import gevent

from bridge._pristine.executors import NativeExecutor
from bridge._pristine.threads import NativeThread

__all__ = ["repair_shutdown", "wait_ended"]


def repair_shutdown() -> None:
    """Teach asyncio's loops, once; call when threads are patched."""
    loop_class: Any = asyncio.BaseEventLoop
    original = loop_class._do_shutdown
    if hasattr(original, "__wrapped__"):
        return

    @functools.wraps(original)
    def _do_shutdown(self: Any, future: Any) -> None:
        # Runs in a native thread of its own.
        if isinstance(self._default_executor, NativeExecutor):
            original(self, future)
        else:
            self.call_soon_threadsafe(gevent.spawn, original, self, future)

    loop_class._do_shutdown = _do_shutdown


async def wait_ended(loop: asyncio.AbstractEventLoop, executor: Executor, patience: float | None) -> None:
    """Shut *executor* down and wait until its workers have ended.

    :param patience: seconds; None means for ever
    """
    ended = loop.create_future()

    def shut_down() -> None:
        error: BaseException | None = None
        try:
            executor.shutdown(wait=True)
        except Exception as exc:
            error = exc
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, ended, error)

    if isinstance(executor, NativeExecutor):
        NativeThread(target=shut_down).start()
    else:
        gevent.spawn(shut_down)
    try:
        async with asyncio.timeout(patience):
            await ended
    except TimeoutError:
        warnings.warn(
            f"The executor's threads have not ended within {patience} seconds.", RuntimeWarning, stacklevel=3
        )
        executor.shutdown(wait=False)


def _settle(future: asyncio.Future[None], error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
