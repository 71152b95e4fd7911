"""Those who wait in the tests: tasks, greenlets and native threads, behind one face."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import gevent

import bridge

KINDS = ("task", "greenlet")


async def until(predicate: Callable[[], Any]) -> None:
    """Let everything run until *predicate* is true; the test's time limit ends it otherwise."""
    while not predicate():  # noqa: ASYNC110  (no event says so)
        await asyncio.sleep(0)


async def settle() -> None:
    """Let everything run that can: more turns than any chain of wake-ups in these tests is long."""
    for _ in range(12):
        await asyncio.sleep(0)
        await bridge.spawn(gevent.sleep, 0)


class Actor:
    """Calls ``obj.name(*args)`` in a greenlet or thread, or ``await obj.twin(*args)`` in a task."""

    def __init__(self, kind: str, sync: Callable[[], Any], coro: Callable[[], Any], log: list[Any]) -> None:
        self.kind = kind
        self.outcome: Any = None
        self.result: Any = None
        self._log = log
        self._sync = sync
        self._coro = coro
        self._task: asyncio.Task[None] | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None
        if kind == "task":
            self._task = asyncio.get_running_loop().create_task(self._in_task())
        elif kind == "greenlet":
            self._greenlet = gevent.spawn(self._in_call)
        else:
            self._thread = threading.Thread(target=self._in_call)
            self._thread.start()

    async def _in_task(self) -> None:
        try:
            self._done("ok", await self._coro())
        except asyncio.CancelledError:
            self._done("stopped")
            raise
        except Exception as exc:
            self._done(type(exc).__name__)

    def _in_call(self) -> None:
        try:
            self._done("ok", self._sync())
        except gevent.GreenletExit:
            self._done("stopped")
        except gevent.Timeout:
            self._done("stopped")
        except Exception as exc:
            self._done(type(exc).__name__)

    def _done(self, outcome: str, result: Any = None) -> None:
        self.outcome = outcome
        self.result = result
        self._log.append(self)

    def stop(self, exception: Any = gevent.GreenletExit) -> None:
        """Cancel or kill; takes effect at the next turn."""
        if self._task is not None:
            self._task.cancel()
        elif self._greenlet is not None:
            self._greenlet.kill(exception, block=False)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.outcome} {self.result!r}>"
