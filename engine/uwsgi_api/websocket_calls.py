"""Websockets, as uWSGI's functions offer them."""

from __future__ import annotations

from typing import Any, Final

from engine.errors import HandshakeError, WebSocketClosed
from engine.request.exchange import Exchange
from engine.uwsgi_api.area_calls import AreaCalls
from engine.uwsgi_api.context import RequestContext, the_request
from engine.uwsgi_api.instance import Instance
from engine.uwsgi_api.public import public
from engine.uwsgi_api.texts import to_bytes
from engine.websocket.blocking import BlockingWebSocket
from engine.websocket.handshake import accept, websocket_of
from engine.websocket.offer import field

__all__ = ["WebSocketCalls"]

_RECEIVE: Final = "unable to receive websocket message"
_SEND: Final = "unable to send websocket message"
_ANYWHERE: Final = (
    "works in every greenlet of the request, in others with request_context=uwsgi.request_context()"
)


class WebSocketCalls:
    """Websockets"""

    def __init__(self, instance: Instance) -> None:
        self._areas = AreaCalls(instance)

    @public(
        "P0",
        differs="checks the whole request (RFC 6455); of several subprotocols offered the first is chosen, "
        "as one name must be",
    )
    def websocket_handshake(
        self,
        key: str | bytes = "",
        origin: str | bytes = "",
        proto: str | bytes = "",
        *,
        request_context: RequestContext | None = None,
    ) -> None:
        """Accept the websocket that the request asks for; what is left out is taken from the request.

        :raises IOError: if the request is no opening handshake
        """
        exchange = _request(request_context)
        if exchange is None or websocket_of(exchange) is not None:
            raise HandshakeError(500, "the request is a websocket already")
        offered = field(exchange.head, "sec-websocket-protocol").split(",")[0].strip()
        accept(
            exchange,
            key=_text(key, "key"),
            subprotocol=_text(proto, "proto") or offered or None,
            headers=[
                ("Sec-WebSocket-Origin", _text(origin, "origin") or field(exchange.head, "origin") or "*")
            ],
        )

    @public("P0", differs=_ANYWHERE)
    def websocket_recv(self, *, request_context: RequestContext | None = None) -> bytes:
        """Wait for the next message.

        :raises IOError: if the websocket is closed
        """
        message = _websocket(request_context, _RECEIVE).receive()
        return message.encode() if isinstance(message, str) else message

    @public("P0", differs=_ANYWHERE)
    def websocket_recv_nb(self, *, request_context: RequestContext | None = None) -> bytes:
        """The next message; ``b""`` if there is none now.

        :raises IOError: if the websocket is closed
        """
        message = _websocket(request_context, _RECEIVE).websocket.take()
        if message is None:
            return b""
        return message.encode() if isinstance(message, str) else message

    @public("P0", differs=_ANYWHERE)
    def websocket_send(
        self, message: str | bytes, /, *, request_context: RequestContext | None = None
    ) -> None:
        """Send a text message; waits while the client is slow.

        :raises IOError: if the websocket is closed, or the client took nothing for ``--socket-timeout``
        """
        _websocket(request_context, _SEND).send(to_bytes(message, "message"), text=True)

    @public("P0", differs=_ANYWHERE)
    def websocket_send_binary(
        self, message: str | bytes, /, *, request_context: RequestContext | None = None
    ) -> None:
        """Send a binary message; waits while the client is slow.

        :raises IOError: as :meth:`websocket_send`
        """
        _websocket(request_context, _SEND).send(to_bytes(message, "message"), text=False)

    @public("P1", differs=_ANYWHERE)
    def websocket_send_from_sharedarea(
        self, id: int, pos: int, length: int = 0, /, *, request_context: RequestContext | None = None
    ) -> None:
        """Send bytes of a shared area as a text message; without *length* up to its end."""
        data = self._areas.sharedarea_read(id, pos, length)
        _websocket(request_context, _SEND).send(data, text=True)

    @public("P1", differs=_ANYWHERE)
    def websocket_send_binary_from_sharedarea(
        self, id: int, pos: int, length: int = 0, /, *, request_context: RequestContext | None = None
    ) -> None:
        """Send bytes of a shared area as a binary message; without *length* up to its end."""
        data = self._areas.sharedarea_read(id, pos, length)
        _websocket(request_context, _SEND).send(data, text=False)


def _request(context: RequestContext | None) -> Exchange | None:
    """Return the request to act for; None if the one of a given context is over."""
    if context is None:
        return the_request()
    return None if context.exchange.is_ended() else context.exchange


def _websocket(context: RequestContext | None, otherwise: str) -> BlockingWebSocket:
    exchange = _request(context)
    websocket = None if exchange is None else websocket_of(exchange)
    if exchange is None or websocket is None:
        raise WebSocketClosed(otherwise, 1006, "there was no handshake, or the request is over")
    link: Any = exchange.link
    return BlockingWebSocket(websocket, link.new_parking, link.send_timeout())


def _text(value: str | bytes, what: str) -> str:
    return to_bytes(value, what).decode("latin-1")
