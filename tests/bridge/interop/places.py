"""Where code can run: four kinds of host, each with an ordinary greenlet and a task."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import gevent
from gevent.monkey import get_original

import bridge
from bridge._compat import new_uvloop, uvloop_available

T = TypeVar("T")

KINDS = ("asyncio host", "uvloop host", "private asyncio", "private uvloop")


def in_native_thread(fn: Callable[[], T]) -> T:
    """Run *fn* in a new native thread, patched or not, and return what it returns.

    The thread's hub, if it made one, is destroyed at its end.
    """
    outcome: list[Any] = []
    done = get_original("threading", "Lock")()
    done.acquire()

    def body() -> None:
        try:
            outcome.append((fn(), None))
        except BaseException as exc:
            outcome.append((None, exc))
        finally:
            gevent.get_hub().destroy(destroy_loop=True)
            done.release()

    get_original("_thread", "start_new_thread")(body, ())
    done.acquire()
    value, exc = outcome.pop()
    if exc is not None:
        raise exc
    return value  # type: ignore[no-any-return]


class Place:
    """One of :data:`KINDS`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.private = kind.startswith("private")
        self.uvloop = "uvloop" in kind

    def usable(self) -> bool:
        return not self.uvloop or uvloop_available()

    def new_loop(self) -> asyncio.AbstractEventLoop:
        return new_uvloop() if self.uvloop else asyncio.SelectorEventLoop()

    def greenlet(self, fn: Callable[..., T], *args: Any) -> T:
        """Run *fn* in an ordinary greenlet."""
        if self.private:
            return self._on_private(lambda: bridge.spawn(fn, *args).get())

        async def main() -> T:
            return await bridge.spawn(fn, *args)

        return self._on_host(main())

    def task(self, fn: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        """Run coroutine function *fn* in a task of the loop that hosts the thread."""
        if self.private:
            return self._on_private(lambda: bridge.wait(fn(*args)))
        return self._on_host(fn(*args))

    def _on_host(self, coro: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=self.new_loop) as runner:
            return runner.run(coro)

    def _on_private(self, fn: Callable[[], T]) -> T:
        before = os.environ.get("BRIDGE_LOOP")
        os.environ["BRIDGE_LOOP"] = "uvloop" if self.uvloop else "asyncio"
        try:
            return in_native_thread(fn)
        finally:
            if before is None:
                del os.environ["BRIDGE_LOOP"]
            else:
                os.environ["BRIDGE_LOOP"] = before
