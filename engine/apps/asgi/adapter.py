"""Calls an ASGI application for one request and deals with how that ends (ASGI specification 3.0).

Runs in the request's task.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from engine.apps.asgi.bell import Bell
from engine.apps.asgi.channel import HttpChannel
from engine.apps.asgi.scope import ScopeBuilder
from engine.apps.asgi.websocket import is_websocket, serve_websocket
from engine.errors import (
    BodyTimeout,
    BrokenBody,
    ClientDisconnected,
    ClientLeftError,
    HandshakeError,
    HarakiriError,
    ReplyError,
    WriteTimeout,
)
from engine.interfaces import ASGIApp
from engine.request.exchange import Exchange
from engine.request.io_errors import IO_ERRORS

__all__ = ["ASGIAdapter"]

_PLAIN_TEXT = [("Content-Type", "text/plain; charset=utf-8")]
_CLOSING = [("Connection", "close")]  # RFC 9110 section 15.5.9


class ASGIAdapter:
    """One application.

    :param timeout: longest wait for a client, in seconds
    :param in_greenlet: calls a function in a greenlet, where it may park
    :param show_errors: put the traceback into the 500 page (``--catch-exceptions``)
    :param on_failure: told of the exceptions that the application fails with
    """

    def __init__(
        self,
        app: ASGIApp,
        scopes: ScopeBuilder,
        log: Callable[[str], None],
        timeout: float,
        in_greenlet: Callable[..., Awaitable[Any]],
        show_errors: bool = False,
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._app = app
        self._scopes = scopes
        self._log = log
        self._timeout = timeout
        self._in_greenlet = in_greenlet
        self._show_errors = show_errors
        self._on_failure = on_failure
        self.failures = 0

    async def serve(self, exchange: Exchange) -> None:
        """Answer *exchange*; whatever is raised is for :meth:`failed`."""
        link: Any = exchange.link
        bell = Bell()
        link.tell(bell)
        scope = self._scopes.build(exchange.head, link)
        exchange.variable_count = len(scope["headers"])
        if exchange.head.upgrade is not None and is_websocket(exchange.head):
            await serve_websocket(self._app, exchange, scope, bell, self._timeout)
            return
        channel = HttpChannel(
            exchange,
            bell,
            self._timeout,
            self._in_greenlet,
            "http.response.trailers" in scope["extensions"],
        )
        try:
            await self._app(scope, channel.receive, channel.send)
            if not exchange.is_ended():
                raise ReplyError("the ASGI application returned before the reply was complete")
        except Exception as exc:
            # What it made of a client that went away, or sent nonsense, is not its failure.
            if channel.refused is not None:
                raise channel.refused from exc
            if channel.told_to_leave or (exchange.gone and type(exc) is ReplyError):
                raise ClientDisconnected("the client closed the connection") from exc
            raise
        finally:
            channel.close()

    def failed(self, exchange: Exchange, exc: BaseException) -> None:
        """Tell the client, as far as that is possible, and the log."""
        IO_ERRORS.request_failed(exchange, exc)
        if isinstance(exc, BrokenBody):
            self._end(exchange, str(exc.status), str(exc).encode())
            return
        if isinstance(exc, BodyTimeout):
            self._end(exchange, "408", str(exc).encode(), _CLOSING)
            return
        if isinstance(exc, HandshakeError):
            self._end(exchange, str(exc.status), exc.detail.encode(), exc.headers)
            return
        if isinstance(exc, WriteTimeout):
            self._log(f"{exchange.method} {exchange.uri} from {exchange.remote_addr}: {exc}")
        if isinstance(exc, WriteTimeout | ClientLeftError) or _comes_of_leaving(exc):
            if exchange.is_switched():
                exchange.finish()  # a client that closes its websocket breaks nothing off
            else:
                exchange.cut()
            return
        self.failures += 1
        if isinstance(exc, HarakiriError):  # its stack was logged when it was told to end
            self._end(exchange, "504", b"Gateway Timeout")
            return
        self._log("".join(traceback.format_exception(exc)).rstrip())
        if isinstance(exc, asyncio.CancelledError):
            self._end(exchange, "503", b"Service Unavailable")
            return
        if self._on_failure is not None:
            self._on_failure(exc)
        page = b"Internal Server Error"
        if self._show_errors:
            page = "".join(traceback.format_exception(exc)).encode()
        self._end(exchange, "500", page)

    def _end(
        self, exchange: Exchange, status: str, page: bytes, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        if exchange.is_ended():
            return
        if exchange.is_sent():
            exchange.cut()
            return
        try:
            exchange.replace(status, [*_PLAIN_TEXT, *headers], page)
            link: Any = exchange.link
            link.tell(None)
        except Exception:
            exchange.cut()


def _comes_of_leaving(exc: BaseException) -> bool:
    """Whether *exc* is what the application made of a client that went away."""
    seen: BaseException | None = exc
    while seen is not None:
        if isinstance(seen, ClientDisconnected):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
