"""The uwsgi packet on the wire: a 4-byte header, then variables.

``u8 modifier1, u16 LE size, u8 modifier2``, then ``size`` bytes of
``u16 LE length, key, u16 LE length, value``.  The request body follows, outside of size.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final

__all__ = ["HEADER_SIZE", "decode_header", "encode_packet", "looks_foreign"]

_HEADER: Final = Struct("<BHB")
_U16: Final = Struct("<H")
HEADER_SIZE: Final = _HEADER.size

# First four bytes of requests in other protocols.  As a packet they would be modifier1 71 ("G") and the
# like, which no uWSGI plugin uses, with a size such as 21573 ("ET"): a riddle in the log.
_HTTP_STARTS: Final = frozenset(
    method[:4]
    for method in (
        b"GET ",
        b"HEAD",
        b"POST",
        b"PUT ",
        b"DELETE",
        b"OPTIONS",
        b"PATCH",
        b"CONNECT",
        b"TRACE",
        b"PRI ",
    )
)
_TLS_START: Final = b"\x16\x03"


def looks_foreign(start: bytes) -> str | None:
    """Say what else the first four bytes are, if they are surely not uwsgi."""
    if start in _HTTP_STARTS:
        return "an HTTP request on a uwsgi port: use uwsgi_pass instead of proxy_pass, or the HTTP port"
    if start.startswith(_TLS_START):
        return "a TLS handshake on a uwsgi port: uwsgi is spoken in the clear"
    return None


def decode_header(header: bytes) -> tuple[int, int, int]:
    """Return modifier1, size of the block, modifier2 of exactly four bytes."""
    modifier1, size, modifier2 = _HEADER.unpack(header)
    return modifier1, size, modifier2


def encode_packet(variables: Iterable[tuple[str, str]], modifier1: int = 0, modifier2: int = 0) -> bytes:
    """Build a packet, as a front end does.

    :raises ValueError: if the variables exceed 65535 bytes
    """
    parts: list[bytes] = []
    for pair in variables:
        for item in pair:
            data = item.encode("latin-1")
            parts += (_U16.pack(min(len(data), 0xFFFF)), data)
    block = b"".join(parts)
    if len(block) > 0xFFFF:
        raise ValueError(f"uwsgi variables are {len(block)} bytes, at most 65535 fit into a packet")
    return _HEADER.pack(modifier1, len(block), modifier2) + block
