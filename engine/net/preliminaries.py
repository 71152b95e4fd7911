"""What happens between accept and the protocol: a PROXY header, the TLS handshake."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import ProtocolError
from engine.interfaces import Environ
from engine.net.listeners import Listener
from engine.net.proxied import read_from
from engine.net.tls.facts import tls_facts
from engine.net.tls.keeper import TlsKeeper
from engine.net.tls.sites import TlsSites
from engine.trust import TrustedPeers

__all__ = ["Preliminaries"]

_PROXY_TIMEOUT = 10.0  # seconds; proxies send the header with the first bytes


class Preliminaries:
    """Brings accepted sockets to their protocols.

    :param factories: ``Listener.spoken`` -> makes a connection; what is known of it beforehand,
        as environ keys, may be an argument
    :param proxies: peers that send a PROXY header on every HTTP connection
    :param by_alpn: protocol that a TLS client chose (RFC 7301) -> makes a connection; for those that
        are not there the listener's own protocol is spoken
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        factories: Mapping[str, Callable[..., Any]],
        log: Callable[[str], None],
        proxies: TrustedPeers | None = None,
        by_alpn: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self._loop = loop
        self._factories = factories
        self._log = log
        self._proxies = proxies or TrustedPeers(())
        self._by_alpn = by_alpn or {}

    async def connect(self, listener: Listener, sock: socket.socket) -> None:
        """Make the connection; whatever goes wrong costs only this client."""
        factory = self._factories[listener.spoken]
        known: Environ | None = None
        try:
            if self.has_proxies(listener) and self._proxies.trusts(_address_of(sock)):
                known = await self._read_proxy_header(sock)
            if listener.tls is not None:
                await self._shake_hands(listener.tls, factory, sock, known)
            elif known is None:
                await self._loop.connect_accepted_socket(factory, sock)
            else:
                await self._loop.connect_accepted_socket(lambda: factory(known), sock)
        except asyncio.CancelledError:
            sock.close()
            raise
        except ProtocolError as exc:
            sock.close()
            self._log(f"refused a connection on {listener.name}: {exc.detail}")
        except OSError as exc:  # also every ssl.SSLError and TimeoutError
            sock.close()
            if listener.tls is not None and listener.tls.tls.verbose:
                self._log(f"TLS handshake on {listener.name} failed: {exc}")

    def has_proxies(self, listener: Listener) -> bool:
        """Whether a PROXY header may precede what is spoken there."""
        return listener.protocol in ("http", "redirect") and bool(self._proxies)

    async def _read_proxy_header(self, sock: socket.socket) -> Environ:
        async with asyncio.timeout(_PROXY_TIMEOUT):
            header = await read_from(self._loop, sock)
        known: Environ = {"REMOTE_ADDR": header.source, "REMOTE_PORT": str(header.source_port)}
        if not header.source:
            return {}
        if header.tls:
            known.update({"HTTPS": "on", "wsgi.url_scheme": "https"})
        return known

    async def _shake_hands(
        self, keeper: TlsKeeper, factory: Callable[..., Any], sock: socket.socket, known: Environ | None
    ) -> None:
        sites, timeout = keeper.sites, keeper.tls.handshake_timeout
        await self._loop.connect_accepted_socket(
            lambda: _Greeter(sites, factory, self._by_alpn, known or {}),
            sock,
            ssl=sites.context,
            ssl_handshake_timeout=timeout,
        )


def _address_of(sock: socket.socket) -> str:
    """The peer's address; empty for a unix socket."""
    name = sock.getpeername()
    return str(name[0]) if isinstance(name, tuple) else ""


class _Greeter(asyncio.Protocol):
    """Lets the protocol in once the handshake has said which, and who the client is."""

    def __init__(
        self,
        sites: TlsSites,
        factory: Callable[..., Any],
        by_alpn: Mapping[str, Callable[..., Any]],
        known: Environ,
    ) -> None:
        self._sites = sites
        self._factory = factory
        self._by_alpn = by_alpn
        self._known = known

    def connection_made(self, transport: Any) -> None:
        obj: ssl.SSLObject = transport.get_extra_info("ssl_object")
        if self._sites.refuses(obj):
            transport.abort()
            return
        factory = self._by_alpn.get(obj.selected_alpn_protocol() or "", self._factory)
        sites = self._sites
        connection = factory({**self._known, **tls_facts(obj, sites.requested_name(obj))})
        if sites.are_separate and hasattr(connection, "serves"):
            connection.serves = lambda host: sites.serves(obj, host)
        transport.set_protocol(connection)
        connection.connection_made(transport)
