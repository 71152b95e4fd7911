"""Options of websockets, under whatever interface the application uses them."""

from __future__ import annotations

from typing import Final

from engine.config.options.record import Option
from engine.config.values import NUMBER, SECONDS, Kind, choice

__all__ = ["WEBSOCKETS"]

WEBSOCKETS: Final = (
    Option(
        "websockets-max-size",
        Kind("KIB", NUMBER.parse),
        "Longest message of a websocket client in KiB, after decompression; 0 means no limit. "
        "A longer one closes the websocket with code 1009.",
        aliases=("websocket-max-size",),
        default=1024,
        page="WebSockets.html",
    ),
    Option(
        "websockets-ping-freq",
        SECONDS,
        "Send a ping to a websocket client that was silent for so many seconds; 0 means never.",
        aliases=("websocket-ping-freq",),
        default=30,
        page="WebSockets.html",
    ),
    Option(
        "websockets-pong-tolerance",
        SECONDS,
        "Seconds a websocket client has to answer a ping; after that the connection is cut.",
        aliases=("websocket-pong-tolerance",),
        default=3,
        page="WebSockets.html",
    ),
    Option(
        "websockets-deflate",
        choice("on", "off"),
        "Compress messages (permessage-deflate, RFC 7692) of websocket clients that offer to. "
        "Costs about 45 KiB for each of them.",
        default="on",
        page="-",
    ),
)
