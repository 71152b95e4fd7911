"""Events a protocol parser hands to the server, in wire order.

For one request: a head (:class:`RequestHead` or :class:`UwsgiHead`), any number
of :class:`BodyChunk`, one :class:`BodyEnd`.  :class:`BadRequest` and
:class:`PeerClosed` end the connection's input.  ``http1/state.py`` has the table.

Plain ``__slots__`` classes: a frozen dataclass takes three times as long to
create, and one is created for every request.  Treat them as read-only.
"""

from __future__ import annotations

from engine.protocols.sections import FieldSection

__all__ = [
    "END_OF_BODY",
    "BadRequest",
    "BodyChunk",
    "BodyEnd",
    "Event",
    "PeerClosed",
    "RequestHead",
    "UwsgiHead",
]


class _Event:
    """Equality and repr by slots, for tests and logs."""

    __slots__: tuple[str, ...] = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._facts())

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._facts())
        return f"{type(self).__name__}({facts})"

    def _facts(self) -> list[str]:
        return [name for name in self.__slots__ if name != "section"]


class RequestHead(_Event):
    """Request line and header fields of one HTTP/1 request (RFC 9112 sections 3 and 5).

    ``target`` is the request-target as received.  ``path`` and ``query`` are its
    parts, still percent-encoded; in absolute-form ``path`` is that of the URI, and
    it is ``b"*"`` for ``OPTIONS *``.  Header names are lower case, values carry no
    surrounding whitespace, order and repetitions are kept.

    ``keep_alive``: the client allows another request on this connection.
    ``expect_continue``: the client waits for ``100 Continue`` before it sends the body.
    ``upgrade``: lower-case protocol the client offers, e.g. ``b"websocket"``.  It is an
    offer: a server that ignores it serves an ordinary request (RFC 9110 section 7.8).
    ``section``: what is kept of ``headers`` for all requests that have the same; whoever
    changes the headers of a request gives it a list of its own, and None here.
    """

    __slots__ = (
        "chunked",
        "content_length",
        "expect_continue",
        "headers",
        "http_version",
        "keep_alive",
        "method",
        "path",
        "query",
        "section",
        "target",
        "upgrade",
    )

    def __init__(
        self,
        method: str,
        target: bytes,
        path: bytes,
        query: bytes,
        headers: list[tuple[bytes, bytes]],
        http_version: str = "1.1",
        content_length: int | None = None,
        chunked: bool = False,
        keep_alive: bool = True,
        expect_continue: bool = False,
        upgrade: bytes | None = None,
    ) -> None:
        self.method = method
        self.target = target
        self.path = path
        self.query = query
        self.headers = headers
        self.http_version = http_version
        self.content_length = content_length
        self.chunked = chunked
        self.keep_alive = keep_alive
        self.expect_continue = expect_continue
        self.upgrade = upgrade
        self.section: FieldSection | None = None

    @property
    def has_body(self) -> bool:
        """True if body bytes follow (RFC 9112 section 6.3)."""
        return self.chunked or bool(self.content_length)


class UwsgiHead(_Event):
    """Header and variables of one uwsgi packet.

    ``variables`` are decoded latin-1, so ``value.encode("latin-1")`` gives the bytes
    back.  ``block`` is the raw payload when ``modifier1`` does not stand for a web
    request (ping, signal, cache, RPC); ``variables`` is empty then, except for a
    cache command, whose value is the block.  The properties
    have the names and types of :class:`RequestHead`, so one log line fits both.
    """

    __slots__ = ("block", "content_length", "modifier1", "modifier2", "variables")

    chunked = False  # the front end has undone chunking, whatever HTTP_TRANSFER_ENCODING says
    keep_alive = False  # one request per connection
    expect_continue = False  # answered by the front end

    @property
    def upgrade(self) -> bytes | None:
        """As :attr:`RequestHead.upgrade`, if the front end passes it on."""
        value = self.variables.get("HTTP_UPGRADE")
        return value.lower().encode("latin-1") if value else None

    def __init__(
        self,
        modifier1: int,
        modifier2: int,
        variables: dict[str, str],
        content_length: int = 0,
        block: bytes = b"",
    ) -> None:
        self.modifier1 = modifier1
        self.modifier2 = modifier2
        self.variables = variables
        self.content_length = content_length
        self.block = block

    @property
    def method(self) -> str:
        return self.variables.get("REQUEST_METHOD", "")

    @property
    def target(self) -> bytes:
        """REQUEST_URI as received; put together from the parts if the front end leaves it out."""
        uri = self.variables.get("REQUEST_URI")
        if uri is None:
            query = self.variables.get("QUERY_STRING", "")
            uri = self.variables.get("PATH_INFO", "") + (f"?{query}" if query else "")
        return uri.encode("latin-1")

    @property
    def path(self) -> bytes:
        """Path part of :attr:`target`, percent-encoded as received (PATH_INFO is decoded)."""
        return self.target.partition(b"?")[0]

    @property
    def query(self) -> bytes:
        return self.variables.get("QUERY_STRING", "").encode("latin-1")

    @property
    def http_version(self) -> str:
        """Version between client and front end, e.g. ``"2.0"``; ``"1.0"`` if not sent."""
        return self.variables.get("SERVER_PROTOCOL", "HTTP/1.0").rpartition("/")[2]

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Header fields rebuilt from ``HTTP_*``, CONTENT_TYPE and CONTENT_LENGTH."""
        return [
            (name.removeprefix("HTTP_").replace("_", "-").lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in self.variables.items()
            if (name.startswith("HTTP_") and name not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"))
            or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
        ]

    @property
    def has_body(self) -> bool:
        return self.content_length > 0


class BodyChunk(_Event):
    """Some body bytes, never empty.  Their boundaries carry no meaning."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class BodyEnd(_Event):
    """The body is complete.  ``trailers`` as in RFC 9110 section 6.5; mostly empty.

    Trailer fields are never merged into the headers (RFC 9110 section 6.5.1).
    """

    __slots__ = ("trailers",)

    def __init__(self, trailers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.trailers = trailers


END_OF_BODY = BodyEnd()
"""Shared event for the usual end without trailers; a request without body costs no new object."""


class BadRequest(_Event):
    """The peer broke the protocol: answer with an error page, close.  No event follows.

    :param status: HTTP status of the answer
    :param detail: one line for the log and the page, saying what was wrong
    :param head_only: the request was HEAD, so the page goes without its body (RFC 9110 section 9.3.2)
    """

    __slots__ = ("detail", "head_only", "status")

    def __init__(self, status: int, detail: str, head_only: bool = False) -> None:
        self.status = status
        self.detail = detail
        self.head_only = head_only


class PeerClosed(_Event):
    """The peer sent EOF.  ``clean`` is False in the middle of a head or body."""

    __slots__ = ("clean",)

    def __init__(self, clean: bool) -> None:
        self.clean = clean


Event = RequestHead | UwsgiHead | BodyChunk | BodyEnd | BadRequest | PeerClosed
