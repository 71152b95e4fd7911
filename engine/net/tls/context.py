"""One certificate as an ``ssl.SSLContext``."""

from __future__ import annotations

import re
import ssl
import warnings
from collections.abc import Sequence
from typing import Final
from weakref import WeakKeyDictionary

from engine.config.tls import Certificate
from engine.errors import ConfigError

__all__ = ["server_context", "shown_certificate"]

_CERTIFICATE: Final = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

# Python cannot tell which certificate a context shows.
_shown: WeakKeyDictionary[ssl.SSLContext, str | None] = WeakKeyDictionary()


def server_context(certificate: Certificate, alpn: Sequence[str], options: int = 0) -> ssl.SSLContext:
    """Return a context for TLS 1.2 and later (RFC 8996 ends 1.0 and 1.1).

    :param alpn: protocols to offer, the preferred one first (RFC 7301)
    :param options: of OpenSSL, to turn on
    :raises ConfigError: if a file cannot be read, or key and certificate do not belong together
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A client could make the server compute by asking for new handshakes on an open connection.
    context.options |= ssl.OP_NO_RENEGOTIATION
    with warnings.catch_warnings():  # Python would rather see maximum_version than OP_NO_TLSv1_3
        warnings.simplefilter("ignore", DeprecationWarning)
        context.options |= options
    context.set_alpn_protocols(list(alpn))
    _load_key(context, certificate)
    if certificate.ciphers:
        try:
            context.set_ciphers(certificate.ciphers)
        except ssl.SSLError as exc:
            raise ConfigError(
                f"no cipher fits {certificate.ciphers!r}; 'openssl ciphers -v' lists what there is"
            ) from exc
    if certificate.client_ca:
        _trust_clients_of(context, certificate)
    return context


def shown_certificate(context: ssl.SSLContext) -> str | None:
    """Return the certificate that servers show with *context*, in PEM; None if it is not known."""
    return _shown.get(context)


def _load_key(context: ssl.SSLContext, certificate: Certificate) -> None:
    cert, key = certificate.cert, certificate.key
    for path in (cert, key):
        _check_readable(path)
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except _EncryptedKeyError as exc:
        raise ConfigError(
            f"the key {key} is encrypted; decrypt it with 'openssl pkey' and protect the file instead"
        ) from exc
    except ssl.SSLError as exc:
        if exc.reason == "KEY_VALUES_MISMATCH":
            raise ConfigError(f"the key {key} does not belong to the certificate {cert}") from exc
        why = f": {exc.reason}" if exc.reason else ""
        raise ConfigError(f"{cert} and {key} are not a certificate and its key in PEM{why}") from exc
    _shown[context] = _first_certificate(cert)


def _first_certificate(path: str) -> str | None:
    """The certificate that OpenSSL takes from the file, without the chain and the text around it."""
    with open(path, encoding="latin-1") as file:
        found = _CERTIFICATE.search(file.read())
    return None if found is None else ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(found[0]))


def _trust_clients_of(context: ssl.SSLContext, certificate: Certificate) -> None:
    _check_readable(certificate.client_ca)
    try:
        context.load_verify_locations(certificate.client_ca)
    except ssl.SSLError as exc:
        raise ConfigError(f"{certificate.client_ca} holds no certificates in PEM: {exc.reason}") from exc
    context.verify_mode = ssl.CERT_REQUIRED if certificate.client_required else ssl.CERT_OPTIONAL


def _check_readable(path: str) -> None:
    # ssl's own message names no file.
    try:
        with open(path, "rb"):
            pass
    except OSError as exc:
        raise ConfigError(f"cannot read {path}: {exc.strerror}") from exc


class _EncryptedKeyError(Exception):
    pass


def _no_password() -> str:
    raise _EncryptedKeyError  # else OpenSSL asks on the terminal, where nobody may be
