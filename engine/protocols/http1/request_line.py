"""The request line (RFC 9112 section 3): method, target and its form, version."""

from __future__ import annotations

from typing import Final

from engine.errors import ProtocolError
from engine.protocols.grammar import TARGET_CHARS, is_token
from engine.protocols.http1.host import check_host

__all__ = ["METHODS", "RequestLine", "parse_request_line"]

# Those llhttp knows (a test compares) without CONNECT, which only a proxy serves, and SOURCE (ICE only).
_METHOD_NAMES: Final = """
    GET HEAD POST PUT DELETE OPTIONS PATCH TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK
    BIND REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE
    PURGE MKCALENDAR LINK UNLINK QUERY
"""

METHODS: Final[dict[bytes, str]] = {name.encode(): name for name in _METHOD_NAMES.split()}
"""Methods on the wire and as text; method names are case-sensitive (RFC 9110 section 9.1)."""

_VERSIONS: Final[dict[bytes, str]] = {b"HTTP/1.1": "1.1", b"HTTP/1.0": "1.0"}

RequestLine = tuple[str, bytes, bytes, bytes, str, bytes]
"""method, target, path, query, version, authority (empty unless the target is in absolute-form)."""


def parse_request_line(line: bytes) -> RequestLine:
    """Split and check a request line given without CRLF.

    Exactly one space between the parts: RFC 9112 section 3 allows lenient splitting,
    and warns that it opens the door to request smuggling.

    :raises ProtocolError: 400 malformed, 501 unknown method, 505 other version
    """
    parts = line.split(b" ")
    if len(parts) != 3:
        raise _explain_parts(parts)
    raw_method, target, raw_version = parts
    version = _VERSIONS.get(raw_version)
    if version is None:
        raise _explain_version(raw_version)
    method = METHODS.get(raw_method)
    if method is None:
        raise _explain_method(raw_method)
    if target.translate(None, TARGET_CHARS):
        raise _explain_target(target)
    if target[:1] == b"/":  # origin-form, RFC 9112 section 3.2.1
        mark = target.find(b"?")  # not "in": for bytes that first raises and drops a TypeError
        if mark >= 0:
            return method, target, target[:mark], target[mark + 1 :], version, b""
        return method, target, target, b"", version, b""
    return _other_form(method, target, version)


def _other_form(method: str, target: bytes, version: str) -> RequestLine:
    """Absolute-form and asterisk-form (RFC 9112 sections 3.2.2 and 3.2.4)."""
    if target == b"*":
        if method != "OPTIONS":
            raise ProtocolError(400, "request target * is for OPTIONS only")
        return method, target, target, b"", version, b""
    scheme, separator, rest = target.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        raise ProtocolError(400, "request target is neither a path nor an http URI")
    before, question, query = rest.partition(b"?")
    authority, slash, tail = before.partition(b"/")
    if b"@" in authority:  # RFC 9110 section 4.2.4: treat as an error
        raise ProtocolError(400, "request target contains user information")
    check_host(authority)
    path = slash + tail
    if not path:  # RFC 9112 section 3.2.4: OPTIONS http://host stands for "*"
        path = b"*" if method == "OPTIONS" and not question else b"/"
    return method, target, path, query, version, authority


def _explain_parts(parts: list[bytes]) -> ProtocolError:
    if len(parts) == 2 and parts[0] == b"GET" and parts[1][:1] == b"/":
        return ProtocolError(400, "request line without a version; HTTP/0.9 is not supported")
    return ProtocolError(400, "request line is not 'method target version' with single spaces")


def _explain_version(version: bytes) -> ProtocolError:
    # HTTP-version = "HTTP/" DIGIT "." DIGIT, RFC 9112 section 2.3
    well_formed = len(version) == 8 and version.startswith(b"HTTP/") and version[6:7] == b"."
    if well_formed and version[5:6].isdigit() and version[7:8].isdigit():
        return ProtocolError(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    return ProtocolError(400, "malformed HTTP version in the request line")


def _explain_method(method: bytes) -> ProtocolError:
    if not is_token(method):
        return ProtocolError(400, "request method is not a token")
    if method == b"CONNECT":
        return ProtocolError(501, "CONNECT is for proxies; this is an origin server")
    return ProtocolError(501, "unknown request method")


def _explain_target(target: bytes) -> ProtocolError:
    if b"#" in target:
        return ProtocolError(400, "request target contains a fragment")
    return ProtocolError(400, "request target contains bytes that must be percent-encoded")
