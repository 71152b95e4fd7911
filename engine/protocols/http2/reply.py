"""The fields of an HTTP/2 reply (RFC 9113 sections 8.2 and 8.3.2)."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from engine.protocols.fields import DATE, field_lines
from engine.protocols.http1.framing import NONE, TO_LENGTH, UNTIL_CLOSE, Framing, is_bodyless
from engine.protocols.status import parse_status

__all__ = [
    "answered_fields",
    "error_fields",
    "interim_fields",
    "reply_fields",
    "split_lines",
    "tunnel_fields",
]

Fields = list[tuple[bytes, bytes]]

_NO_BODY: Final = Framing(NONE, 0, True, b"")
_OPEN: Final = Framing(UNTIL_CLOSE, None, True, b"")
"""Frames end by themselves, so the bytes need no chunks."""


_OF_UPGRADES: Final = frozenset(
    (b"connection", b"upgrade", b"sec-websocket-accept", b"transfer-encoding", b"keep-alive")
)


def reply_fields(
    status: str, headers: Iterable[tuple[str, str]], method: str, date: bytes, known_length: int | None
) -> tuple[Fields, Framing]:
    """Check a final response head and decide how its body is bounded.

    What is checked, and what the server adds, is as in ``http1.writer.response_head``; ``Connection``
    means nothing here and is left out.

    :param method: of the request
    :param date: value for Date, unless the application sent one
    :param known_length: size of the body if the caller knows it, in case the application does not say
    :raises ValueError: status or header that would break the message or belongs to the server
    :raises TypeError: status, name or value is not ``str``
    """
    _, code = parse_status(status)
    if code < 200:
        raise ValueError(f"status {status!r} is interim and cannot end a request (RFC 9110 section 15.2)")
    lines, announced, said = field_lines(headers, code == 204 or code == 205)
    fields: Fields = [(b":status", b"%d" % code), *_pairs(lines)]
    if not said & DATE:
        fields.append((b"date", date))
    if is_bodyless(method, code):
        return fields, _NO_BODY
    if announced is not None:
        return fields, Framing(TO_LENGTH, announced, True, b"")
    if known_length is None:
        return fields, _OPEN
    fields.append((b"content-length", b"%d" % known_length))
    return fields, Framing(TO_LENGTH, known_length, True, b"")


def interim_fields(status: str, headers: Iterable[tuple[str, str]] = ()) -> Fields:
    """Check a 1xx response such as ``103 Early Hints`` (RFC 8297).

    :raises ValueError: if status is not 1xx, or 101, which HTTP/2 has not (RFC 9113 section 8.6)
    """
    _, code = parse_status(status)
    if code >= 200 or code == 101:
        raise ValueError(f"status {status!r} is not an interim response")
    lines, _, _ = field_lines(headers, drop_length=True)
    return [(b":status", b"%d" % code), *_pairs(lines)]


def tunnel_fields(headers: Iterable[tuple[str, str]], date: bytes) -> Fields:
    """Check the head that agrees to extended CONNECT (RFC 8441 section 5).

    :raises ValueError: as :func:`reply_fields`
    """
    lines, _, said = field_lines(headers, drop_length=True)
    fields: Fields = [(b":status", b"200"), *_pairs(lines)]
    if not said & DATE:
        fields.append((b"date", date))
    return fields


def answered_fields(head: bytes) -> Fields:
    """Turn what was said in the way of HTTP/1.1 about an upgrade into the fields of RFC 8441 section 5.

    :param head: status line and header lines
    :raises ValueError: if it is no such head
    """
    line, _, rest = head.partition(b"\r\n")
    parts = line.split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
        raise ValueError("no status line")
    code = b"200" if parts[1] == b"101" else parts[1]
    told = [(name.strip(), value) for name, value in split_lines(rest) if name.strip() not in _OF_UPGRADES]
    return [(b":status", code), *told]


def error_fields(status: int, detail: str, date: bytes) -> tuple[Fields, bytes]:
    """Build a small text reply: its head and its body."""
    reason = HTTPStatus(status).phrase
    shown = "".join(char if " " <= char <= "~" else ascii(char)[1:-1] for char in detail)
    body = f"{status} {reason}\n{shown}\n".encode("ascii")
    fields = [
        (b":status", b"%d" % status),
        (b"date", date),
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
    ]
    return fields, body


def split_lines(lines: bytes) -> Fields:
    """Header lines of HTTP/1, checked before, as names in lower case and values without space around."""
    return _pairs([line for line in lines.split(b"\r\n") if line])


def _pairs(lines: list[bytes]) -> Fields:
    fields: Fields = []
    for line in lines:
        name, _, value = line.partition(b":")
        fields.append((name.lower(), value.strip(b" \t\r\n")))
    return fields
