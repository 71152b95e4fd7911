"""Byte classes of HTTP (RFC 9110 section 5, RFC 9112 section 2.3) as translate tables.

``data.translate(None, CLASS)`` leaves what does not belong; one C call, no regex.
"""

from __future__ import annotations

from typing import Final

__all__ = ["FIELD_CHARS", "TARGET_CHARS", "TOKEN_CHARS", "check_field_line", "is_token", "split_field_line"]

from engine.errors import ProtocolError

TOKEN_CHARS: Final = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""tchar, RFC 9110 section 5.6.2."""

FIELD_CHARS: Final = bytes([0x09, *range(0x20, 0x7F), *range(0x80, 0x100)])
"""field-content and OWS, RFC 9110 section 5.5; CR, LF, NUL and other controls are not in it."""

TARGET_CHARS: Final = bytes(byte for byte in range(0x21, 0x7F) if byte != ord("#"))
"""Bytes let through in a request-target.  Wider than RFC 3986: clients do send raw ``|`` or ``{``, and
nginx and llhttp take them.  Not ``#``: a fragment is never sent (RFC 9112 section 3.2), and proxies
differ on where the path of such a target ends."""


def is_token(data: bytes) -> bool:
    """True if data is a token (RFC 9110 section 5.6.2)."""
    return bool(data) and not data.translate(None, TOKEN_CHARS)


def check_field_line(line: bytes) -> None:
    """Explain what is wrong with a field line given without CRLF (RFC 9112 section 5).

    Not on the fast path: llhttp has found, or will find, the same faults there.

    :raises ProtocolError: 400
    """
    if line[:1] in (b" ", b"\t"):
        raise ProtocolError(400, "header line starts with whitespace; folded lines are obsolete")
    name, colon, value = line.partition(b":")
    if not colon:
        raise ProtocolError(400, "header line without a colon")
    if name[-1:] in (b" ", b"\t"):
        raise ProtocolError(400, "whitespace before the colon of a header line")
    if not is_token(name):
        raise ProtocolError(400, "header name is not a token")
    bad = value.translate(None, FIELD_CHARS)
    if bad:
        raise ProtocolError(400, f"header value contains the control character 0x{bad[0]:02x}")


def split_field_line(line: bytes) -> tuple[bytes, bytes]:
    """Name in lower case and value without OWS of a field line that was checked."""
    name, _, value = line.partition(b":")
    return name.lower(), value.strip(b" \t")
