"""Runs each ASGI request in an asyncio task of its own.

They take none of the N cores, which are greenlets: a task costs little while it waits, and a hundred
open event streams must not keep WSGI requests from running.  Each has a core number above those, so
that deadlines, statistics and the end of the worker see them all in one table.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from types import CoroutineType
from typing import Any, Final, Protocol, TypeAlias

import bridge
from engine.cores.runner import Runner

__all__ = ["Served", "TaskCores", "TaskRunner", "inherit_green", "start_green", "start_plain"]

_EAGER: Final = sys.version_info >= (3, 12)
_LOOP_FULL: Final = "[DANGER] all --asgi-cores are busy: requests wait"

StartTask: TypeAlias = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Served(Protocol):
    """An application, as far as running its requests goes."""

    async def serve(self, exchange: Any) -> None: ...
    def failed(self, exchange: Any, exc: BaseException) -> None: ...


class _Running:
    """A request and its task; kills it as one kills a greenlet (``cores.harakiri``)."""

    __slots__ = ("exchange", "reason", "task")

    def __init__(self, exchange: Any) -> None:
        self.exchange = exchange
        self.reason: BaseException | None = None
        self.task: asyncio.Task[None] | None = None

    def kill(self, exc: BaseException, block: bool = False) -> None:
        """Cancel the task; *exc* is what the reply is about to tell."""
        self.reason = exc
        if self.task is not None:
            self.task.cancel()

    def stack(self) -> str:
        """Return where the task waits, innermost call last."""
        return "".join(traceback.format_list(self.frames())).rstrip() or "  (no Python stack)"

    def frames(self) -> list[traceback.FrameSummary]:
        """Return the same line by line; from any thread."""
        frames: list[traceback.FrameSummary] = []
        coro: Any = None if self.task is None else self.task.get_coro()
        blocked = getattr(coro, "gr_frame", None)  # of a green task
        if blocked is not None:
            return list(traceback.extract_stack(blocked))
        while coro is not None and len(frames) < 100:
            frame = getattr(coro, "cr_frame", None) or getattr(coro, "ag_frame", None)
            if frame is not None:
                frames += traceback.extract_stack(frame, limit=1)
            coro = getattr(coro, "cr_await", None) or getattr(coro, "ag_await", None)
        return frames


class TaskCores:
    """The numbers of ASGI requests; one per worker, shared by its applications.

    :param limit: how many run at once; 0 means any number
    """

    def __init__(self, runner: Runner, limit: int, log: Callable[[str], None]) -> None:
        self._runner = runner
        self._first = runner.pool.size
        self._limit = limit
        self._log = log
        self._free: list[int] = []
        self._waiting: deque[tuple[TaskRunner, Any]] = deque()
        self._warned = False

    def take(self, runner: TaskRunner, exchange: Any) -> bool:
        """Give *exchange* a number; False if it was queued instead."""
        table = self._runner
        if self._limit and not self._free and len(table.greenlets) - self._first >= self._limit:
            self._waiting.append((runner, exchange))
            if not self._warned:
                self._warned = True
                self._log(_LOOP_FULL)
            return False
        if self._free:
            core = self._free.pop()
        else:
            core = len(table.greenlets)
            table.greenlets.append(None)
            table.served.append(0)
        self._give(core, exchange)
        return True

    def _give(self, core: int, exchange: Any) -> None:
        table = self._runner
        exchange.core = core
        table.pool.running[core] = exchange
        table.greenlets[core] = _Running(exchange)

    def release(self, core: int) -> None:
        """Take a number back, or give it to the request that waited longest."""
        table = self._runner
        table.served[core] += 1
        if self._waiting:
            runner, exchange = self._waiting.popleft()
            self._give(core, exchange)
            asyncio.get_running_loop().call_soon(runner.launch, exchange)
            return
        self._warned = False
        table.greenlets[core] = None
        del table.pool.running[core]
        self._free.append(core)
        table.look_idle()

    def withdraw(self, exchange: Any) -> None:
        """Forget a request that waits; its client left."""
        self._waiting = deque(each for each in self._waiting if each[1] is not exchange)

    def running(self) -> list[_Running]:
        """Return the requests that run."""
        return [each for each in self._runner.greenlets[self._first :] if each is not None]

    async def cancel_all(self, reason: BaseException, limit: float) -> None:
        """Cancel what still runs, and wait *limit* seconds for it."""
        running = self.running()
        for each in running:
            each.kill(reason)
        tasks = [each.task for each in running if each.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=limit)


class TaskRunner:
    """Runs the requests of one application.

    :param enter: called in each task before the application, to say whose request it is
    :param leave: called in each task after it
    :param start: makes the task
    """

    def __init__(
        self,
        cores: TaskCores,
        served: Served,
        enter: Callable[[Any], None],
        leave: Callable[[Any], None],
        start: StartTask,
    ) -> None:
        self._cores = cores
        self._serve = served.serve
        self._failed = served.failed
        self._enter = enter
        self._leave = leave
        self._start = start
        self._table = cores._runner.greenlets

    def submit(self, exchange: Any) -> None:
        """Run *exchange* now, or when there is a number for it; call in the loop's thread."""
        if self._cores.take(self, exchange):
            self.launch(exchange)

    def launch(self, exchange: Any) -> None:
        """Run *exchange*, which has a number."""
        running = self._table[exchange.core]
        running.task = self._start(self._run(exchange, running))

    async def _run(self, exchange: Any, running: _Running) -> None:
        try:
            self._enter(exchange)
            await self._serve(exchange)
        except BaseException as exc:
            self._failed(exchange, running.reason or exc)
            if isinstance(exc, KeyboardInterrupt):
                raise
        finally:
            self._leave(exchange)
            self._cores.release(exchange.core)


def start_plain(coro: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start a task, at once where Python can (3.12): most requests then need no turn of the loop."""
    loop = asyncio.get_running_loop()
    if _EAGER:
        return asyncio.Task(coro, loop=loop, eager_start=True)  # type: ignore[call-arg]
    return loop.create_task(coro)


_is_green: ContextVar[bool] = ContextVar("engine_green_task", default=False)


def start_green(coro: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start a task that may call what blocks in gevent."""
    token = _is_green.set(True)
    try:
        return bridge.create_green_task(coro)
    finally:
        _is_green.reset(token)


def inherit_green(loop: asyncio.AbstractEventLoop) -> None:
    """Let tasks that green tasks start be green too, those of other libraries included."""

    def make(
        loop: asyncio.AbstractEventLoop, coro: CoroutineType[Any, Any, Any], **kwargs: Any
    ) -> asyncio.Task[Any]:
        context = kwargs.get("context")
        green = _is_green.get() if context is None else context.get(_is_green, False)
        if green:
            return bridge.green_task_factory(loop, coro, **kwargs)
        return asyncio.Task(coro, loop=loop, **kwargs)

    loop.set_task_factory(make)  # type: ignore[arg-type]
