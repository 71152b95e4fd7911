"""Certificates as uWSGI options name them (uWSGI docs, HTTPS and SNI pages)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

from engine.address import parse_address
from engine.config.values import Kind, checked
from engine.errors import ConfigError

if TYPE_CHECKING:
    from engine.config.merge import Merged

__all__ = [
    "SNI_SITE",
    "SSL_OPTION",
    "TLS_ADDRESS",
    "TLS_KEYVALS",
    "Certificate",
    "Tls",
    "tls_address",
    "tls_keyvals",
    "tls_settings",
    "tls_site",
]

_KEYS: Final[Mapping[str, str]] = {
    "addr": "address",
    "cert": "cert",
    "crt": "cert",
    "key": "key",
    "ciphers": "ciphers",
    "client_ca": "client_ca",
    "clientca": "client_ca",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files of one certificate.

    :param cert: PEM, the server's own certificate first, then those that lead to the root
    :param ciphers: for TLS 1.2, in OpenSSL's notation; empty for Python's default
    :param client_ca: PEM of the authorities whose clients are trusted; empty: clients show no certificate
    :param client_required: a client without a certificate is refused (uWSGI: ``!`` before the file)
    """

    cert: str
    key: str
    ciphers: str = ""
    client_ca: str = ""
    client_required: bool = False


@dataclass(frozen=True, slots=True)
class Tls:
    """What all TLS listeners share.

    :param sites: (host name or ``*.domain``, certificate)
    :param directory: holds ``HOST.crt``, ``HOST.key`` and perhaps ``HOST.ca``; empty for none
    :param handshake_timeout: seconds
    :param watch: seconds between looks at the files; 0.0 means none
    :param depth: most authorities between a client's certificate and a trusted one; None means any number
    :param options: of OpenSSL, to be turned on beside those that are always on
    """

    sites: tuple[tuple[str, Certificate], ...] = ()
    directory: str = ""
    directory_ciphers: str = ""
    handshake_timeout: float = 10.0
    watch: float = 5.0
    verbose: bool = False
    depth: int | None = None
    options: int = 0


def tls_address(text: str) -> tuple[str, Certificate]:
    """Read ``ADDRESS,CERT,KEY[,CIPHERS[,CLIENT_CA]]``.

    :raises ConfigError: if something is missing
    """
    address, _, files = text.partition(",")
    if not files:
        raise ConfigError(
            "a certificate is needed: ADDRESS,CERT,KEY[,CIPHERS[,CLIENT_CA]], as in :8443,cert.pem,key.pem"
        )
    parse_address(address)
    return address, _certificate(files)


def tls_keyvals(text: str) -> tuple[str, Certificate]:
    """Read ``addr=ADDRESS,cert=CERT,key=KEY[,ciphers=...][,client_ca=...]``.

    :raises ConfigError: if a key is unknown or missing
    """
    found: dict[str, str] = {}
    for item in text.split(","):
        name, _, value = item.partition("=")
        if name not in _KEYS:
            raise ConfigError(f"unknown key {name!r}; known are {', '.join(_KEYS)}")
        found[_KEYS[name]] = value
    if not (found.get("address") and found.get("cert") and found.get("key")):
        raise ConfigError("addr, cert and key are needed, as in addr=:8443,cert=cert.pem,key=key.pem")
    parse_address(found["address"])
    return found.pop("address"), _with_files(**found)


def tls_site(text: str) -> tuple[str, Certificate]:
    """Read ``HOST CERT,KEY[,CIPHERS[,CLIENT_CA]]``.

    :raises ConfigError: if something is missing
    """
    host, _, files = text.strip().partition(" ")
    if not files.strip():
        raise ConfigError(
            "HOST CERT,KEY[,CIPHERS[,CLIENT_CA]] is needed, as in 'www.example.com a.pem,a.key'"
        )
    if "*" in host.removeprefix("*."):
        raise ConfigError(f"host {host!r}: a star may only stand for the first label, as in *.example.com")
    return host.lower().rstrip("."), _certificate(files.strip())


def tls_settings(merged: Merged) -> Tls:
    """Return what holds for TLS on all listeners.

    :raises ConfigError: if ``--sni-dir`` is no directory
    """
    directory = merged.directory("sni-dir")
    return Tls(
        tuple(tls_site(text) for text in merged.texts("sni")),
        os.path.abspath(directory) if directory else "",
        merged.text("sni-dir-ciphers") or "",
        max(0.1, merged.seconds("ssl-handshake-timeout")),
        merged.seconds("ssl-watch"),
        merged.flag("ssl-verbose"),
        merged.integer("ssl-verify-depth") if "ssl-verify-depth" in merged else None,
        reduce(or_, (value for name, value in merged.steps if name == "ssl-option"), 0),
    )


def _certificate(files: str) -> Certificate:
    parts = files.split(",")
    if len(parts) > 4:
        raise ConfigError(f"{files!r}: at most CERT,KEY,CIPHERS,CLIENT_CA; names of files cannot hold commas")
    parts += [""] * (4 - len(parts))
    if not (parts[0] and parts[1]):
        raise ConfigError(f"{files!r}: CERT,KEY is needed, both files in PEM")
    return _with_files(*parts)


def _with_files(cert: str, key: str, ciphers: str = "", client_ca: str = "") -> Certificate:
    """Absolute: the files are read again after ``chdir``."""
    required = client_ca.startswith("!")
    ca = client_ca.removeprefix("!")
    return Certificate(
        os.path.abspath(cert), os.path.abspath(key), ciphers, os.path.abspath(ca) if ca else "", required
    )


def _ssl_option(text: str) -> int:
    """Read the number or the name of one option."""
    import ssl  # only for this option: a server without TLS needs it not

    is_number = text.isascii() and text.isdecimal()
    number = int(text) if is_number else getattr(ssl, text, None)
    if not (is_number or text.startswith("OP_")) or not isinstance(number, int):
        raise ValueError("a number, or a name as Python's ssl module has it, is needed, as in OP_NO_TICKET")
    if number >> 63:
        raise ValueError("options of OpenSSL are below 2**63")
    return int(number)


TLS_ADDRESS: Final = checked("ADDRESS,CERT,KEY,...", tls_address)
TLS_KEYVALS: Final = checked("addr=A,cert=FILE,key=FILE,...", tls_keyvals)
SSL_OPTION: Final = Kind("OPTION", _ssl_option)
SNI_SITE: Final = checked("HOST CERT,KEY,...", tls_site)
