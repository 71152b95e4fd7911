"""What the operator decides about HTTP/2."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Http2Settings"]


@dataclass(frozen=True, slots=True)
class Http2Settings:
    """Where HTTP/2 is spoken.

    :param tls: offered to TLS clients (ALPN, RFC 9113 section 3.2)
    :param cleartext: without TLS, to clients that begin with it (prior knowledge, section 3.3)
    :param max_streams: requests that one client may have open at once on a connection
    """

    tls: bool = False
    cleartext: bool = False
    max_streams: int = 100
