"""Which class speaks with the clients of HTTP sockets; what is optional is imported only where it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.config.settings import Settings
from engine.net.frontend import FrontEnd
from engine.net.http1 import Http1Connection
from engine.trust import TrustedPeers

__all__ = ["alpn_factories", "http_factory"]


def http_factory(front: FrontEnd, settings: Settings) -> Callable[..., Any]:
    """Return what makes the connections of clients that have not said what they speak."""
    http1 = _http1_factory(front, settings)
    if not settings.http2.cleartext:
        return http1
    from engine.net.usher import Usher

    http2 = _http2_factory(front, settings)
    return lambda known=None: Usher(front, known, http1, http2)


def alpn_factories(front: FrontEnd, settings: Settings) -> Mapping[str, Callable[..., Any]]:
    """Return what makes the connections of TLS clients, by the protocol agreed on (RFC 7301)."""
    if not settings.http2.tls:
        return {}
    return {"h2": _http2_factory(front, settings), "http/1.1": _http1_factory(front, settings)}


def _http1_factory(front: FrontEnd, settings: Settings) -> Callable[..., Any]:
    trusted = TrustedPeers(settings.forwarded_from)
    if not trusted:
        return lambda known=None: Http1Connection(front, known)
    from engine.net.forwarded import ForwardedConnection

    fields = settings.forwarded_fields
    return lambda known=None: ForwardedConnection(front, known, trusted, fields)


def _http2_factory(front: FrontEnd, settings: Settings) -> Callable[..., Any]:
    from engine.net.http2 import Http2Connection

    trusted = TrustedPeers(settings.forwarded_from)
    most, fields = settings.http2.max_streams, settings.forwarded_fields
    return lambda known=None: Http2Connection(front, known, most, trusted, fields)
