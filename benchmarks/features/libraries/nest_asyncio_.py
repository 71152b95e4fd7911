"""nest_asyncio: a loop that may be run while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from benchmarks.features.libraries.base import Library
from benchmarks.features.outcome import NotApplicable

__all__ = ["NestAsyncio"]


class NestAsyncio(Library):
    """``nest_asyncio``; blocking code runs the loop itself until it may go on."""

    name = "nest_asyncio"
    module = "nest_asyncio"
    requirements = ("nest-asyncio", "gevent", "uvloop")
    versions_of = ("nest-asyncio", "gevent")
    uses_gevent = False

    def load(self) -> None:
        import nest_asyncio

        nest_asyncio.apply()

    def patch(self) -> None:
        raise NotApplicable("it patches asyncio only")

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]], *, uvloop: bool = False) -> Any:
        import asyncio

        if not uvloop:
            self.load()
            return asyncio.run(main())
        import nest_asyncio
        import uvloop as library

        loop = library.new_event_loop()
        nest_asyncio.apply(loop)
        return loop.run_until_complete(main())

    def sleep(self, seconds: float) -> None:
        import asyncio

        self.wait(asyncio.sleep(seconds))

    def call(self, fn: Callable[[], Any]) -> Awaitable[Any]:
        async def called() -> Any:
            return fn()

        return called()

    def wait(self, awaitable: Any) -> Any:
        import asyncio

        return asyncio.get_event_loop().run_until_complete(awaitable)

    def together(self, functions: list[Callable[[], Any]]) -> list[Any]:
        self.load()
        return super().together(functions)
