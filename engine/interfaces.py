"""Shapes that several ranks of the engine share; no behaviour.

WSGI types follow PEP 3333, ASGI types the ASGI specification 3.0.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from types import TracebackType
from typing import Any, Protocol, TypeAlias

__all__ = [
    "ASGIApp",
    "Environ",
    "ExcInfo",
    "Message",
    "ParkingPlace",
    "Receive",
    "Scope",
    "Send",
    "StartResponse",
    "WSGIApp",
    "Write",
    "WritingPlace",
]

Environ: TypeAlias = dict[str, Any]
ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]
Write: TypeAlias = Callable[[bytes], None]


class StartResponse(Protocol):
    """What a WSGI application is given to begin its reply."""

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
    ) -> Write: ...


WSGIApp: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class ParkingPlace(Protocol):
    """Where the core that runs a request waits (``bridge.lowlevel.Parking``)."""

    def park(self, timeout: float | None = None) -> bool: ...
    def unpark(self) -> None: ...


class WritingPlace(ParkingPlace, Protocol):
    """A parking place that also wakes when a descriptor can be written to."""

    def park_writable(self, fd: int, timeout: float | None = None) -> bool: ...
