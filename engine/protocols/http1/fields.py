"""The fields of a head that asks for nothing special, taken apart without llhttp.

Most requests have no body, or one of known length, change no protocol, and their lines are well formed.
Whatever else comes here is left to llhttp, which has the last word on everything that is doubtful: this
reader takes less than llhttp does, never more.  ``fields.pyx`` is its twin in the compiled build.
"""

from __future__ import annotations

from engine.protocols.grammar import FIELD_CHARS, is_token
from engine.protocols.http1.names import LOWER, SPECIAL, learn

__all__ = ["Fields", "plain_fields"]

Fields = tuple[list[tuple[bytes, bytes]], bytes, bytes | None, int, bytes | None]
"""Names in lower case and values; Host; Connection, if there is one; how many lines there were;
Content-Length, if there is one."""


def plain_fields(head: bytes, start: int) -> Fields | None:
    """Read the lines from *start* to the empty line that ends *head*; None: llhttp is to read them.

    Host comes exactly once, Connection and Content-Length once at most; other framing, expectations and
    upgrades do not come at all.
    Names that must not reach the application (``names.DROPPED``) are left out and counted.
    """
    lines: list[tuple[bytes, bytes]] = []
    host: bytes | None = None
    connection: bytes | None = None
    length: bytes | None = None
    count = 0
    for line in head[start:-4].split(b"\r\n"):
        name, colon, value = line.partition(b":")
        lower = LOWER.get(name)
        if lower is None:
            if not colon or not is_token(name):
                return None
            lower = learn(name)
        if not colon or value.translate(None, FIELD_CHARS):
            return None
        count += 1
        value = value.strip(b" \t")
        if lower in SPECIAL:
            if lower == b"host" and host is None:
                host = value
            elif lower == b"connection" and connection is None:
                connection = value
            elif lower == b"content-length" and length is None:
                length = value
            else:
                return None
        if lower:
            lines.append((lower, value))
    if host is None:
        return None
    return lines, host, connection, count, length
