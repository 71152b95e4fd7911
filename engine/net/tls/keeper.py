"""Keeps the certificates of a listener fresh: new connections get new files, open ones stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.config.tls import Certificate, Tls
from engine.errors import ConfigError
from engine.net.tls.sites import TlsSites

__all__ = ["HTTP2_ALPN", "HTTP_ALPN", "TlsKeeper"]

HTTP_ALPN = ("http/1.1",)
"""What HTTP listeners offer (RFC 7301 section 6)."""

HTTP2_ALPN = ("h2", "http/1.1")
"""What they offer with HTTP/2, the preferred one first (RFC 9113 section 3.2)."""


class TlsKeeper:
    """The certificates of one listener.

    Made before privileges are dropped, so the first keys may be readable by root only; later ones are
    read by the workers.

    :raises ConfigError: if a certificate cannot be used
    """

    def __init__(self, certificate: Certificate, tls: Tls, alpn: Sequence[str]) -> None:
        self._certificate = certificate
        self._alpn = alpn
        self.tls = tls
        self.sites = TlsSites(certificate, tls, alpn)
        self._stamp = self.sites.stamp()
        self._complained_of: object = None

    def renew(self, log: Callable[[str], None], always: bool = False) -> bool:
        """Read the files again if they have changed; true if new connections get something else.

        What cannot be used is left for the next look: key and certificate are seldom replaced in
        the same moment.
        """
        stamp = self.sites.stamp()
        if stamp == self._stamp and not always:
            return False
        try:
            self.sites = TlsSites(self._certificate, self.tls, self._alpn)
        except ConfigError as error:
            if stamp != self._complained_of:
                self._complained_of = stamp
                log(f"the certificate {self._certificate.cert} stays in use: {error}")
            return False
        self._stamp = stamp
        self._complained_of = None
        log(f"read the certificate {self._certificate.cert} again")
        return True

    def __repr__(self) -> str:
        return f"<TlsKeeper of {self._certificate.cert}: {self.sites!r}>"
