"""What a client that wants a websocket says in its request (RFC 6455 section 4.1)."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from typing import Any

from engine.errors import HandshakeError
from engine.protocols.events import RequestHead

__all__ = ["Offer", "check", "field", "is_in_frames", "is_offered", "offer_of", "stand_ins"]


@dataclass(frozen=True, slots=True)
class Offer:
    """The fields of the request; lists as written."""

    key: str
    version: str
    subprotocols: tuple[str, ...]
    extensions: str


def field(head: Any, name: str) -> str:
    """Return a header of an HTTP or uwsgi request, repetitions joined; empty if there is none."""
    if type(head) is RequestHead:
        wanted = name.encode()
        return ", ".join(value.decode("latin-1") for each, value in head.headers if each == wanted)
    return str(head.variables.get("HTTP_" + name.upper().replace("-", "_"), ""))


def stand_ins() -> dict[str, str]:
    """Return environ keys that HTTP/2 has no fields for, and that WSGI libraries look for."""
    key = base64.b64encode(os.urandom(16)).decode()
    return {"HTTP_CONNECTION": "Upgrade", "HTTP_UPGRADE": "websocket", "HTTP_SEC_WEBSOCKET_KEY": key}


def is_offered(head: Any) -> bool:
    """Whether the request asks for a websocket."""
    if type(head) is RequestHead:
        return head.upgrade == b"websocket"
    return "websocket" in field(head, "upgrade").lower()


def is_in_frames(head: Any) -> bool:
    """Whether HTTP/2 is to carry the websocket (RFC 8441): no key is exchanged then."""
    return type(head) is RequestHead and head.http_version == "2.0"


def offer_of(head: Any) -> Offer:
    """Return what the client offers; nothing is checked."""
    listed = field(head, "sec-websocket-protocol").split(",")
    return Offer(
        field(head, "sec-websocket-key"),
        field(head, "sec-websocket-version"),
        tuple(name for name in map(str.strip, listed) if name),
        field(head, "sec-websocket-extensions"),
    )


def check(head: Any, offer: Offer, key: str) -> None:
    """Refuse what is no opening handshake (RFC 6455 section 4.2.1).

    uWSGI checks the key only, and that there is one.

    :raises HandshakeError: with the status that tells the client why
    """
    if head.method != "GET" or head.has_body:
        raise HandshakeError(400, "a websocket begins with a GET request without a body")
    if type(head) is RequestHead and (head.upgrade != b"websocket" or head.http_version == "1.0"):
        raise HandshakeError(
            400, "this address speaks websockets: send 'Connection: Upgrade' and 'Upgrade: websocket'"
        )
    if offer.version != "13":
        raise HandshakeError(
            400,
            f"websocket version {offer.version or '(none)'} is not spoken here, only 13",
            (("Sec-WebSocket-Version", "13"),),
        )
    if is_in_frames(head):
        return
    try:
        size = len(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if size != 16:
        raise HandshakeError(400, "Sec-WebSocket-Key is missing, or not 16 bytes in base64")
