"""This project."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any

from benchmarks.features.libraries.base import Library

__all__ = ["Bridge"]


class Bridge(Library):
    """``bridge``."""

    name = "bridge"
    module = "bridge"
    versions_of = ("gevent", "uvloop")

    def patch(self) -> None:
        import bridge

        bridge.patch_all()

    def spawn(self, fn: Callable[[], Any]) -> Any:
        import bridge

        return bridge.spawn(fn)

    def ended(self, started: Any) -> Awaitable[Any]:
        import bridge

        return bridge.future(started)

    def call_in_context(self, fn: Callable[[], Any]) -> Awaitable[Any]:
        import bridge

        return bridge.sync_to_async(fn)()

    def kill(self, started: Any) -> None:
        started.kill(block=False)

    def timeout(self, seconds: float) -> AbstractContextManager[Any]:
        import gevent

        return gevent.Timeout(seconds)

    def wait(self, awaitable: Any) -> Any:
        import bridge

        return bridge.wait(awaitable)

    def green(self, fn: Callable[[], Coroutine[Any, Any, Any]]) -> Callable[[], Coroutine[Any, Any, Any]]:
        import bridge

        return bridge.green(fn)

    def queue(self) -> Any:
        import bridge

        return bridge.Queue()

    def tree(self) -> str:
        import bridge

        return bridge.format_tree()

    def blocked_lines(self, block: Callable[[], None]) -> str:
        import bridge

        said = io.StringIO()
        with bridge.watch_blocking(threshold=0.1, report=lambda blocked: print(blocked, file=said)):
            block()
        return said.getvalue()

    def pytest_plugin(self) -> str:
        return "bridge.pytest_plugin"
