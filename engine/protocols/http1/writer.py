"""HTTP/1 responses as bytes (RFC 9112 sections 4, 5 and 7.1)."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from engine.protocols.fields import CLOSE, DATE, SERVER, encode, field_lines
from engine.protocols.http1.framing import Framing, decide
from engine.protocols.status import parse_status

__all__ = [
    "CONTINUE",
    "LAST_CHUNK",
    "encode_chunk",
    "error_page",
    "interim_head",
    "last_chunk",
    "response_head",
    "switching_head",
]

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
"""Sent once, before the first read of a body the client holds back (RFC 9110 section 10.1.1)."""

LAST_CHUNK: Final = b"0\r\n\r\n"
"""Ends a chunked body.  Leave it out when the application failed: the client must see the break."""

_CACHE_SIZE: Final = 256
_status_lines: dict[str, bytes] = {}


def response_head(
    status: str,
    headers: Iterable[tuple[str, str]],
    method: str,
    http_version: str,
    keep_alive: bool,
    date: bytes,
    server: bytes = b"",
    known_length: int | None = None,
) -> tuple[bytes, Framing]:
    """Serialise a final response head and decide how the body is framed.

    The status line says HTTP/1.1 also to HTTP/1.0 clients (RFC 9110 section 6.2).

    :param status: like ``"200 OK"``
    :param method: of the request, as are ``http_version`` and ``keep_alive``
    :param date: value for Date, made once per second by the caller; not used if the application sent one
    :param server: value for Server; empty: none
    :param known_length: size of the body if the caller knows it, in case the application does not say
    :raises ValueError: status or header that would break the message or belongs to the server
    :raises TypeError: status, name or value is not ``str``
    """
    line, code = parse_status(status)
    if code < 200:
        raise ValueError(f"status {status!r} is interim and cannot end a request (RFC 9110 section 15.2)")
    lines, announced, said = field_lines(headers, code == 204 or code == 205)
    if said & CLOSE:
        keep_alive = False
    framing = decide(method, http_version, keep_alive, code, announced, known_length)
    lines.insert(0, _status_line(line))
    if framing.fields:
        lines.append(framing.fields)
    if server and not said & SERVER:
        lines.append(b"Server: %b\r\n" % server)
    if not said & DATE:
        lines.append(b"Date: ")
        lines.append(date)
        lines.append(b"\r\n")
    lines.append(b"\r\n")
    return b"".join(lines), framing


def _status_line(line: str) -> bytes:
    kept = _status_lines
    known = kept.get(line)
    if known is None:
        known = encode(f"HTTP/1.1 {line}")
        if len(_status_lines) >= _CACHE_SIZE:
            _status_lines.clear()
        _status_lines[line] = known
    return known


def interim_head(status: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """Serialise a 1xx response such as ``103 Early Hints`` (RFC 8297).  Never send one to HTTP/1.0.

    :raises ValueError: if status is not 1xx, or 101, which changes the protocol
    """
    line, code = parse_status(status)
    if code >= 200 or code == 101:
        raise ValueError(f"status {status!r} is not an interim response")
    lines, _, _ = field_lines(headers, drop_length=True)
    return b"".join((_status_line(line), *lines, b"\r\n"))


def switching_head(protocol: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Serialise ``101 Switching Protocols`` (RFC 9110 section 15.2.2).

    :param protocol: value for Upgrade, which the client must have offered
    :param headers: beside Upgrade and Connection
    :raises ValueError: as :func:`response_head`
    """
    lines, _, _ = field_lines(headers, drop_length=True)
    begin = encode(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {protocol}\r\nConnection: Upgrade\r\n")
    return b"".join((begin, *lines, b"\r\n"))


def encode_chunk(data: bytes) -> bytes:
    """Frame some body bytes.  Nothing for empty data, which would end the body (RFC 9112 section 7.1)."""
    if not data:
        return b""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: bytes) -> bytes:
    """End a chunked body with trailer fields (RFC 9112 section 7.1.2); ``trailers`` are whole lines."""
    return b"0\r\n%b\r\n" % trailers


def error_page(status: int, detail: str = "", date: bytes = b"", head_only: bool = False) -> bytes:
    """Build a complete small text response that ends the connection.

    :param detail: shown below the reason; characters beyond printable ASCII are escaped
    :param head_only: leave the body out, for an answer to HEAD
    """
    reason = HTTPStatus(status).phrase
    shown = "".join(char if " " <= char <= "~" else ascii(char)[1:-1] for char in detail)
    body = (f"{status} {reason}\n{shown}\n" if shown else f"{status} {reason}\n").encode("ascii")
    dated = b"Date: %b\r\n" % date if date else b""
    return b"".join(
        (
            f"HTTP/1.1 {status} {reason}\r\n".encode("ascii"),
            dated,
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n" % len(body),
            b"Connection: close\r\n\r\n",
            b"" if head_only else body,
        )
    )
