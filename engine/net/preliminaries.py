"""What happens between accept and the protocol: the TLS handshake."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from engine.net.listeners import Listener
from engine.net.tls.facts import tls_facts
from engine.net.tls.keeper import TlsKeeper
from engine.net.tls.sites import TlsSites

__all__ = ["Preliminaries"]


class Preliminaries:
    """Brings accepted sockets to their protocols.

    :param factories: protocol of a listener -> makes a connection; what is known of it beforehand,
        as environ keys, may be an argument
    :param by_alpn: protocol that a TLS client chose (RFC 7301) -> makes a connection; for those that
        are not there the listener's own protocol is spoken
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        factories: Mapping[str, Callable[..., Any]],
        log: Callable[[str], None],
        by_alpn: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self._loop = loop
        self._factories = factories
        self._log = log
        self._by_alpn = by_alpn or {}
        self.handshakes = 0
        """TLS handshakes that go on now."""

    async def connect(self, listener: Listener, sock: socket.socket) -> None:
        """Make the connection; whatever goes wrong costs only this client."""
        factory = self._factories[listener.protocol]
        try:
            if listener.tls is None:
                await self._loop.connect_accepted_socket(factory, sock)
            else:
                await self._shake_hands(listener.tls, factory, sock)
        except OSError as exc:  # also every ssl.SSLError
            sock.close()
            if listener.tls is not None and listener.tls.tls.verbose:
                self._log(f"TLS handshake on {listener.name} failed: {exc}")

    async def _shake_hands(self, keeper: TlsKeeper, factory: Callable[..., Any], sock: socket.socket) -> None:
        sites, timeout = keeper.sites, keeper.tls.handshake_timeout
        self.handshakes += 1
        try:
            await self._loop.connect_accepted_socket(
                lambda: _Greeter(sites, factory, self._by_alpn),
                sock,
                ssl=sites.context,
                ssl_handshake_timeout=timeout,
            )
        finally:
            self.handshakes -= 1


class _Greeter(asyncio.Protocol):
    """Lets the protocol in once the handshake has said which, and who the client is."""

    def __init__(
        self,
        sites: TlsSites,
        factory: Callable[..., Any],
        by_alpn: Mapping[str, Callable[..., Any]],
    ) -> None:
        self._sites = sites
        self._factory = factory
        self._by_alpn = by_alpn

    def connection_made(self, transport: Any) -> None:
        obj: ssl.SSLObject = transport.get_extra_info("ssl_object")
        if self._sites.refuses(obj):
            transport.abort()
            return
        factory = self._by_alpn.get(obj.selected_alpn_protocol() or "", self._factory)
        connection = factory(tls_facts(obj, self._sites.requested_name(obj)))
        transport.set_protocol(connection)
        connection.connection_made(transport)
