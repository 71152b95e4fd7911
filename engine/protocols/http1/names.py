"""Request header names: raw bytes to lower case, remembered.

The same few dozen names arrive with every request, so each spelling is judged once.
"""

from __future__ import annotations

from typing import Final

__all__ = ["DROPPED", "LOWER", "SPECIAL", "learn"]

DROPPED: Final = b""
"""What a name maps to when the field must not reach the application."""

SPECIAL: Final = frozenset(
    (b"host", b"content-length", b"transfer-encoding", b"connection", b"expect", b"upgrade")
)
"""Names the protocol itself acts upon; ``policy`` looks at their values."""

_COMMON: Final = """
    Host Connection Cache-Control Upgrade-Insecure-Requests User-Agent Accept Accept-Encoding Accept-Language
    Accept-Charset Referer Cookie Origin Pragma DNT Authorization Content-Type Content-Length
    Transfer-Encoding Expect Upgrade If-None-Match If-Modified-Since Range X-Requested-With X-Forwarded-For
    X-Forwarded-Proto X-Forwarded-Host X-Real-IP X-Request-ID Forwarded Via Priority TE Sec-Fetch-Site
    Sec-Fetch-Mode Sec-Fetch-User Sec-Fetch-Dest sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform
    Sec-WebSocket-Key Sec-WebSocket-Version
"""
_SEED: Final = {
    spelling.encode(): name.lower().encode() for name in _COMMON.split() for spelling in (name, name.lower())
}
_CACHE_SIZE: Final = 1024
_LONGEST: Final = 64

LOWER: Final[dict[bytes, bytes]] = dict(_SEED)
"""Spelling to lower case, or to DROPPED.  Use ``LOWER.get(name)`` and :func:`learn` on a miss."""


def learn(name: bytes) -> bytes:
    """Judge a name that llhttp accepted as a token and remember the answer.

    A name with an underscore is dropped: ``A_B`` and ``A-B`` become the same CGI
    variable ``HTTP_A_B`` (RFC 3875 section 4.1.18), so a client could spoof a field that
    a proxy sets.  nginx, Apache and gunicorn drop them too.  When full, the memory goes
    back to the common names, so that junk names cannot push those out for good.
    """
    lower = DROPPED if b"_" in name else name.lower()
    if len(name) <= _LONGEST:
        if len(LOWER) >= _CACHE_SIZE:
            LOWER.clear()
            LOWER.update(_SEED)
        LOWER[name] = lower
    return lower
