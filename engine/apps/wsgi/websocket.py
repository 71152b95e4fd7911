"""``environ["wsgi.websocket"]``, as gevent-websocket offers it.

There the server shakes hands before it calls the application.  Here the first use of the object does, so
that an application may as well answer 403, or accept with ``uwsgi.websocket_handshake()``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from engine.errors import WebSocketClosed
from engine.interfaces import Environ
from engine.request.exchange import Exchange
from engine.websocket.blocking import BlockingWebSocket
from engine.websocket.handshake import accept, websocket_of
from engine.websocket.offer import offer_of

if TYPE_CHECKING:
    from engine.websocket.session import Message

__all__ = ["WSGIWebSocket", "WebSocketError"]

_ALREADY_CLOSED: Final = "Connection is already closed"
_DEAD: Final = "Socket is dead"
_THEIRS: Final = "geventwebsocket.exceptions"


class WebSocketError(OSError):
    """The websocket is closed; gevent-websocket's class of this name is raised where it was imported."""


class WSGIWebSocket:
    """The websocket a request asks for; accepted at first use."""

    def __init__(self, exchange: Exchange, environ: Environ) -> None:
        self._exchange = exchange
        self._socket: BlockingWebSocket | None = None
        self._told_end = False
        self.environ = environ
        self.handler: Any = None
        self.stream: Any = None

    # -- of the request; without a handshake -----------------------------------------------------

    @property
    def path(self) -> str:
        """PATH_INFO."""
        return str(self.environ["PATH_INFO"])

    @property
    def origin(self) -> str | None:
        """The page that opens the websocket, as its browser says."""
        return self.environ.get("HTTP_ORIGIN")

    @property
    def version(self) -> str | None:
        """The websocket version that the client speaks."""
        return self.environ.get("HTTP_SEC_WEBSOCKET_VERSION")

    @property
    def protocol(self) -> str | None:
        """The subprotocols that the client offers, as written."""
        return self.environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL")

    # -- the websocket ---------------------------------------------------------------------------

    def accept(self, subprotocol: str | None = None, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Shake hands now; gevent-websocket has no such method.

        :param subprotocol: None: the first that the client offers
        :param headers: more of them for the answer
        :raises HandshakeError: if the request is no opening handshake
        """
        exchange = self._exchange
        websocket = websocket_of(exchange)
        if websocket is None:
            offered = offer_of(exchange.head).subprotocols
            chosen = subprotocol or (offered[0] if offered else None)
            websocket = accept(exchange, subprotocol=chosen, headers=headers)
        link: Any = exchange.link
        self._socket = BlockingWebSocket(websocket, link.new_parking, link.send_timeout())

    def _accepted(self) -> BlockingWebSocket:
        if self._socket is None:
            self.accept()
        assert self._socket is not None
        return self._socket

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return not self._accepted().websocket.is_open()

    def receive(self) -> Message | None:
        """Wait for the next message and return it, text as str; None once the websocket is closed.

        :raises WebSocketError: if None was returned before
        """
        try:
            return self._accepted().receive()
        except WebSocketClosed as error:
            if self._told_end:
                raise _error(_ALREADY_CLOSED) from error
            self._told_end = True
            return None

    def send(self, message: Message | bytearray | memoryview | None, binary: bool | None = None) -> None:
        """Send a message, text if it is a str unless *binary* says otherwise; wait while the client is slow.

        :raises WebSocketError: if the websocket is closed
        """
        if message is None:
            message = ""
        text = isinstance(message, str) if binary is None else not binary
        data = message if isinstance(message, str | bytes) else bytes(message)
        socket = self._accepted()
        try:
            socket.send(data, text)
        except WebSocketClosed as error:
            raise _error(_DEAD) from error

    def close(self, code: int = 1000, message: str | bytes = "") -> None:
        """Close the websocket; nothing happens if it is closed.

        :raises ValueError: if *code* or *message* may not be sent
        """
        reason = message.decode() if isinstance(message, bytes) else message
        self._accepted().websocket.close(code, reason)

    def __repr__(self) -> str:
        return f"<wsgi.websocket {self._socket or 'not accepted yet'!r}>"


def _error(text: str) -> OSError:
    theirs: Any = getattr(sys.modules.get(_THEIRS), "WebSocketError", None)
    return WebSocketError(text) if theirs is None else theirs(text)
