"""eventlet with its asyncio hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any

from benchmarks.features.libraries.base import Library

__all__ = ["Eventlet"]


class Eventlet(Library):
    """``eventlet``; its hub makes the loop and runs it."""

    name = "eventlet hub"
    module = "eventlet"
    requirements = ("eventlet", "uvloop")
    versions_of = ("eventlet", "greenlet")
    uses_gevent = False

    def load(self) -> None:
        import warnings

        warnings.simplefilter("ignore")  # it announces its end
        import eventlet.hubs

        eventlet.hubs.use_hub("eventlet.hubs.asyncio")
        eventlet.hubs.get_hub()

    def patch(self) -> None:
        import warnings

        warnings.simplefilter("ignore")
        import eventlet
        import eventlet.hubs

        eventlet.hubs.use_hub("eventlet.hubs.asyncio")
        eventlet.monkey_patch()

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]], *, uvloop: bool = False) -> Any:
        if uvloop:
            import asyncio

            import uvloop as library

            asyncio.set_event_loop_policy(library.EventLoopPolicy())
        self.load()
        import eventlet.asyncio

        return eventlet.asyncio.spawn_for_awaitable(main()).wait()

    def sleep(self, seconds: float) -> None:
        import eventlet

        eventlet.sleep(seconds)

    def spawn(self, fn: Callable[[], Any]) -> Any:
        import eventlet

        return eventlet.spawn(fn)

    def ended(self, started: Any) -> Awaitable[Any]:
        return started

    def kill(self, started: Any) -> None:
        started.kill()

    def timeout(self, seconds: float) -> AbstractContextManager[Any]:
        import eventlet

        return eventlet.Timeout(seconds)

    def wait(self, awaitable: Any) -> Any:
        return self.waiting(awaitable).wait()

    def waiting(self, awaitable: Any) -> Any:
        import eventlet.asyncio

        return eventlet.asyncio.spawn_for_awaitable(awaitable)

    def together(self, functions: list[Callable[[], Any]]) -> list[Any]:
        import eventlet

        return [each.wait() for each in [eventlet.spawn(fn) for fn in functions]]

    def blocked_lines(self, block: Callable[[], None]) -> str:
        import eventlet
        import eventlet.debug

        eventlet.debug.hub_blocking_detection(True, resolution=0.1)
        eventlet.sleep(0)
        try:
            block()
        except RuntimeError as exc:  # its detector raises in the code that blocks
            return str(exc)
        finally:
            eventlet.debug.hub_blocking_detection(False)
        return ""
