"""Trailer fields (RFC 9110 section 6.5): which may be, and their lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.protocols.fields import field_lines

__all__ = ["NEVER_TRAILERS", "accepts_trailers", "trailer_lines"]

NEVER_TRAILERS: Final = frozenset(
    # RFC 9110 section 6.5.1: framing, routing, authentication, request modifiers, response control
    # data, and how to handle the content.  Whoever read the head has acted without them.
    b"content-length transfer-encoding host connection te trailer upgrade keep-alive proxy-connection "
    b"expect max-forwards range if-match if-none-match if-modified-since if-unmodified-since if-range "
    b"authorization proxy-authorization www-authenticate proxy-authenticate cookie set-cookie "
    b"content-encoding content-type content-range "
    b"age cache-control expires date location retry-after vary warning".split()
)


def accepts_trailers(te: str) -> bool:
    """Whether a TE value names ``trailers`` (RFC 9110 section 10.1.4)."""
    return te == "trailers" or "trailers" in [coding.strip(" \t").lower() for coding in te.split(",")]


def trailer_lines(headers: Iterable[tuple[str, str]]) -> bytes:
    """Check the fields of a response's trailer section and write them as lines.

    :raises ValueError: for a name that may not be a trailer, or what no header may hold either
    :raises TypeError: if a name or value is not ``str``
    """
    pairs = list(headers)
    lines, _, _ = field_lines(pairs)
    for name, _ in pairs:
        if name.lower().encode("latin-1") in NEVER_TRAILERS:
            raise ValueError(f"{name} cannot be a trailer (RFC 9110 section 6.5.1); send it in the head")
    return b"".join(lines)
