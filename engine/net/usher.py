"""Tells HTTP/2 from HTTP/1 by the first bytes of a connection without TLS (RFC 9113 section 3.4)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from engine.interfaces import Environ
from engine.net.frontend import FrontEnd

__all__ = ["PREFACE", "Usher"]

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Usher(asyncio.Protocol):
    """Waits for the first bytes, then lets the right protocol in and is gone.

    :param known: what is known of the client beforehand, as environ keys
    :param http1: makes a connection
    :param http2: makes a connection
    """

    def __init__(
        self,
        front: FrontEnd,
        known: Environ | None,
        http1: Callable[..., Any],
        http2: Callable[..., Any],
    ) -> None:
        self._front = front
        self._known = known
        self._http1 = http1
        self._http2 = http2
        self._transport: Any = None
        self._seen = b""
        self._since = time.monotonic()
        self.deadline = self._since + front.head_timeout

    def connection_made(self, transport: Any) -> None:
        """A client was accepted."""
        self._transport = transport
        self._front.join(self)

    def data_received(self, data: bytes) -> None:
        """Bytes arrived: do they tell?"""
        self._seen += data
        seen = self._seen
        if len(seen) < len(PREFACE) and PREFACE.startswith(seen):
            return
        factory = self._http2 if seen.startswith(PREFACE) else self._http1
        self._let_in(factory(self._known)).data_received(seen)

    def _let_in(self, connection: Any) -> Any:
        transport, self._transport = self._transport, None
        transport.set_protocol(connection)
        connection.connection_made(transport)
        self._front.forget(self)
        return connection

    def eof_received(self) -> bool:
        """The client has finished sending."""
        if self._transport is not None and self._seen:
            connection = self._let_in(self._http1(self._known))
            connection.data_received(self._seen)
            return bool(connection.eof_received())
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._transport = None
        self._front.forget(self)

    def expire(self) -> None:
        """Too late."""
        if self._transport is not None:
            self._transport.close()

    def waiting_since(self) -> float:
        """Since when, in ``time.monotonic()``."""
        return self._since

    def shed(self) -> None:
        """Close, to make room for another."""
        self.expire()

    def close_if_idle(self) -> bool:
        """Close; the server is stopping."""
        self.expire()
        return True

    def __repr__(self) -> str:
        return f"<Usher, {len(self._seen)} bytes seen>"
