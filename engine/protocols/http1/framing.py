"""How the end of a response is told, and whether the connection lives on (RFC 9112 sections 6.3 and 9.3)."""

from __future__ import annotations

from typing import Final

__all__ = ["CHUNKED", "NONE", "TO_LENGTH", "UNTIL_CLOSE", "Framing", "decide", "is_bodyless"]

NONE: Final = 0
"""No body bytes, whatever the application yields."""
TO_LENGTH: Final = 1
"""Exactly ``length`` bytes."""
CHUNKED: Final = 2
"""Chunks and a last chunk; HTTP/1.1 only."""
UNTIL_CLOSE: Final = 3
"""All bytes until the connection closes."""

_KIND_NAMES: Final = ("NONE", "TO_LENGTH", "CHUNKED", "UNTIL_CLOSE")


class Framing:
    """The decision for one response.  Treat as read-only; the common ones are shared.

    ``length``: bytes of a TO_LENGTH body; for UNTIL_CLOSE what the application
    announced, if it did.  ``keep_alive``: another request may follow this response.
    ``fields``: the lines the server adds, on the wire.
    """

    __slots__ = ("fields", "keep_alive", "kind", "length")

    def __init__(self, kind: int, length: int | None, keep_alive: bool, fields: bytes) -> None:
        self.kind = kind
        self.length = length
        self.keep_alive = keep_alive
        self.fields = fields

    def __repr__(self) -> str:
        return f"<Framing {_KIND_NAMES[self.kind]} length={self.length} keep_alive={self.keep_alive}>"

    def has_body(self) -> bool:
        """True if body bytes may be written."""
        return self.kind != NONE


_CLOSE: Final = b"Connection: close\r\n"
_KEEP: Final = b"Connection: keep-alive\r\n"
_CHUNKS: Final = b"Transfer-Encoding: chunked\r\n"
_EMPTY: Final = b"Content-Length: 0\r\n"

_CACHE_SIZE: Final = 1024
_told: Final[dict[int, Framing]] = {}
_untold: Final[dict[int, Framing]] = {}
_NONE_KEEP: Final = Framing(NONE, 0, True, b"")
_NONE_KEEP_10: Final = Framing(NONE, 0, True, _KEEP)
_NONE_CLOSE: Final = Framing(NONE, 0, False, _CLOSE)
_CHUNKED_KEEP: Final = Framing(CHUNKED, None, True, _CHUNKS)
_CHUNKED_CLOSE: Final = Framing(CHUNKED, None, False, _CHUNKS + _CLOSE)
_UNTIL_CLOSE: Final = Framing(UNTIL_CLOSE, None, False, _CLOSE)


def is_bodyless(method: str, status: int) -> bool:
    """True if the response has no body by definition (RFC 9112 section 6.3, rule 1).

    So has 205 (RFC 9110 section 15.3.6), only that its client expects to be told the length, 0.
    """
    return method == "HEAD" or status == 304 or status == 204 or status == 205 or status < 200


def _to_length(length: int, pattern: bytes, keep_alive: bool, modern: bool) -> Framing:
    """A body of *length* bytes; the usual case is made once for each length.

    :param pattern: of the line that tells it; empty: the application has told it
    """
    if not keep_alive or not modern:
        fields = pattern % length if pattern else b""
        return Framing(TO_LENGTH, length, keep_alive, fields + (_KEEP if keep_alive else _CLOSE))
    kept = _untold if pattern else _told
    framing = kept.get(length)
    if framing is None:
        framing = Framing(TO_LENGTH, length, True, pattern % length if pattern else b"")
        if len(kept) >= _CACHE_SIZE:
            kept.clear()
        kept[length] = framing
    return framing


def decide(
    method: str,
    http_version: str,
    keep_alive: bool,
    status: int,
    announced: int | None,
    known: int | None = None,
) -> Framing:
    """Decide the framing of one response.

    :param keep_alive: the request allows reuse and neither application nor server wants to close
    :param announced: Content-Length among the application's headers
    :param known: body size the server knows itself, e.g. of a one-item list; becomes a
        Content-Length when the application announced none
    """
    modern = http_version == "1.1"
    if is_bodyless(method, status):
        if status == 205:
            close_or_keep = _CLOSE if not keep_alive else b"" if modern else _KEEP
            return Framing(NONE, 0, keep_alive, _EMPTY + close_or_keep)
        if not keep_alive:
            return _NONE_CLOSE
        return _NONE_KEEP if modern else _NONE_KEEP_10
    if announced is not None:
        return _to_length(announced, b"", keep_alive, modern)
    if known is not None:
        return _to_length(known, b"Content-Length: %d\r\n", keep_alive, modern)
    if modern:  # also before a close: the last chunk tells a whole body from a broken one
        return _CHUNKED_KEEP if keep_alive else _CHUNKED_CLOSE
    return _UNTIL_CLOSE
