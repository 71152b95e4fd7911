"""What llhttp leaves open: which well-formed fields this server refuses, and why.

llhttp (measured, httptools 0.9.0) accepts no Host, two Hosts, Transfer-Encoding on
HTTP/1.0, codings before chunked, unknown expectations and heads of any size.
Each rule below has a wire case in ``tests/requests``.

``special`` maps the names in ``names.SPECIAL`` to their values; a repeated field is
joined with ``", "`` (RFC 9110 section 5.3), which makes a repeated Host or
Content-Length invalid by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.errors import ProtocolError
from engine.protocols.grammar import check_field_line, is_token
from engine.protocols.http1.host import check_host
from engine.protocols.http1.request_line import parse_request_line
from engine.protocols.limits import Limits

__all__ = [
    "body_framing",
    "check_expectation",
    "connection_options",
    "first_fault",
    "offered_upgrade",
    "require_host",
]

_LONGEST_LENGTH: Final = 18
"""Digits in a Content-Length: below 2**63, whatever integers the next hop uses."""


_USUAL_OPTIONS: Final = {
    b"keep-alive": (False, True, False),
    b"Keep-Alive": (False, True, False),
    b"close": (True, False, False),
    b"Upgrade": (False, False, True),
    b"keep-alive, Upgrade": (False, True, True),
}
"""Connection values nearly all clients send, split beforehand."""


def require_host(special: Mapping[bytes, bytes], version: str) -> None:
    """RFC 9112 section 3.2: 400 for HTTP/1.1 without Host, and for any repeated or invalid Host."""
    host = special.get(b"host")
    if host is not None:
        check_host(host)
    elif version == "1.1":
        raise ProtocolError(400, "HTTP/1.1 request without a Host header")


def body_framing(special: Mapping[bytes, bytes], version: str, limits: Limits) -> tuple[int | None, bool]:
    """Content-Length and "is chunked" of a request (RFC 9112 section 6.3)."""
    coding = special.get(b"transfer-encoding")
    length = special.get(b"content-length")
    if coding is not None:
        if length is not None:  # section 6.1: ought to be handled as an error
            raise ProtocolError(400, "both Content-Length and Transfer-Encoding")
        if version == "1.0":  # section 6.1: treat the framing as faulty
            raise ProtocolError(400, "Transfer-Encoding in an HTTP/1.0 request")
        if coding.lower() != b"chunked":
            raise _explain_coding(coding)
        return None, True
    if length is None:
        return None, False
    if not length.isdigit():  # bytes.isdigit: ASCII digits only, no sign, no underscore, not empty
        if b"," in length:
            raise ProtocolError(400, "more than one Content-Length")
        raise ProtocolError(400, "Content-Length is not a decimal number")
    if len(length) > _LONGEST_LENGTH:
        raise ProtocolError(400, "Content-Length has too many digits")
    size = int(length)
    if limits.body and size > limits.body:
        raise ProtocolError(413, f"Content-Length {size} is above the limit of {limits.body} bytes")
    return size, False


def _explain_coding(value: bytes) -> ProtocolError:
    codings = [coding.strip(b" \t").lower() for coding in value.split(b",")]
    if not all(is_token(coding.partition(b";")[0].rstrip(b" \t")) for coding in codings):
        return ProtocolError(400, "malformed Transfer-Encoding")
    if any(coding.partition(b";")[0].rstrip(b" \t") == b"chunked" != coding for coding in codings):
        return ProtocolError(400, "Transfer-Encoding: chunked has no parameters")  # RFC 9112 section 7.1
    if b"chunked" in codings[:-1]:  # section 6.1: not twice, and nothing after it
        return ProtocolError(400, "Transfer-Encoding: chunked is not the only last coding")
    return ProtocolError(501, "the only transfer coding understood here is chunked")


def check_expectation(special: Mapping[bytes, bytes]) -> bool:
    """True for ``Expect: 100-continue``; 417 for anything else (RFC 9110 section 10.1.1).

    It is a list: said more than once, by a client and by a proxy on the way, it is one expectation.
    """
    value = special.get(b"expect")
    if value is None:
        return False
    value = value.lower()
    if value != b"100-continue":
        members = {member.strip(b" \t") for member in value.split(b",")}
        if members - {b""} != {b"100-continue"}:  # section 5.6.1.2: empty members count for nothing
            raise ProtocolError(417, "the only expectation understood here is 100-continue")
    return True


def connection_options(value: bytes) -> tuple[bool, bool, bool]:
    """Which of ``close``, ``keep-alive``, ``upgrade`` a Connection value names (RFC 9110 section 7.6.1)."""
    usual = _USUAL_OPTIONS.get(value)
    if usual is not None:
        return usual
    options = [option.strip(b" \t") for option in value.lower().split(b",")]
    return b"close" in options, b"keep-alive" in options, b"upgrade" in options


def offered_upgrade(special: Mapping[bytes, bytes]) -> bytes | None:
    """Protocol offered by Upgrade: ``websocket`` if it is one of them, else the whole value in lower case."""
    value = special.get(b"upgrade", b"").lower()
    if b"websocket" in [protocol.strip(b" \t") for protocol in value.split(b",")]:
        return b"websocket"
    return value or None


def first_fault(head: bytes, limits: Limits) -> ProtocolError | None:
    """Find the first fault of syntax or size in a head, complete or cut anywhere.

    Goes by position, so the answer does not depend on how the bytes were cut into
    packets.  Called only when something is wrong, or may be.
    """
    if not is_token(head[:1]):
        if head[:1] == b"\x16":  # ContentType handshake, RFC 8446 section 5.1
            return ProtocolError(400, "a TLS handshake on a plain HTTP port")
        return ProtocolError(400, f"a request cannot start with the byte 0x{head[0]:02x}")
    newline = head.find(b"\n")
    if newline > limits.request_line + 1 or (newline < 0 and len(head) > limits.request_line + 1):
        return ProtocolError(414, f"request line longer than {limits.request_line} bytes")
    if newline < 0:
        return None
    try:
        _check_line_end(head, newline)
        parse_request_line(head[: newline - 1])
        _walk_fields(head, newline + 1, limits)
    except ProtocolError as fault:
        return fault
    return None


def _walk_fields(head: bytes, start: int, limits: Limits) -> None:
    """Check field lines one by one, size first: a cut head shows an endless line no other way."""
    too_large = ProtocolError(431, f"header fields larger than {limits.header_bytes} bytes")
    count = 0
    position = start
    while True:
        newline = head.find(b"\n", position)
        if newline < 0:
            if len(head) - start > limits.header_bytes + 2:  # 2: the CRLF that ends the section
                raise too_large
            return
        line = head[position : newline + 1]
        if line == b"\r\n":
            return
        position = newline + 1
        count += 1
        if position - start > limits.header_bytes:
            raise too_large
        if count > limits.header_count:
            raise ProtocolError(431, f"more than {limits.header_count} header fields")
        _check_line_end(head, newline)
        check_field_line(line[:-2])


def _check_line_end(head: bytes, newline: int) -> None:
    if head[newline - 1 : newline] != b"\r":  # RFC 9112 section 2.2 allows a bare LF; it smuggles, so no
        raise ProtocolError(400, "line ends with a bare LF instead of CRLF")
