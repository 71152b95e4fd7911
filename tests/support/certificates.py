"""Certificates for tests, made on the spot: an authority, servers and clients."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

from tests.support.addresses import Address, connect
from tests.support.http_client import HttpConnection
from tests.support.responses import ResponseReader

__all__ = ["Authority", "TlsConnection"]


class Authority:
    """A certificate authority whose files lie in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca = trustme.CA()
        self.ca_file = directory / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.ca_file))

    def server(self, *hosts: str, name: str = "") -> tuple[Path, Path]:
        """Write certificate and key of a server; return the two files."""
        leaf = self.ca.issue_cert(*hosts)
        cert = self.directory / f"{name or hosts[0].replace('*', 'star')}.crt"
        key = cert.with_suffix(".key")
        cert.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(str(key))
        return cert, key

    def client_context(self, identity: str | None = None, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
        """A context of a client that trusts this authority; with a certificate if ``identity`` is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ca.configure_trust(context)
        if identity is not None:
            self.ca.issue_cert(
                identity, common_name=identity, organization_name="Clients, Inc."
            ).configure_cert(context)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


class TlsConnection(HttpConnection):
    """One HTTP connection over TLS.

    :param host: the name to ask for and to find in the certificate
    """

    def __init__(
        self, address: Address, context: ssl.SSLContext, host: str = "localhost", *, timeout: float = 15.0
    ) -> None:
        plain = connect(address, timeout=timeout)
        try:
            self.tls = context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise
        self.sock = self.tls
        self.reader = ResponseReader(self.sock)

    def common_name(self) -> str:
        """A host name in the server's certificate."""
        certificate = self.tls.getpeercert()
        assert certificate is not None
        return str(certificate["subjectAltName"][0][1])
