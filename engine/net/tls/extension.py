"""What TLS tells an ASGI application: the extension ``tls`` of a scope (ASGI TLS extension 0.2)."""

from __future__ import annotations

import ssl
from typing import Any, Final

from engine.net.tls.context import shown_certificate
from engine.net.tls.facts import subject_name

__all__ = ["tls_extension"]

# Numbers of the versions in their own specifications (RFC 5246 section 6.2.1, RFC 8446 section 4.2.1).
_VERSIONS: Final = {"TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
_suites: dict[str, int | None] = {}


def tls_extension(obj: ssl.SSLObject) -> dict[str, Any]:
    """Return the extension for a connection whose handshake is done.

    ``client_cert_error`` is always None: who shows a certificate that does not hold gets no connection.
    """
    chain = _client_chain(obj)
    return {
        "server_cert": shown_certificate(obj.context),
        "client_cert_chain": chain,
        "client_cert_name": subject_name(obj.getpeercert()) if chain else None,
        "client_cert_error": None,
        "tls_version": _VERSIONS.get(obj.version() or ""),
        "cipher_suite": _suite(obj),
    }


def _client_chain(obj: ssl.SSLObject) -> tuple[str, ...]:
    """The certificates that the client has sent, its own first, in PEM."""
    own = obj.getpeercert(True)
    if not own:
        return ()
    connection: Any = obj
    if hasattr(obj, "get_unverified_chain"):  # public since Python 3.13
        sent = connection.get_unverified_chain()
    else:
        sent = [each.public_bytes(2) for each in connection._sslobj.get_unverified_chain() or ()]  # 2: DER
    if not sent or sent[0] != own:
        sent = [own, *sent]
    return tuple(ssl.DER_cert_to_PEM_cert(each) for each in sent)


def _suite(obj: ssl.SSLObject) -> int | None:
    """The number of the cipher suite (RFC 8446 appendix B.4); Python itself tells the name only."""
    cipher = obj.cipher()
    if cipher is None:
        return None
    name = cipher[0]
    if name not in _suites:
        known = {each["name"]: each["id"] & 0xFFFF for each in obj.context.get_ciphers()}
        _suites[name] = known.get(name)
    return _suites[name]
