"""aiogevent: asyncio on gevent's hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any

from benchmarks.features.libraries.base import Library

__all__ = ["Aiogevent"]


class Aiogevent(Library):
    """``aiogevent``; its loop is set as asyncio's.

    No package index has it: ``--source aiogevent=DIRECTORY`` takes a checkout.
    """

    name = "aiogevent"
    module = "aiogevent"
    requirements = ("aiogevent", "gevent", "uvloop")
    versions_of = ("aiogevent", "gevent")
    origin = "of github.com/2mf/aiogevent"

    def load(self) -> None:
        import asyncio

        import aiogevent

        asyncio.set_event_loop_policy(aiogevent.EventLoopPolicy())

    def patch(self) -> None:
        super().patch()
        self.load()

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]], *, uvloop: bool = False) -> Any:
        import asyncio

        self.load()
        return super().run(main, uvloop=True) if uvloop else asyncio.run(main())

    def spawn(self, fn: Callable[[], Any]) -> Any:
        import gevent

        return gevent.spawn(fn)

    def ended(self, started: Any) -> Awaitable[Any]:
        import aiogevent

        return aiogevent.wrap_greenlet(started)

    def kill(self, started: Any) -> None:
        started.kill(block=False)

    def timeout(self, seconds: float) -> AbstractContextManager[Any]:
        import gevent

        return gevent.Timeout(seconds)

    def wait(self, awaitable: Any) -> Any:
        import asyncio

        import aiogevent

        # Its greenlets share the thread with the loop, so they see it as the running one.
        return aiogevent.yield_future(awaitable, loop=asyncio.get_event_loop())
