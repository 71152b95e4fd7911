"""Field sections of requests, kept while clients repeat them.

A client on a kept connection sends the same lines behind each request line: the same
Host, User-Agent, Accept and Cookie.  The second time a section comes on a connection, what
was found out about it is kept for all connections, and a third request pays a look-up for
it.  HTTP/2 knows the habit and has its dynamic table for it (RFC 7541).

Only sections that mean the same behind every request line are kept: no chunks, no upgrade,
nothing expected, no end of the connection.  A section is compared as a whole, byte by byte,
so no other bytes can pass for one that was checked.
"""

from __future__ import annotations

from typing import Final

from engine.protocols.limits import Limits

__all__ = ["KEPT", "LONGEST", "FieldSection", "keep"]

LONGEST: Final = 4096
"""Bytes of a section that is kept."""
_MOST: Final = 256

KEPT: Final[dict[bytes, FieldSection]] = {}
"""By the bytes from behind the request line to the end of the head; one worker's, its loop's thread only."""


class FieldSection:
    """What is known of a section, behind a request line of HTTP/1.1.  Treat as read-only.

    :param lines: names in lower case and values, as in a RequestHead
    :param limits: those that it was checked against
    :param content_length: None if there is none
    """

    __slots__ = ("content_length", "environ", "limits", "lines", "size")

    def __init__(
        self, lines: list[tuple[bytes, bytes]], limits: Limits, content_length: int | None = None
    ) -> None:
        self.lines = lines
        self.limits = limits
        self.content_length = content_length
        self.size = 4 * len(lines) + sum([len(name) + len(value) for name, value in lines])
        """Bytes as the request log counts them."""
        self.environ: dict[str, str] | None = None
        """The same as CGI variables, once an application has asked for them."""


def keep(block: bytes, section: FieldSection) -> None:
    """Keep a section; when there are too many, those that still come are soon back."""
    if len(KEPT) >= _MOST:
        KEPT.clear()
    KEPT[block] = section
