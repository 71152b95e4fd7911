"""The certificates of one listener, chosen by the name a client asks for (SNI, RFC 6066 section 3)."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator, Sequence
from typing import Final
from weakref import WeakKeyDictionary

from engine.config.tls import Certificate, Tls
from engine.errors import ConfigError
from engine.net.tls.context import server_context
from engine.net.tls.depth import authorities_between

__all__ = ["TlsSites"]

_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]*\.)*[a-z0-9_-]*")


class TlsSites:
    """Contexts by host name; fixed once made, but for files that appear in ``--sni-dir``.

    Python cannot give a connection another ``verify_mode`` once its host name is known, so where the
    sites differ all clients are asked for a certificate, and :meth:`refuses` tells whether a site must
    do without its client.

    :raises ConfigError: if a certificate cannot be used
    """

    def __init__(self, default: Certificate, tls: Tls, alpn: Sequence[str]) -> None:
        self._tls = tls
        self._alpn = tuple(alpn)
        self._files: set[str] = {tls.directory} - {""}
        self._required: set[ssl.SSLContext] = set()
        self._names: WeakKeyDictionary[ssl.SSLObject, str] = WeakKeyDictionary()
        self.context = self._new(default)
        self._by_name = {name: self._new(certificate) for name, certificate in tls.sites}
        if tls.sites or tls.directory:
            self.context.sni_callback = self._choose
        self._ask_for_certificates()

    def _contexts(self) -> Iterator[ssl.SSLContext]:
        yield self.context
        yield from self._by_name.values()

    def _new(self, certificate: Certificate) -> ssl.SSLContext:
        self._files |= {certificate.cert, certificate.key} | ({certificate.client_ca} - {""})
        context = server_context(certificate, self._alpn, self._tls.options)
        if certificate.client_required:
            self._required.add(context)
        return context

    def _ask_for_certificates(self) -> None:
        contexts = list(self._contexts())
        in_directory = _has_authorities(self._tls.directory)
        if not in_directory and all(each.verify_mode == ssl.CERT_NONE for each in contexts):
            return
        # A session must not be resumed at a site whose authorities never saw the client.
        for context in contexts:
            _without_resumption(context)
        if in_directory or len(self._required) < len(contexts):
            self.context.verify_mode = ssl.CERT_OPTIONAL

    def _choose(self, obj: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name is None:
            return
        name = name.lower().rstrip(".")
        if isinstance(obj, ssl.SSLObject):
            self._names[obj] = name
        context = self._find(name)
        if context is not None:
            obj.context = context

    def _find(self, name: str) -> ssl.SSLContext | None:
        context = self._by_name.get(name)
        if context is None and self._tls.directory:
            context = self._from_directory(name)
        if context is None:
            context = self._by_name.get("*." + name.partition(".")[2])
        return context

    def _from_directory(self, name: str) -> ssl.SSLContext | None:
        if not _HOST.fullmatch(name):
            return None  # it becomes the name of a file
        base = os.path.join(self._tls.directory, name)
        if not os.path.exists(base + ".crt"):
            return None
        ca = base + ".ca"
        has_ca = os.path.exists(ca)
        certificate = Certificate(
            base + ".crt", base + ".key", self._tls.directory_ciphers, ca if has_ca else "", has_ca
        )
        try:
            context = self._by_name[name] = self._new(certificate)
        except ConfigError:
            return None  # its files may be half written; the default certificate makes the client complain
        _without_resumption(context)
        return context

    def requested_name(self, obj: ssl.SSLObject) -> str:
        """Return the host name that the client asked for; empty if it named none."""
        return self._names.get(obj, "")

    def refuses(self, obj: ssl.SSLObject) -> bool:
        """Whether the site asks for a certificate that the client has not shown, or not one near enough."""
        if not obj.getpeercert(True):
            return obj.context in self._required
        depth = self._tls.depth
        return depth is not None and authorities_between(obj) > depth

    @property
    def are_separate(self) -> bool:
        """Whether some sites want to know who their clients are: a client of one is none of another."""
        return bool(self._required) and len(self._required) <= len(self._by_name)

    def serves(self, obj: ssl.SSLObject, host: str) -> bool:
        """Whether *host* is at the site whose certificate the client was shown."""
        return (self._find(host.rstrip(".")) or self.context) is obj.context

    def stamp(self) -> tuple[tuple[str, int, int, int], ...]:
        """Return what changes when one of the files does; they need not exist."""
        return tuple(_stamp_of(path) for path in sorted(self._files))

    def __repr__(self) -> str:
        return f"<TlsSites default and {', '.join(self._by_name) or 'no other'}>"


def _has_authorities(directory: str) -> bool:
    if not directory:
        return False
    try:
        return any(name.endswith(".ca") for name in os.listdir(directory))
    except OSError as exc:
        raise ConfigError(f"--sni-dir {directory}: {exc.strerror}") from exc


def _without_resumption(context: ssl.SSLContext) -> None:
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0


def _stamp_of(path: str) -> tuple[str, int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return path, 0, 0, 0
    return path, found.st_mtime_ns, found.st_size, found.st_ino
