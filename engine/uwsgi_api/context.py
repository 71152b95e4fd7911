"""Which request is this?  Found from the request's greenlet and from all it started.

Three ways lead to it, the first that knows wins: :class:`RequestContext` used
with ``with``; the context variable, which tasks and ``bridge.spawn`` inherit;
and an attribute that greenlets get when the application spawns them, because
``gevent.spawn`` copies no context.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Final

from bridge.lowlevel import Greenlet, current_greenlet
from engine.request.exchange import Exchange

__all__ = [
    "NOT_IN_REQUEST",
    "RequestContext",
    "current_exchange",
    "enter_request",
    "follow_spawns",
    "the_request",
]

NOT_IN_REQUEST: Final = "you can call uwsgi api function only from the main callable"

_current: ContextVar[Exchange | None] = ContextVar("uwsgi_request", default=None)

enter_request = _current.set


def current_exchange() -> Exchange | None:
    """Return the request on whose behalf the caller runs, even if it is over; None outside of requests."""
    exchange = _current.get()
    if exchange is None:
        exchange = getattr(current_greenlet(), "exchange", None)
    return exchange


def the_request() -> Exchange:
    """Return the running request.

    :raises SystemError: outside of a request, or if it is over (the text is uWSGI's)
    """
    exchange = current_exchange()
    if exchange is None or exchange.is_ended():
        raise SystemError(NOT_IN_REQUEST)
    return exchange


def _on_spawn(greenlet: Any) -> None:
    """A greenlet is about to be scheduled; runs in the one that spawned it."""
    exchange = _current.get()
    if exchange is None:
        exchange = getattr(current_greenlet(), "exchange", None)
        if exchange is None:
            return
    if getattr(greenlet, "exchange", None) is None:
        greenlet.exchange = exchange


def follow_spawns() -> None:
    """Let greenlets know the request they were spawned in, from now on, in this process."""
    Greenlet.add_spawn_callback(_on_spawn)


class RequestContext:
    """A request to act for: ``with context: uwsgi.connection_fd()`` works in any greenlet and thread."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._tokens: list[Token[Exchange | None]] = []

    def __enter__(self) -> RequestContext:
        self._tokens.append(_current.set(self.exchange))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.reset(self._tokens.pop())

    def __repr__(self) -> str:
        return f"<uwsgi.RequestContext {self.exchange!r}>"
