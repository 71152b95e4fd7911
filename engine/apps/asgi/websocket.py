"""Websockets of ASGI applications (ASGI HTTP & WebSocket specification, "WebSocket").

The application is asked before the handshake: it accepts, or refuses with a reply of its own
(extension ``websocket.http.response``) or with 403.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from engine.apps.asgi.bell import Bell
from engine.errors import ClientDisconnected, ReplyError, WebSocketClosed, WriteTimeout
from engine.interfaces import ASGIApp, Message, Scope
from engine.request.exchange import Exchange
from engine.request.io_errors import IO_ERRORS
from engine.websocket.handshake import accept
from engine.websocket.library import require
from engine.websocket.offer import check, is_offered, offer_of
from engine.websocket.websocket import WebSocket

__all__ = ["is_websocket", "serve_websocket"]

is_websocket = is_offered

_SCHEMES: Final = {"http": "ws", "https": "wss"}
_REFUSED: Final = "403"


async def serve_websocket(
    app: ASGIApp, exchange: Exchange, scope: Scope, bell: Bell, patience: float
) -> None:
    """Run the application on a websocket until one of the two ends it.

    What it raises is the application's failure: logged, and answered with 500 where nothing was sent, with
    close code 1011 later.  ``CancelledError`` means harakiri, or that the worker's mercy is over.

    :param exchange: of the handshake; ``exchange.link`` is the connection
    :param scope: as for HTTP; made one of a websocket here
    :param bell: rung when the connection has room to write again, and when it ends
    :param patience: longest wait for the client to take something, in seconds
    :raises HandshakeError: if the request is no opening handshake; the application is not called then
    """
    require()
    head: Any = exchange.head
    offer = offer_of(head)
    check(head, offer, offer.key)
    del scope["method"]
    scope["type"] = "websocket"
    scope["scheme"] = _SCHEMES.get(scope["scheme"], "ws")
    scope["subprotocols"] = list(offer.subprotocols)
    tls = scope["extensions"].get("tls")
    scope["extensions"] = {"websocket.http.response": {}}
    if tls is not None:
        scope["extensions"]["tls"] = tls
    channel = WebSocketChannel(exchange, bell, patience)
    try:
        await app(scope, channel.receive, channel.send)
        channel.finish()
    except Exception as exc:
        # Frameworks raise an error of their own that has the code when they hear of the end.
        if channel.code_told is not None and getattr(exc, "code", None) == channel.code_told:
            raise ClientDisconnected("the websocket was closed") from exc
        raise
    finally:
        channel.close()


class WebSocketChannel:
    """What an application is called with, for one websocket; its tasks may use both ends at once."""

    __slots__ = ("_bell", "_exchange", "_link", "_refusing", "_timeout", "_told", "_websocket", "code_told")

    def __init__(self, exchange: Exchange, bell: Bell, timeout: float) -> None:
        self._exchange = exchange
        self._link: Any = exchange.link
        self._bell = bell
        self._timeout = timeout
        self._told = False
        self._refusing = False
        self._websocket: WebSocket | None = None
        self.code_told: int | None = None
        """The code of the end, if the application has heard of it."""

    # -- what the client sends ---------------------------------------------------------------

    async def receive(self) -> Message:
        """Return ``websocket.connect``, then messages, at last ``websocket.disconnect``, over and over."""
        if not self._told:
            self._told = True
            return {"type": "websocket.connect"}
        while self._websocket is None:
            if self._refusing or self._exchange.is_ended() or self._link.peer_left():
                return self._disconnect(1006, "")
            await self._bell.wait()
        while True:
            try:
                message = self._websocket.take()
            except WebSocketClosed as end:
                return self._disconnect(end.code, end.reason)
            if message is not None:
                kind = "text" if isinstance(message, str) else "bytes"
                return {"type": "websocket.receive", kind: message}
            await self._bell.wait()

    def _disconnect(self, code: int, reason: str) -> Message:
        self.code_told = code
        return {"type": "websocket.disconnect", "code": code, "reason": reason}

    # -- what the application sends ----------------------------------------------------------

    async def send(self, message: Message) -> None:
        """Take what the application has to say; return when there is room for the next.

        :raises ReplyError: if it is not its turn
        :raises WebSocketClosed: if the websocket is closed
        """
        kind = message["type"]
        if kind == "websocket.send" and self._websocket is not None:
            await self._send_message(self._websocket, message)
        elif kind == "websocket.close" and self._websocket is not None:
            self._websocket.close(message.get("code") or 1000, message.get("reason") or "")
        elif self._websocket is not None or self._exchange.is_ended():
            raise ReplyError(f"the ASGI message {kind!r} came after the end of the handshake")
        elif kind == "websocket.http.response.body" and self._refusing:
            await self._send_body(message)
        elif self._refusing:
            raise ReplyError(f"the ASGI message {kind!r} came where the body of the refusal was expected")
        elif kind == "websocket.accept":
            self._accept(message)
        elif kind == "websocket.close":
            self._refusing = True
            self._exchange.start_response(_REFUSED, [])
            self._exchange.send_all(b"")
            self._exchange.finish()
        elif kind == "websocket.http.response.start":
            self._refusing = True
            self._exchange.start_response(str(message["status"]), _pairs(message.get("headers", ())))
        else:
            raise ReplyError(f"the ASGI message {kind!r} came where 'websocket.accept' was expected")

    def _accept(self, message: Message) -> None:
        headers = _pairs(message.get("headers") or ())
        self._websocket = websocket = accept(
            self._exchange, subprotocol=message.get("subprotocol"), headers=headers
        )
        websocket.wakers.append(self._bell.unpark)
        self._bell.unpark()

    async def _send_message(self, websocket: WebSocket, message: Message) -> None:
        while websocket.is_full():
            if not await self._bell.wait(self._timeout) and websocket.is_full():
                websocket.abort()
                raise self._lost()
        text = message.get("text")
        if text is not None:
            websocket.send(text, True)
        else:
            websocket.send(bytes(message["bytes"]), False)

    def _lost(self) -> WriteTimeout:
        error = WriteTimeout(f"the client took nothing for {self._timeout:g} seconds")
        IO_ERRORS.write_failed(self._exchange, error)
        return error

    async def _send_body(self, message: Message) -> None:
        exchange = self._exchange
        data = bytes(message.get("body", b""))
        more = message.get("more_body", False)
        if more:
            exchange.write(data)
        else:
            exchange.send_all(data)
        while self._link.is_full():
            if not await self._bell.wait(self._timeout) and self._link.is_full():
                raise self._lost()
        if not more:
            exchange.finish()

    # -- the end -----------------------------------------------------------------------------

    def finish(self) -> None:
        """The application has returned: close what it has not.

        :raises ReplyError: if it has not answered the handshake
        """
        if self._exchange.is_switched():
            self._exchange.finish()
        elif not self._exchange.is_ended():
            if self._link.peer_left():
                raise ClientDisconnected("the client closed the connection")
            raise ReplyError(
                "the ASGI application returned without 'websocket.accept' or 'websocket.close', or before "
                "its refusal was complete"
            )

    def close(self) -> None:
        """The request is over: tasks that still wait look again."""
        if self._exchange.is_ended() and self._websocket is None:
            self._link.tell(None)  # the next request of the connection may be one that parks
        self._bell.unpark()


def _pairs(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in headers]
