"""asyncio-gevent: asyncio on gevent's hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any

from benchmarks.features.libraries.base import Library

__all__ = ["AsyncioGevent"]


class AsyncioGevent(Library):
    """``asyncio_gevent``; its documentation patches everything and sets its policy."""

    name = "asyncio-gevent"
    module = "asyncio_gevent"
    requirements = ("asyncio-gevent", "uvloop")
    versions_of = ("asyncio-gevent", "gevent")

    def patch(self) -> None:
        super().patch()
        import asyncio

        import asyncio_gevent

        asyncio.set_event_loop_policy(asyncio_gevent.EventLoopPolicy())

    load = patch

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]], *, uvloop: bool = False) -> Any:
        import asyncio

        if uvloop:
            return super().run(main, uvloop=True)
        self.load()
        return asyncio.run(main())

    def spawn(self, fn: Callable[[], Any]) -> Any:
        import gevent

        return gevent.spawn(fn)

    def ended(self, started: Any) -> Awaitable[Any]:
        import asyncio_gevent

        return asyncio_gevent.greenlet_to_future(started)

    def call_in_context(self, fn: Callable[[], Any]) -> Awaitable[Any]:
        import asyncio_gevent

        return asyncio_gevent.sync_to_async(fn)()

    def kill(self, started: Any) -> None:
        started.kill(block=False)

    def timeout(self, seconds: float) -> AbstractContextManager[Any]:
        import gevent

        return gevent.Timeout(seconds)

    def wait(self, awaitable: Any) -> Any:
        return self.waiting(awaitable).get()

    def waiting(self, awaitable: Any) -> Any:
        import asyncio

        import asyncio_gevent

        # Of a coroutine it would cancel nothing when killed, of a future it does.
        started = asyncio_gevent.future_to_greenlet(asyncio.ensure_future(awaitable))
        started.start()
        return started
