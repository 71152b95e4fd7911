"""What comes in on one connection: bytes from a cooperative socket, cut into requests.

Where the engine's own connections are fed by asyncio, here the greenlet of the connection reads,
and only when somebody wants something: the next head, or the next bytes of the body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from engine.interfaces import ParkingPlace
from engine.protocols.events import BadRequest, BodyChunk, BodyEnd, Event, PeerClosed, RequestHead
from engine.protocols.http1.parser import Http1Parser
from engine.protocols.limits import Limits
from engine.request.body import EMPTY_BODY, RequestBody
from engine.request.room import Room

__all__ = ["ByteReader", "Intake", "InvalidRequest"]

_CHUNK: Final = 65536
_ENDED: Final = "unexpected end of file while reading the request body"


class InvalidRequest(ValueError):
    """The client sent something that is no request.

    :param status: HTTP status for the answer
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class ByteReader:
    """The receiving side of a socket as a binary file (``handler.rfile``); bytes can be given back."""

    def __init__(self, sock: Any) -> None:
        self._recv: Callable[[int], bytes] | None = sock.recv
        self._kept = b""

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._recv is None

    def close(self) -> None:
        """Read no more; the socket stays open."""
        self._recv = None
        self._kept = b""

    def receive(self) -> bytes:
        """Return what is there; wait if nothing is; ``b""`` once the client has finished sending."""
        data, self._kept = self._kept, b""
        if not data and self._recv is not None:
            data = self._recv(_CHUNK)
        return data

    def unread(self, data: bytes) -> None:
        """Give bytes back; the next read starts with them."""
        self._kept = data + self._kept

    def read(self, size: int | None = -1) -> bytes:
        """Return *size* bytes, fewer at the end only; all that comes if None or negative."""
        wanted = -1 if size is None or size < 0 else size
        parts: list[bytes] = []
        have = 0
        while wanted < 0 or have < wanted:
            data = self.receive()
            if not data:
                break
            parts.append(data)
            have += len(data)
        data = b"".join(parts)
        if 0 <= wanted < have:
            self.unread(data[wanted:])
            data = data[:wanted]
        return data

    def readline(self, size: int | None = -1) -> bytes:
        """Return the next line with its newline, at most *size* bytes of it."""
        limit = -1 if size is None or size < 0 else size
        line = b""
        while True:
            data = self.receive()
            line += data
            end = line.find(b"\n") + 1 or len(line)
            if 0 <= limit < end:
                end = limit
            if not data or end < len(line) or line.endswith(b"\n") or len(line) == limit:
                if line[end:]:
                    self.unread(line[end:])
                return line[:end]

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line


class Intake:
    """The requests of one connection, one at a time; used by its greenlet only.

    :param on_wanted: called before the first wait for a body that has not arrived
    """

    def __init__(self, reader: ByteReader, limits: Limits, on_wanted: Callable[[], None]) -> None:
        self._reader = reader
        self._limits = limits
        self._parser = Http1Parser(limits)
        self._on_wanted = on_wanted
        self._fresh = True
        self._ended = False
        self._refused = False
        self._left = False
        self.body = EMPTY_BODY

    def next_head(self, beginning: bytes = b"") -> RequestHead | None:
        """Return the next head, waiting for it; None if the client sends no more.

        :param beginning: bytes of it that were taken from the reader already
        :raises InvalidRequest: if what came is no request
        """
        self.body = EMPTY_BODY
        events: list[Event] = [] if self._fresh else self._parser.next_request()
        self._fresh = False
        while True:
            head = self._take(events)
            if head is not None or self._ended:
                return head
            data = beginning or self._reader.receive()
            beginning = b""
            events = self._parser.receive(data)

    def give_back(self) -> None:
        """Put bytes that follow the current request into the reader; the next head is parsed anew."""
        if self._parser.is_done():
            self._reader.unread(self._parser.take_remaining())
            self._parser = Http1Parser(self._limits)
            self._fresh = True

    def _take(self, events: list[Event]) -> RequestHead | None:
        head: RequestHead | None = None
        for event in events:
            kind = type(event)
            if kind is RequestHead:
                assert isinstance(event, RequestHead)
                head = event
                self._open_body(head)
            elif kind is BodyChunk:
                self.body.feed(event.data)  # type: ignore[union-attr]
            elif kind is BodyEnd:
                if self.body is not EMPTY_BODY:
                    self.body.finish(event.trailers)  # type: ignore[union-attr]
            elif kind is PeerClosed:
                self._ended = self._left = True
                self.body.fail(_ENDED)
            elif kind is BadRequest:
                self._refuse(event.status, event.detail)  # type: ignore[union-attr]
        return head

    def _open_body(self, head: RequestHead) -> None:
        if head.has_body:
            self.body = RequestBody(self, None if head.chunked else head.content_length, 0.0)

    def _refuse(self, status: int, detail: str) -> None:
        self._ended = self._refused = True
        if self.body is EMPTY_BODY:
            raise InvalidRequest(status, detail)
        self.body.fail(detail, status)

    def is_cut_off(self) -> bool:
        """Whether the client may still be sending something that nobody is going to read."""
        return not self._left and (self._refused or not self.body.complete)

    def abandon(self) -> None:
        """Take no notice of what the client may still send."""
        self._left = True

    def finish_body(self, most: int) -> bool:
        """Read the rest of a body that nobody read; False if another request cannot follow it.

        :param most: bytes; if more is to come, closing is cheaper
        """
        body = self.body
        if body.length is not None and body.length - body.taken - body.buffered > most:
            return False
        while not body.complete:
            if self._ended or most < 0:
                return False
            body.discard()
            self.park()
            most -= body.buffered
        return not self._ended

    # -- what RequestBody asks for -------------------------------------------------------------

    def park(self, timeout: float | None = None) -> bool:
        """Wait for the next bytes."""
        self._take(self._parser.receive(self._reader.receive()))
        return True

    def unpark(self) -> None:
        """Do nothing: whoever waits here reads by itself."""

    def new_parking(self) -> ParkingPlace:
        """Return this: waiting is reading."""
        return self

    def body_wanted(self) -> None:
        """The application waits for its body for the first time."""
        self._on_wanted()

    def receive_body(self, room: Room) -> int:
        """The reader may hold some of them: nothing."""
        return 0

    def pause_body(self) -> None:
        """Do nothing: nobody reads ahead."""

    def resume_body(self) -> None:
        """Do nothing: nobody reads ahead."""
