"""Listening with TLS: certificates and who is shown which."""

from __future__ import annotations

from typing import Final

from engine.config.options.inactive import noop, refused
from engine.config.options.record import Option, Section
from engine.config.tls import SNI_SITE, SSL_OPTION, TLS_ADDRESS, TLS_KEYVALS
from engine.config.values import DIRECTORY, FLAG, NUMBER, SECONDS, TEXT

__all__ = ["TLS"]

TLS: Final = Section(
    "TLS",
    (
        Option(
            "https-socket",
            TLS_ADDRESS,
            "Listen for HTTP over TLS 1.2 or later: ADDRESS,CERT,KEY and perhaps CIPHERS and CLIENT_CA. "
            "CERT and KEY are files in PEM, CIPHERS is in OpenSSL's "
            "notation (empty for the default). With CLIENT_CA, clients may show a certificate of these "
            "authorities; '!' before the file makes them.",
            aliases=("https",),
            multiple=True,
            page="HTTPS.html",
            priority="P1",
        ),
        Option(
            "https2",
            TLS_KEYVALS,
            "The same with named parts: addr, cert, key, ciphers, client_ca.",
            multiple=True,
            page="HTTPS.html",
            priority="P1",
        ),
        Option(
            "suwsgi-socket",
            TLS_ADDRESS,
            "Listen for the uwsgi protocol over TLS.",
            aliases=("ssl-socket",),
            multiple=True,
            page="Protocol.html",
            priority="P2",
        ),
        Option(
            "sni",
            SNI_SITE,
            "Another certificate, for clients that ask for HOST (or *.DOMAIN) on any TLS socket.",
            multiple=True,
            page="SNI.html",
            priority="P1",
        ),
        Option(
            "sni-dir",
            DIRECTORY,
            "Holds HOST.crt and HOST.key, and HOST.ca where clients must show a certificate; files may be "
            "added while the server runs.",
            page="SNI.html",
            priority="P1",
        ),
        Option("sni-dir-ciphers", TEXT, "Ciphers of the sites in --sni-dir.", page="SNI.html", priority="P2"),
        Option(
            "ssl-handshake-timeout",
            SECONDS,
            "Seconds a client has for the TLS handshake.",
            default=10,
            page="-",
            priority="P1",
        ),
        Option(
            "ssl-watch",
            SECONDS,
            "Seconds between looks at the certificate files; new connections get what has changed, open "
            "ones go on. 0 never looks: write T to the master fifo, or reload.",
            default=5,
            page="-",
            priority="P1",
        ),
        Option("ssl-verbose", FLAG, "Log TLS handshakes that fail.", priority="P2"),
        Option(
            "ssl-verify-depth",
            NUMBER,
            "Most authorities that may stand between a client's certificate and one of CLIENT_CA. "
            "Without it any number may; in uWSGI 1.",
            priority="P2",
        ),
        Option(
            "ssl-option",
            SSL_OPTION,
            "An option of OpenSSL to turn on: its number, or its name in Python's ssl module, as in "
            "OP_NO_TICKET.",
            multiple=True,
            priority="P2",
        ),
        noop("https-export-cert", "HTTPS_CC is always set where a client has shown a certificate"),
        noop(
            "ssl-sessions-use-cache",
            "TLS sessions are resumed with tickets, which need no cache",
            "ssl-session-use-cache",
            kind=TEXT,
        ),
        noop("ssl-sessions-timeout", "sessions are resumed with tickets", "ssl-session-timeout", kind=NUMBER),
        noop("https-session-context", "every socket has its own", "https-sessions-context", kind=TEXT),
        refused("ssl-enable3", "SSL 3 is broken (RFC 7568)", "ssl-enable-sslv3", "sslv3", kind=FLAG),
        refused("ssl-enable-tlsv1", "TLS 1.0 and 1.1 are broken (RFC 8996)", "tlsv1", kind=FLAG),
        refused("sni-regexp", "write --sni '*.DOMAIN CERT,KEY', or use --sni-dir"),
    ),
)
