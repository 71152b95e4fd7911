"""One request and its reply on one connection.

States of the reply: NEW (no status yet), STARTED (status known, nothing sent),
SENT (head is out), SWITCHED (101 is out, the connection speaks another protocol),
ENDED.  The application's greenlet moves it forward; the connection only reads it.
"""

from __future__ import annotations

import os
from typing import Any, Final

from engine._clock import monotonic, now
from engine.errors import ClientDisconnected, ReplyError
from engine.interfaces import ExcInfo, Write
from engine.protocols.events import RequestHead
from engine.protocols.http1.framing import CHUNKED, NONE, UNTIL_CLOSE, Framing
from engine.protocols.http1.writer import LAST_CHUNK, encode_chunk, last_chunk, switching_head
from engine.protocols.status import parse_status
from engine.protocols.trailers import trailer_lines
from engine.request.body import RequestBody
from engine.request.io_errors import IO_ERRORS
from engine.request.link import Link

__all__ = ["ENDED", "NEW", "SENT", "STARTED", "SWITCHED", "Exchange"]

NEW: Final = 0
STARTED: Final = 1
SENT: Final = 2
SWITCHED: Final = 3
ENDED: Final = 4

_STATE_NAMES = ("NEW", "STARTED", "SENT", "SWITCHED", "ENDED")
_COALESCE: Final = 65536  # up to this size head and body go out in one write


def copy_blocks(exchange: Exchange, fd: int, offset: int, count: int) -> None:
    """Send part of a file as items, for replies that are framed in chunks."""
    while count > 0:
        data = os.pread(fd, min(count, _COALESCE), offset)
        if not data:
            return
        exchange.write(data)
        offset += len(data)
        count -= len(data)


class Exchange:
    """A request being answered."""

    __slots__ = (
        "_code",
        "_framing",
        "_headers",
        "_state",
        "_status",
        "app",
        "body",
        "body_bytes",
        "core",
        "gone",
        "head",
        "header_bytes",
        "header_count",
        "link",
        "notes",
        "sent_file",
        "started_at",
        "started_clock",
        "switches",
        "trailers",
        "variable_count",
        "was_cut",
        "write_failed",
    )

    _framing: Framing

    def __init__(self, link: Link, head: Any, body: RequestBody) -> None:
        self.link = link
        self.head = head
        self.body = body
        self.app = 0
        self.core = -1
        self.gone = False
        self.started_at = now()
        self.started_clock = monotonic()
        self._state = NEW
        self._status = ""
        self._code = 0
        self._headers: list[tuple[str, str]] = []
        self.trailers = b""
        self.body_bytes = 0
        self.header_bytes = 0
        self.header_count = 0
        self.variable_count = 0
        self.switches = 0
        self.was_cut = False
        self.write_failed = False
        self.notes: Any = None
        self.sent_file = False

    # -- questions ------------------------------------------------------------

    @property
    def status_code(self) -> int:
        """The three-digit status; 0 if nothing was sent."""
        return self.sent_code()

    @property
    def method(self) -> str:
        """The request method."""
        return self.head.method  # type: ignore[no-any-return]

    @property
    def uri(self) -> str:
        """The request target as received."""
        return self.head.target.decode("latin-1")  # type: ignore[no-any-return]

    @property
    def protocol(self) -> str:
        """``HTTP/1.1`` and the like."""
        return f"HTTP/{self.head.http_version}"

    @property
    def remote_addr(self) -> str:
        """The client's address as the application sees it."""
        return self.link.remote_addr(self.head)

    @property
    def remote_user(self) -> str:
        """The authenticated user, if the front end names one."""
        return "" if type(self.head) is RequestHead else self.head.variables.get("REMOTE_USER", "")

    def sent_code(self) -> int:
        """The three-digit status; 0 if nothing was sent."""
        return self._code if self.header_bytes else 0

    def request_bytes(self) -> int:
        """Bytes of all names and values that came with the request, 4 more for each pair as in a packet."""
        head = self.head
        if type(head) is RequestHead:
            http: RequestHead = head
            if http.section is not None:
                return http.section.size
        pairs = head.headers if type(head) is RequestHead else head.variables.items()
        size = 4 * len(pairs)
        for name, value in pairs:
            size += len(name) + len(value)
        return size

    def is_started(self) -> bool:
        """Whether the application has given a status."""
        return self._state != NEW

    def is_sent(self) -> bool:
        """Whether the head went out, so that the status cannot change."""
        return self._state >= SENT

    def is_switched(self) -> bool:
        """Whether the connection speaks another protocol now, on behalf of this request."""
        return self._state == SWITCHED

    def is_silent(self) -> bool:
        """Whether the head is out and no body will follow it, whatever the application yields."""
        return self._state >= SENT and self._framing.kind == NONE

    def is_ended(self) -> bool:
        """Whether the reply is over, for better or worse."""
        return self._state == ENDED

    def is_cut(self) -> bool:
        """Whether the reply was given up: the client left, or the application failed halfway."""
        return self.was_cut

    # -- steps of the reply, in the request's greenlet ---------------------------

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
    ) -> Write:
        """Note status and headers; they go out with the first non-empty item (PEP 3333).

        :raises TypeError: if an argument has the wrong type
        :raises ValueError: if the status is malformed
        :raises ReplyError: if a reply was started and *exc_info* is missing
        """
        if exc_info is not None:
            try:
                if self._state >= SENT:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._state != NEW:
            if self._state == SWITCHED:
                return self.write  # frameworks answer what they think is still a request
            if self._state >= SENT:
                raise OSError("headers already sent")
            raise ReplyError(
                "start_response() was called a second time without exc_info; "
                "pass exc_info=sys.exc_info() to replace the first status (PEP 3333)."
            )
        if type(status) is not str and not isinstance(status, str):
            raise TypeError("http status must be a string")
        if type(headers) is not list:
            raise TypeError("http headers must be in a python list")
        self._code = parse_status(status)[1]
        self._status = status
        self._headers = headers[:]
        self._state = STARTED
        return self.write

    def write(self, data: bytes) -> None:
        """Send a piece of the body now; parks the greenlet while the client is slow.

        :raises ReplyError: before start_response, or beyond the declared Content-Length
        :raises ClientDisconnected: if the client went away
        """
        if not data:
            return
        if self._state == STARTED:
            self._begin(None, data)
            return
        if self._state != SENT:
            if self._state == SWITCHED:
                return
            raise ReplyError(
                "a body item came before start_response()"
                if self._state == NEW
                else "write() after the reply has ended"
            )
        self._send_body(data)

    def send_all(self, data: bytes) -> None:
        """Send the whole body at once; its length is known, so the client learns it."""
        if self._state == STARTED:
            self._begin(len(data), data)
        elif data:
            self.write(data)
        elif self._state == NEW:
            raise ReplyError("the application returned without calling start_response()")

    def send_head(self, length: int | None) -> None:
        """Send the head without waiting for body bytes; *length* is their number if known."""
        if self._state == STARTED:
            self._begin(length, b"")

    def room(self) -> int | None:
        """How many body bytes the declared length still allows; None if any number.

        Before the head is out, what the application's Content-Length says.
        """
        if self._state == SENT:
            length = self._framing.length
            return None if length is None else max(0, length - self.body_bytes)
        for name, value in self._headers:
            if name.lower() == "content-length" and value.strip().isdecimal():
                return int(value)
        return None

    def send_file(self, fd: int, offset: int, count: int) -> None:
        """Send *count* bytes of a regular file from *offset*, but no more than the declared length allows.

        Other than for items, a longer file is no error: a Content-Length that ends before the file
        does is how applications answer a Range with ``wsgi.file_wrapper``.
        """
        room = self.room()
        if room is not None and room < count:
            count = room
        self.sent_file = True
        if self._state == STARTED:
            if count <= _COALESCE and self.head.method != "HEAD":
                self.send_all(os.pread(fd, count, offset))  # one packet, if it is short
                return
            self._begin(count, b"")
        if self._state != SENT:
            raise ReplyError("a file came before start_response(), or after the end of the reply")
        kind = self._framing.kind
        if kind == CHUNKED:
            copy_blocks(self, fd, offset, count)
        elif kind != NONE and count:
            if self.gone:
                raise self._left()
            self.body_bytes += count  # as in _transmit_counted
            sent = 0
            try:
                sent = self.link.transmit_file(fd, offset, count)
            except BaseException as exc:
                IO_ERRORS.write_failed(self, exc)
                raise
            finally:
                self.body_bytes -= count - sent

    def early_hints(self, headers: list[tuple[str, str]]) -> None:
        """Send ``103 Early Hints`` now (RFC 8297); any number of times before the head.

        Offered to HTTP/1.1 clients as ``environ["wsgi.early_hints"]``, with gunicorn's signature.

        :param headers: mostly ``("Link", "</style.css>; rel=preload; as=style")``
        :raises ReplyError: once the head is out
        :raises ValueError: for a header that would break the message
        :raises ClientDisconnected: if the client went away
        """
        if self._state >= SENT:
            raise ReplyError("early hints come too late: the head of the reply has been sent")
        if headers:
            self._transmit(self.link.encode_interim("103 Early Hints", headers))

    def send_trailers(self, headers: list[tuple[str, str]]) -> None:
        """Note fields that follow the last chunk (RFC 9110 section 6.5); again replaces them.

        Offered as ``environ["engine.send_trailers"]`` to clients that sent ``TE: trailers``.
        They are extras any hop may drop: a reply that is not chunked, because it has a
        Content-Length or no body, goes without.  Called before the head, it keeps the
        server from adding a Content-Length by itself.

        :raises ReplyError: once the reply has ended
        :raises ValueError: for a field that cannot be a trailer, or would break the message
        """
        if self._state == ENDED:
            raise ReplyError("trailers come too late: the reply has ended")
        self.trailers = trailer_lines(headers)

    def _begin(self, length: int | None, first: bytes) -> None:
        if self.trailers:
            length = None  # they need chunks
        head, framing = self.link.encode_head(self.head, self._status, self._headers, length)
        self._framing = framing
        self._state = SENT
        self.header_count = len(self._headers)
        self.header_bytes = len(head)
        whole = head
        rest = b""
        if first and framing.kind != NONE:
            if len(first) > _COALESCE or (framing.length is not None and len(first) > framing.length):
                rest = first
            else:
                whole = head + (encode_chunk(first) if framing.kind == CHUNKED else first)
                self.body_bytes = len(first)
        try:
            self._transmit(whole)
        except BaseException:
            self.link.abort(True)  # nobody knows whether the head is out
            raise
        if rest:
            self._send_body(rest)

    def _send_body(self, data: bytes) -> None:
        framing = self._framing
        if framing.kind == NONE:
            if self.gone:
                raise self._left()
            return
        length = framing.length
        if length is not None and self.body_bytes + len(data) > length:
            self._transmit_counted(data[: length - self.body_bytes])
            raise ReplyError(
                f"the body is longer than the declared Content-Length of {length} bytes; the rest was cut off"
            )
        if length is not None:
            self._transmit_counted(data)
            return
        self._transmit(encode_chunk(data) if framing.kind == CHUNKED else data)
        self.body_bytes += len(data)

    def _transmit_counted(self, data: bytes) -> None:
        """Count before it waits: meanwhile another greenlet of the application may write."""
        self.body_bytes += len(data)
        try:
            self._transmit(data)
        except BaseException:
            self.body_bytes -= len(data)
            raise

    def _transmit(self, data: bytes) -> None:
        if self.gone:
            raise self._left()
        try:
            self.link.transmit(data)
        except BaseException as exc:
            IO_ERRORS.write_failed(self, exc)
            raise

    def _left(self) -> ClientDisconnected:
        error = ClientDisconnected("write error: the client closed the connection")
        IO_ERRORS.write_failed(self, error)
        return error

    def finish(self) -> None:
        """End the reply; the head goes out now if nothing did so far.

        :raises ReplyError: if start_response was never called, or the body is shorter than declared
        """
        if self._state == ENDED:
            return
        if self._state == NEW:
            raise ReplyError("the application returned without calling start_response()")
        if self._state == STARTED:
            self._begin(0, b"")
        if self._state == SWITCHED:
            self._state = ENDED
            self.link.reply_ended(self, False)
            return
        framing = self._framing
        if framing.kind == CHUNKED:
            self._transmit(last_chunk(self.trailers) if self.trailers else LAST_CHUNK)
        elif framing.kind != NONE and framing.length is not None and self.body_bytes < framing.length:
            missing = framing.length - self.body_bytes
            raise ReplyError(f"the body is {missing} bytes shorter than the declared Content-Length")
        self._state = ENDED
        self.link.reply_ended(self, framing.keep_alive)

    def switch(self, protocol: str, headers: list[tuple[str, str]], guest: Any) -> None:
        """Agree to another protocol: what the client sends from here on is for *guest*.

        What the application yields is dropped; the request ends when it returns.

        :param headers: for the answer, beside ``Upgrade`` and ``Connection``
        :raises ReplyError: if a status was given already
        :raises ClientDisconnected: if the client is gone
        """
        head = switching_head(protocol, headers)
        self._check_new()
        self._transmit(head)
        self.take_over(guest)
        self.header_count = len(headers) + 2
        self.header_bytes = len(head)

    def open_tunnel(self, headers: list[tuple[str, str]], guest: Any) -> None:
        """As :meth:`switch`, where the frames of HTTP/2 carry the other protocol (RFC 8441): answer 200."""
        self._check_new()
        if self.gone:
            raise ClientDisconnected("the client closed the connection")
        link: Any = self.link
        self.header_bytes = link.open_tunnel(headers, guest)
        self.header_count = len(headers)
        self._status = "200 OK"
        self._code = 200
        self._state = SWITCHED

    def take_over(self, guest: Any) -> None:
        """Give the connection to *guest*, who also sends the answer.  As :meth:`switch`."""
        self._check_new()
        link: Any = self.link  # only connections that are made for it come here
        link.switch(guest)
        self._status = "101 Switching Protocols"
        self._code = 101
        self._state = SWITCHED

    def _check_new(self) -> None:
        if self._state != NEW:
            raise ReplyError("the connection cannot change its protocol: the reply has begun")

    def cut(self) -> None:
        """Give up the reply: the client must be able to tell that it is not complete."""
        if self._state != ENDED:
            # A body until close has no other end than that of the connection.
            reset = self._state == SENT and self._framing.kind == UNTIL_CLOSE
            self._state = ENDED
            self.was_cut = True
            self.link.abort(reset)
            self.link.reply_ended(self, False)

    def replace(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer with something else than the application began; only before the head is out."""
        self.trailers = b""
        self._status = status
        self._code = parse_status(status)[1]
        self._headers = headers
        self._state = STARTED
        self.send_all(body)
        self.finish()

    def __repr__(self) -> str:
        return f"<Exchange {_STATE_NAMES[self._state]} core={self.core} {self.head!r}>"
