"""Bodies compressed on their way out: which, for whom, and what the reply says of it (RFC 9110, 1952)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

__all__ = ["Begin", "GzipBody", "accepts_gzip", "asks_for_gzip", "gzip_fields"]

Fields: TypeAlias = Sequence[tuple[str, str]]

Encoder: TypeAlias = Callable[[bytes], bytes]
Begin: TypeAlias = Callable[[], Callable[[Encoder | None], None] | None]
"""Called for each request; returns what takes the encoder of its body, None if it did not come by HTTP."""

_GZIP_FORMAT: Final = 16 + zlib.MAX_WBITS
# With a length or an encoding of its own a reply goes out as it is, as in uWSGI; a range counts bytes, too.
_SETTLED: Final = frozenset(("content-length", "transfer-encoding", "content-encoding", "content-range"))
_NAMES: Final = frozenset(("gzip", "x-gzip"))  # RFC 9110, section 8.4.1.3


class GzipBody:
    """One body: bytes in, compressed bytes out."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(wbits=_GZIP_FORMAT)

    def part(self, data: bytes) -> bytes:
        """Return what lets the client have all of *data* now; PEP 3333 lets no server keep items back."""
        return self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH) if data else b""

    def last(self, data: bytes = b"") -> bytes:
        """Return the rest, with *data* at its end."""
        return self._stream.compress(data) + self._stream.flush()


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether a client names gzip (RFC 9110, section 12.5.3); ``*`` alone is no reason to compress."""
    for element in accept_encoding.lower().split(","):
        coding, *parameters = element.split(";")
        if coding.strip() in _NAMES:
            return not any(_is_zero(each) for each in parameters)
    return False


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    try:
        return name.strip() == "q" and float(value) == 0
    except ValueError:
        return False


def asks_for_gzip(code: int, fields: Fields) -> bool:
    """Tell whether this reply is to be compressed: ``uWSGI-Encoding: gzip``, and nothing is against it."""
    if code < 200 or code in (204, 304):
        return False
    found = {name.lower(): value.strip().lower() for name, value in fields}
    return found.get("uwsgi-encoding") == "gzip" and not found.keys() & _SETTLED


def gzip_fields(fields: Fields) -> list[tuple[str, str]]:
    """Return what a compressed reply says where the application said *fields*.

    Caches are to tell clients apart (RFC 9110, section 12.5.5), and the bytes are not those a strong
    validator was made for (section 8.8.1).
    """
    sent = [
        (name, f"W/{value}") if name.lower() == "etag" and not value.startswith("W/") else (name, value)
        for name, value in fields
    ]
    sent.append(("Content-Encoding", "gzip"))
    vary = ",".join(value.lower() for name, value in fields if name.lower() == "vary")
    if not {"*", "accept-encoding"} & {word.strip() for word in vary.split(",")}:
        sent.append(("Vary", "Accept-Encoding"))
    return sent
