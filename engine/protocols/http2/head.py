"""The field list of an HTTP/2 request to a RequestHead (RFC 9113 sections 8.2 and 8.3).

A malformed request is an error of its stream only.  ``h2`` would end the connection, and with it the
requests of everybody else behind the same proxy, so its own checks are off and these are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from engine.errors import ProtocolError
from engine.protocols.events import RequestHead
from engine.protocols.grammar import FIELD_CHARS, TARGET_CHARS, is_token
from engine.protocols.http1.host import check_host
from engine.protocols.http1.names import LOWER, learn
from engine.protocols.http1.policy import body_framing, check_expectation
from engine.protocols.http1.request_line import METHODS
from engine.protocols.limits import Limits
from engine.protocols.trailers import NEVER_TRAILERS

__all__ = ["MalformedRequest", "read_head", "read_trailers"]

Fields = Sequence[tuple[bytes, bytes]]

_UPPER: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PSEUDO: Final = frozenset((b":method", b":scheme", b":path", b":authority", b":protocol"))
# RFC 9113 section 8.2.2: they speak of a connection of HTTP/1.
_OF_CONNECTION: Final = frozenset(
    (b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade")
)
_SPECIAL: Final = frozenset((b"host", b"content-length", b"expect"))


class MalformedRequest(ProtocolError):
    """The stream is to be reset with PROTOCOL_ERROR (RFC 9113 section 8.1.1)."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, detail)


def read_head(fields: Iterable[tuple[bytes, bytes]], ended: bool, limits: Limits) -> RequestHead:
    """Check the fields of a request and split them up.

    The host stands in the headers as ``host``, first, wherever the client has put it.  Extended CONNECT
    (RFC 8441 section 4) becomes the GET that it replaces, with :attr:`RequestHead.upgrade`.

    :param ended: no body follows
    :raises MalformedRequest: if it is no HTTP/2 request
    :raises ProtocolError: with the status for the client
    """
    pseudo, lines, special = _sort(fields)
    upgrade = _upgrade(pseudo)
    method = "GET" if upgrade else _method(pseudo)
    target, path, query = _target(pseudo, method, limits)
    authority = _authority(pseudo, special)
    if sum(len(name) + len(value) + 4 for name, value in lines) > limits.header_bytes:
        raise ProtocolError(431, f"header fields larger than {limits.header_bytes} bytes")
    if len(lines) > limits.header_count:
        raise ProtocolError(431, f"more than {limits.header_count} header fields")
    if upgrade:
        if ended or b"content-length" in special:
            raise MalformedRequest("a websocket needs a stream that stays open, without Content-Length")
        return RequestHead(
            method, target, path, query, [(b"host", authority), *lines], "2.0", upgrade=upgrade
        )
    length = _length(special, limits)
    if ended and length:
        raise MalformedRequest(f"Content-Length {length}, but no body")
    return RequestHead(
        method,
        target,
        path,
        query,
        [(b"host", authority), *lines],
        "2.0",
        length,
        length is None and not ended,
        True,
        check_expectation(special) and not ended,
    )


def read_trailers(fields: Fields) -> tuple[tuple[bytes, bytes], ...]:
    """Check trailer fields; those that only a head may have are left out (RFC 9110 section 6.5.1).

    :raises MalformedRequest: if they hold a pseudo-header field, or what no header may hold
    """
    kept: list[tuple[bytes, bytes]] = []
    for name, value in fields:
        if name[:1] == b":":
            raise MalformedRequest("a pseudo-header field in trailers")
        _check(name, value)
        if name not in NEVER_TRAILERS and b"_" not in name:
            kept.append((name, value))
    return tuple(kept)


def _sort(
    fields: Iterable[tuple[bytes, bytes]],
) -> tuple[dict[bytes, bytes], list[tuple[bytes, bytes]], dict[bytes, bytes]]:
    pseudo: dict[bytes, bytes] = {}
    lines: list[tuple[bytes, bytes]] = []
    special: dict[bytes, bytes] = {}
    cookies: list[bytes] = []
    begun = False
    for name, value in fields:
        if name[:1] == b":":
            if begun or name in pseudo or name not in _PSEUDO:
                raise MalformedRequest("a pseudo-header field that is unknown, repeated, or behind others")
            pseudo[bytes(name)] = bytes(value)
            continue
        begun = True
        _check(name, value)
        if name == b"cookie":
            cookies.append(bytes(value))
            continue
        if name in _SPECIAL:
            special[bytes(name)] = special[name] + b", " + value if name in special else bytes(value)
            if name == b"host":
                continue
        lower = LOWER.get(name)
        if lower is None:
            lower = learn(bytes(name))
        if lower:
            lines.append((lower, bytes(value)))
    if cookies:  # RFC 9113 section 8.2.3: split for the sake of compression
        lines.append((b"cookie", b"; ".join(cookies)))
    return pseudo, lines, special


def _check(name: bytes, value: bytes) -> None:
    if not is_token(name) or name.translate(None, _UPPER) != name:
        raise MalformedRequest("a header name that is no token in lower case")
    if name in _OF_CONNECTION or (name == b"te" and value.lower() != b"trailers"):
        raise MalformedRequest(f"{name.decode('latin-1')} belongs to HTTP/1")
    if value.translate(None, FIELD_CHARS) or value != value.strip(b" \t"):
        raise MalformedRequest("a header value with a control character, or space around it")


def _upgrade(pseudo: dict[bytes, bytes]) -> bytes | None:
    """The protocol that extended CONNECT asks for (RFC 8441 section 4); None for other requests."""
    protocol = pseudo.get(b":protocol")
    if protocol is None:
        return None
    if pseudo.get(b":method") != b"CONNECT" or not is_token(protocol):
        raise MalformedRequest(":protocol goes with CONNECT, and is a token")
    if protocol.lower() != b"websocket":
        raise ProtocolError(501, "of extended CONNECT only websocket is spoken here")
    return b"websocket"


def _method(pseudo: dict[bytes, bytes]) -> str:
    raw = pseudo.get(b":method", b"")
    if not is_token(raw):
        raise MalformedRequest("no :method, or none that is a token")
    if raw == b"CONNECT":
        raise ProtocolError(501, "CONNECT is for proxies; this is an origin server")
    method = METHODS.get(raw)
    if method is None:
        raise ProtocolError(501, "unknown request method")
    return method


def _target(pseudo: dict[bytes, bytes], method: str, limits: Limits) -> tuple[bytes, bytes, bytes]:
    target = pseudo.get(b":path", b"")
    if pseudo.get(b":scheme", b"").lower() not in (b"http", b"https"):
        raise MalformedRequest("no :scheme, or another than http and https")
    if target[:1] != b"/" and not (target == b"*" and method == "OPTIONS"):
        raise MalformedRequest("no :path, or one that does not start with a slash")
    if target.translate(None, TARGET_CHARS):
        raise MalformedRequest(":path contains bytes that must be percent-encoded, or a fragment")
    if len(target) > limits.request_line:
        raise ProtocolError(414, f":path longer than {limits.request_line} bytes")
    path, _, query = target.partition(b"?")
    return target, path, query


def _length(special: dict[bytes, bytes], limits: Limits) -> int | None:
    try:
        return body_framing(special, "2.0", limits)[0]
    except ProtocolError as fault:
        if fault.status == 400:
            raise MalformedRequest(fault.detail) from None
        raise


def _authority(pseudo: dict[bytes, bytes], special: dict[bytes, bytes]) -> bytes:
    """RFC 9113 section 8.3.1: :authority, or Host; the same if both are there."""
    host = special.get(b"host")
    authority = pseudo.get(b":authority", host)
    if authority is None:
        raise ProtocolError(400, "neither :authority nor Host")
    if host is not None and host.lower() != authority.lower():
        raise MalformedRequest("Host is another than :authority")
    check_host(authority)
    return authority
