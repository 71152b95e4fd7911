"""Which event may follow which on one HTTP/1 connection.

Two rules hold.  Every state of the parser has a name here, and the table below is
the only place that says what may come next; the parser's tests walk it for every
byte sequence they invent.

Theory of operation: a connection is in HEAD between requests and while a head
arrives.  A RequestHead opens BODY, also when there is none: an empty body ends at
once with BodyEnd.  In DONE the request is complete and the response may still be
under way; only the server's ``next_request()`` leads back to HEAD, which is what
keeps request 2 waiting until response 1 has ended (RFC 9112 section 9.3.2).
SWITCHED means the bytes belong to another protocol now (RFC 9110 section 7.8).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.protocols.events import BadRequest, BodyChunk, BodyEnd, PeerClosed, RequestHead

__all__ = ["BODY", "CLOSED", "DONE", "HEAD", "NAMES", "NEXT", "SWITCHED"]

# Plain ints, not an enum: a member look-up through the enum class costs
# ten times a global, and these are compared several times per request.
HEAD: Final = 0
BODY: Final = 1
DONE: Final = 2
SWITCHED: Final = 3
CLOSED: Final = 4

NAMES: Final = ("HEAD", "BODY", "DONE", "SWITCHED", "CLOSED")

NEXT: Final[Mapping[int, Mapping[type, int]]] = {
    HEAD: {RequestHead: BODY, BadRequest: CLOSED, PeerClosed: CLOSED},
    BODY: {BodyChunk: BODY, BodyEnd: DONE, BadRequest: CLOSED, PeerClosed: CLOSED},
    DONE: {PeerClosed: CLOSED},
    SWITCHED: {},
    CLOSED: {},
}
