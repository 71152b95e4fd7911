"""greenletio: greenlets of its own on asyncio, without gevent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.features.libraries.base import Library
from benchmarks.features.outcome import NotApplicable

__all__ = ["Greenletio"]


class Greenletio(Library):
    """``greenletio``."""

    name = "greenletio"
    module = "greenletio"
    requirements = ("greenletio", "uvloop")
    versions_of = ("greenletio", "greenlet")
    uses_gevent = False

    def patch(self) -> None:
        raise NotApplicable("it patches single imports only")

    def sleep(self, seconds: float) -> None:
        from greenletio.green import time

        time.sleep(seconds)

    def spawn(self, fn: Callable[[], Any]) -> Any:
        import asyncio

        return asyncio.ensure_future(self.call(fn))

    def ended(self, started: Any) -> Awaitable[Any]:
        return started

    def call(self, fn: Callable[[], Any]) -> Awaitable[Any]:
        import greenletio

        return greenletio.async_(fn)()

    def call_in_context(self, fn: Callable[[], Any]) -> Awaitable[Any]:
        import greenletio

        return greenletio.async_(fn, with_context=True)()

    def kill(self, started: Any) -> None:
        raise NotApplicable("its greenlets are tasks; there is nothing else to kill")

    def wait(self, awaitable: Any) -> Any:
        import greenletio

        return greenletio.await_(awaitable)

    def together(self, functions: list[Callable[[], Any]]) -> list[Any]:
        import asyncio

        async def main() -> list[Any]:
            return await asyncio.gather(*[self.call(fn) for fn in functions])

        return asyncio.run(main())
