"""Shapes of what the bridge takes from others, as Protocols."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import Any, Protocol, TypeAlias

__all__ = ["Cancellable", "ErrorHandler", "Fireable", "HostLoop", "ReadyCallback"]

ReadyCallback: TypeAlias = Callable[..., object]


class Cancellable(Protocol):
    """What ``call_later`` returns."""

    def cancel(self) -> None: ...


class HostLoop(Protocol):
    """The asyncio loop calls that the bridge uses, and no others."""

    def call_soon(
        self, callback: ReadyCallback, *args: Any, context: Context | None = None
    ) -> Cancellable: ...
    def call_soon_threadsafe(
        self, callback: ReadyCallback, *args: Any, context: Context | None = None
    ) -> Cancellable: ...
    def call_later(
        self, delay: float, callback: ReadyCallback, *args: Any, context: Context | None = None
    ) -> Cancellable: ...
    def add_reader(self, fd: int, callback: ReadyCallback, *args: Any) -> Any: ...
    def remove_reader(self, fd: int) -> bool: ...
    def add_writer(self, fd: int, callback: ReadyCallback, *args: Any) -> Any: ...
    def remove_writer(self, fd: int) -> bool: ...
    def run_forever(self) -> None: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...
    def is_closed(self) -> bool: ...
    def is_running(self) -> bool: ...


class ErrorHandler(Protocol):
    """gevent's hub, as the loop sees it."""

    def handle_error(self, context: object, type: Any, value: Any, tb: Any) -> None: ...


class Fireable(Protocol):
    """Something that waits in the loop's queue of detected events."""

    def _fire(self) -> None: ...
