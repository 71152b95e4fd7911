"""Websockets of ASGI applications (ASGI HTTP & WebSocket specification, "WebSocket").

The seam between the request side and ``engine.websocket``: :class:`~engine.apps.asgi.adapter.ASGIAdapter`
calls :func:`serve_websocket` for each request for which :func:`is_websocket` is true, in the task of the
request.  Until it is filled in, offers to change the protocol are not taken up, and such a request is an
ordinary one (RFC 9110 section 7.8).
"""

from __future__ import annotations

from typing import Any

from engine.apps.asgi.bell import Bell
from engine.interfaces import ASGIApp, Scope
from engine.request.exchange import Exchange

__all__ = ["is_websocket", "serve_websocket"]


def is_websocket(head: Any) -> bool:
    """Whether the request asks for a websocket that :func:`serve_websocket` can give it."""
    return False


async def serve_websocket(app: ASGIApp, exchange: Exchange, scope: Scope, bell: Bell) -> None:
    """Run the application on a websocket until one of the two ends it.

    What it raises is the application's failure: logged, and answered with 500 where nothing was sent.
    ``CancelledError`` means harakiri, or that the worker's mercy is over.

    :param exchange: of the handshake; ``exchange.link`` is the connection
    :param scope: as for HTTP; ``type``, ``scheme`` and ``subprotocols`` are still to be set
    :param bell: rung when the connection has room to write again, and when it ends
    """
    raise NotImplementedError
