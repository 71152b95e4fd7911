"""asgiref: asyncio and threads."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.features.libraries.base import Library
from benchmarks.features.outcome import NotApplicable

__all__ = ["Asgiref"]


class Asgiref(Library):
    """``asgiref.sync``; where a probe is about greenlets, gevent has patched threads into greenlets."""

    name = "asgiref"
    module = "asgiref.sync"
    requirements = ("asgiref", "gevent", "uvloop")
    versions_of = ("asgiref", "gevent")
    uses_gevent = False

    def patch(self) -> None:
        raise NotApplicable("it patches nothing")

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def spawn(self, fn: Callable[[], Any]) -> Any:
        import asyncio

        return asyncio.ensure_future(self.call(fn))

    def ended(self, started: Any) -> Awaitable[Any]:
        return started

    def call(self, fn: Callable[[], Any]) -> Awaitable[Any]:
        from asgiref.sync import sync_to_async

        return sync_to_async(fn, thread_sensitive=False)()

    def wait(self, awaitable: Any) -> Any:
        from asgiref.sync import async_to_sync

        async def awaits() -> Any:
            return await awaitable

        return async_to_sync(awaits)()

    def together(self, functions: list[Callable[[], Any]]) -> list[Any]:
        super().patch()
        return super().together(functions)
