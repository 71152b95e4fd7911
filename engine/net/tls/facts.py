"""What TLS tells a request, as environ keys.

uWSGI's are ``HTTPS``, ``HTTPS_DN`` and ``HTTPS_CC``; the others are those of Apache's mod_ssl.
"""

from __future__ import annotations

import ssl
from typing import Any, Final

from engine.interfaces import Environ

__all__ = ["subject_name", "tls_facts"]

# RFC 4514 section 3 and what OpenSSL prints; other types keep the name Python gives them.
_SHORT: Final = {
    "commonName": "CN",
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "domainComponent": "DC",
    "userId": "UID",
}


def tls_facts(obj: ssl.SSLObject, requested_name: str) -> Environ:
    """Return the environ keys of a connection whose handshake is done."""
    cipher = obj.cipher()
    facts: Environ = {
        "HTTPS": "on",
        "wsgi.url_scheme": "https",
        "SSL_PROTOCOL": obj.version() or "",
        "SSL_CIPHER": cipher[0] if cipher else "",
        "SSL_CLIENT_VERIFY": "NONE",
    }
    if requested_name:
        facts["SSL_TLS_SNI"] = requested_name
    certificate = obj.getpeercert()
    raw = obj.getpeercert(True)
    if certificate and raw:
        facts.update(_client_facts(certificate, raw))
    return facts


def subject_name(certificate: Any) -> str:
    """Return the subject of a peer's certificate, as ``getpeercert`` gives it, in the form of RFC 4514."""
    return _rfc4514(
        [(_SHORT.get(kind, kind), value) for part in certificate["subject"] for kind, value in part]
    )


def _client_facts(certificate: Any, raw: bytes) -> Environ:
    subject, issuer = _names(certificate["subject"]), _names(certificate["issuer"])
    pem = ssl.DER_cert_to_PEM_cert(raw)
    common = [value for name, value in subject if name == "CN"]
    return {
        "HTTPS_DN": "".join(f"/{name}={value}" for name, value in subject),
        "HTTPS_CC": pem,
        "SSL_CLIENT_VERIFY": "SUCCESS",
        "SSL_CLIENT_CERT": pem,
        "SSL_CLIENT_S_DN": _rfc4514(subject),
        "SSL_CLIENT_S_DN_CN": common[0] if common else "",
        "SSL_CLIENT_I_DN": _rfc4514(issuer),
        "SSL_CLIENT_M_SERIAL": certificate.get("serialNumber", ""),
        "SSL_CLIENT_V_START": certificate.get("notBefore", ""),
        "SSL_CLIENT_V_END": certificate.get("notAfter", ""),
    }


def _names(name: Any) -> list[tuple[str, str]]:
    return [(_SHORT.get(kind, kind), _native(value)) for part in name for kind, value in part]


def _native(text: str) -> str:
    """Text as PEP 3333 wants it in an environ: UTF-8 bytes seen as latin-1."""
    return text.encode().decode("latin-1")


def _rfc4514(names: list[tuple[str, str]]) -> str:
    """The last name first, special characters escaped (RFC 4514 section 2)."""
    return ",".join(f"{name}={_escaped(value)}" for name, value in reversed(names))


def _escaped(value: str) -> str:
    text = "".join("\\" + char if char in '"+,;<>\\' else char for char in value)
    if text[:1] in ("#", " "):
        text = "\\" + text
    if text.endswith(" ") and len(text) > 1:
        text = text[:-1] + "\\ "
    return text
