"""What the operator decides about websockets."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WebSocketSettings"]


@dataclass(frozen=True, slots=True)
class WebSocketSettings:
    """Options of all websockets of a server; sizes in bytes, times in seconds.

    :param max_size: longest message of a client, after decompression; 0 means any
    :param ping_interval: silence of a client after which it gets a ping; 0 means never
    :param pong_tolerance: how long it may take to answer that
    :param deflate: use permessage-deflate (RFC 7692) with clients that offer it
    :param close_timeout: how long a client may take to answer a close frame
    """

    max_size: int = 1024 * 1024
    ping_interval: float = 30.0
    pong_tolerance: float = 3.0
    deflate: bool = True
    close_timeout: float = 5.0
