"""Accepting a websocket: from a request to a :class:`WebSocket` on its connection (RFC 6455 section 4.2)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from engine.errors import HandshakeError
from engine.protocols.websocket import WebSocketSettings
from engine.request.exchange import Exchange
from engine.websocket.library import require
from engine.websocket.offer import check, is_in_frames, offer_of
from engine.websocket.websocket import WebSocket

if TYPE_CHECKING:
    from websockets.extensions import Extension

__all__ = ["accept", "websocket_of"]

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
# 4 KiB of window instead of 32 on either side: tens instead of hundreds of kilobytes per client, and
# messages are seldom longer (the choice of the library's own server).
_WINDOW_BITS: Final = 12
_MEMORY_LEVEL: Final = 5


def accept(
    exchange: Exchange,
    *,
    key: str = "",
    subprotocol: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> WebSocket:
    """Agree to the websocket that a request asks for; nothing else can be answered afterwards.

    :param key: instead of the request's own
    :param subprotocol: one of those the client offers; None: no word about it
    :param headers: more of them for the answer
    :raises HandshakeError: if the request is no opening handshake; it can still be answered
    :raises LibraryMissing: if the library is not installed
    :raises ClientDisconnected: if the client is gone
    """
    require()
    from engine.websocket.session import Session

    head = exchange.head
    offer = offer_of(head)
    key = key or offer.key
    check(head, offer, key)
    if exchange.is_started():
        raise HandshakeError(500, "the application has begun to answer the request already")
    carrier: Any = exchange.link
    settings: WebSocketSettings = carrier.websocket_settings()
    in_frames = is_in_frames(head)
    answer = [] if in_frames else [("Sec-WebSocket-Accept", _answer_to(key))]
    if subprotocol:
        answer.append(("Sec-WebSocket-Protocol", subprotocol))
    extensions: list[Extension] = []
    if settings.deflate and offer.extensions:
        agreed, extensions = _agree(offer.extensions)
        if agreed:
            answer.append(("Sec-WebSocket-Extensions", agreed))
    session = Session(settings.max_size, extensions)
    websocket = WebSocket(session, settings, subprotocol, carrier.report)
    if in_frames:
        exchange.open_tunnel([*answer, *headers], websocket)
    else:
        exchange.switch("websocket", [*answer, *headers], websocket)
    return websocket


def websocket_of(exchange: Exchange) -> WebSocket | None:
    """Return the websocket that a request has become; None if it has not."""
    tunnel: Any = getattr(exchange.link, "tunnel", None)
    return None if tunnel is None else tunnel.guest


def _answer_to(key: str) -> str:
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()


def _agree(offered: str) -> tuple[str, list[Extension]]:
    """Settle on the first permessage-deflate of the client that can be spoken (RFC 7692 section 5)."""
    from websockets.exceptions import InvalidHeader, NegotiationError
    from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
    from websockets.headers import build_extension, parse_extension

    factory = ServerPerMessageDeflateFactory(
        server_max_window_bits=_WINDOW_BITS,
        client_max_window_bits=_WINDOW_BITS,
        compress_settings={"memLevel": _MEMORY_LEVEL},
    )
    try:
        asked = parse_extension(offered)
    except InvalidHeader as error:
        raise HandshakeError(400, "Sec-WebSocket-Extensions is malformed") from error
    for name, parameters in asked:
        if name != factory.name:
            continue
        try:
            settled, extension = factory.process_request_params(parameters, [])
        except NegotiationError:
            continue
        return build_extension([(name, settled)]), [extension]
    return "", []
