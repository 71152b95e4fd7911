"""HTTP connections whose peer may be a proxy that speaks for its clients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.interfaces import Environ
from engine.net.frontend import FrontEnd
from engine.net.http1 import Http1Connection
from engine.protocols.forwarded import Told, read_forwarded
from engine.trust import TrustedPeers

__all__ = ["ForwardedConnection", "told_template"]


class ForwardedConnection(Http1Connection):
    """Takes the client's address and scheme from header fields, if the peer is trusted.

    :param wanted: the fields (``engine.protocols.forwarded.FIELDS``)
    """

    def __init__(
        self, front: FrontEnd, known: Environ | None, trusted: TrustedPeers, wanted: Sequence[str]
    ) -> None:
        Http1Connection.__init__(self, front, known)
        self._trusted = trusted
        self._wanted = wanted
        self._own: Environ | None = None
        """The template of the connection itself, once known to be a trusted proxy's."""
        self._asked = False

    def _begin(self, head: Any) -> Any:
        if not self._asked:
            self._asked = True
            own = self.environ_base()
            if self._trusted.trusts(own["REMOTE_ADDR"]):
                self._own = own
        if self._own is not None:
            self._template = told_template(self._own, head, self._trusted, self._wanted)
            self.memo = None  # what other applications made of the template
        return Http1Connection._begin(self, head)


def told_template(own: Environ, head: Any, trusted: TrustedPeers, wanted: Sequence[str]) -> Environ:
    """Return the template of one request of a trusted proxy; the host it tells replaces that of *head*.

    :param own: the template of the proxy's connection
    """
    told = read_forwarded(head.headers, wanted, trusted.trusts)
    template = {**own, **_facts(told)}
    if told.scheme == "http":
        template.pop("HTTPS", None)
    if told.host:
        head.headers = _with_host(head.headers, told.host.encode("latin-1"))
        head.section = None
    return template


def _facts(told: Told) -> Environ:
    facts: Environ = {}
    if told.address:
        facts["REMOTE_ADDR"] = told.address
        facts["REMOTE_PORT"] = told.port
    if told.scheme:
        facts["wsgi.url_scheme"] = told.scheme
        if told.scheme == "https":
            facts["HTTPS"] = "on"
    if told.server_port:
        facts["SERVER_PORT"] = told.server_port
    return facts


def _with_host(headers: list[tuple[bytes, bytes]], host: bytes) -> list[tuple[bytes, bytes]]:
    told = [(name, host if name == b"host" else value) for name, value in headers]
    return told if any(name == b"host" for name, _ in told) else [*told, (b"host", host)]
