"""HTTP/1 requests: bytes in, events out (RFC 9112).

One request at a time.  ``receive`` stops after a request's BodyEnd and keeps what
follows; the server calls ``next_request`` when the response has ended and the
connection stays open, and gets the events of a pipelined request at once if its bytes
have arrived.  So request 2 is never parsed, let alone run, before response 1 is out
(RFC 9112 section 9.3.2), and a usual client pays one comparison for it.
"""

from __future__ import annotations

from typing import Final

from engine.errors import ProtocolError
from engine.protocols.events import END_OF_BODY, BadRequest, BodyChunk, BodyEnd, Event, PeerClosed
from engine.protocols.http1.chunked import ChunkedDecoder
from engine.protocols.http1.head import HeadReader
from engine.protocols.http1.policy import first_fault
from engine.protocols.http1.scan import is_one_head
from engine.protocols.http1.state import BODY, CLOSED, DONE, HEAD, NAMES, SWITCHED
from engine.protocols.limits import DEFAULT_LIMITS, Limits
from engine.protocols.parser import Parser

__all__ = ["Http1Parser"]

_WINDOW: Final = 65536  # body bytes taken at a time from those that came with the head


class Http1Parser(Parser):
    """The requests of one connection.

    Memory: at most one head (bounded by the limits) or one unfinished chunk line,
    plus what one ``receive`` brought beyond the current request.  When
    :meth:`should_pause` turns true, stop reading until :meth:`next_request`.
    """

    __slots__ = (
        "_buffer",
        "_chunks",
        "_discards",
        "_eof",
        "_fields_start",
        "_left",
        "_limits",
        "_reader",
        "_reusable",
        "_skipped_blank",
        "_state",
    )

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._reader = HeadReader(limits)
        self._state: int = HEAD
        self._buffer = bytearray()  # unfinished head in HEAD; bytes after the request in DONE
        self._fields_start = -1  # offset behind the request line of an unfinished head, once checked
        self._skipped_blank = False
        self._left = 0  # of a Content-Length body
        self._chunks: ChunkedDecoder | None = None
        self._reusable = True
        self._discards = False  # nobody will ask for bytes after this request
        self._eof = False

    def __repr__(self) -> str:
        return f"<Http1Parser {NAMES[self._state]}, {self.kept_bytes()} bytes kept>"

    def kept_bytes(self) -> int:
        """Bytes held back until more arrive, or until :meth:`next_request`."""
        return len(self._buffer) + (0 if self._chunks is None else self._chunks.kept_bytes())

    def is_idle(self) -> bool:
        """True between requests with nothing of the next one received."""
        return self._state == HEAD and not self._buffer

    def in_head(self) -> bool:
        """True while a head has begun and not ended."""
        return self._state == HEAD and bool(self._buffer)

    def in_body(self) -> bool:
        """True while body bytes are still to come."""
        return self._state == BODY

    def is_done(self) -> bool:
        """True after BodyEnd, until :meth:`next_request`."""
        return self._state == DONE

    def is_closed(self) -> bool:
        """True after BadRequest or PeerClosed; no event will follow."""
        return self._state == CLOSED

    def should_pause(self) -> bool:
        """True if bytes beyond the current request are kept, so reading on would pile up more."""
        return self._state == DONE and bool(self._buffer)

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes from the peer, ``b""`` for EOF; return the events they complete.

        Never raises for anything the peer sends.  After BadRequest or PeerClosed, and
        after a request that ends the connection, further bytes are ignored.

        :raises RuntimeError: after :meth:`take_remaining`
        """
        state = self._state
        if state == HEAD and data:
            if not self._buffer and is_one_head(data):
                return self._read_head(data)  # the usual case
            if not self._buffer and data[0] != 13:
                end = data.find(b"\r\n\r\n") + 4
                if end > 3:
                    return self._read_head_and_more(data, end)
            seen = len(self._buffer)
            self._buffer += data
            return self._resume_head(seen)
        if not data:
            return self._peer_closed()
        if state == BODY:
            events: list[Event] = []
            used = self._take_body(data, events)
            if used < len(data) and not self._discards:
                self._buffer += data[used:]
            return events
        if state == DONE:
            if not self._discards:
                self._buffer += data
        elif state == SWITCHED:
            raise RuntimeError("receive() after take_remaining(): give the bytes to the new protocol")
        return []

    def body_left(self) -> int:
        """What is missing of a Content-Length."""
        return self._left if self._state == BODY and self._chunks is None else 0

    def skip_body(self, count: int) -> bool:
        """See :meth:`engine.protocols.parser.Parser.skip_body`."""
        self._left -= count
        if self._left:
            return False
        self._state = DONE
        return True

    def next_request(self) -> list[Event]:
        """Go on after the response has ended; return what is known of the next request.

        :raises RuntimeError: if the body has not ended, or the request does not allow another one
        """
        if self._state == CLOSED:
            return []
        if self._state != DONE:
            raise RuntimeError(f"next_request() in state {NAMES[self._state]}: read to BodyEnd first")
        if not self._reusable:
            raise RuntimeError("next_request() after a request that ends the connection: close it instead")
        self._state = HEAD
        self._skipped_blank = False
        self._fields_start = -1
        if not self._buffer:
            return []
        events = self._resume_head(0)
        if self._eof and (self._state != DONE or not self._buffer):
            events += self._peer_closed()
        return events

    def take_remaining(self) -> bytes:
        """Hand the connection over to another protocol; return the bytes that follow the request.

        Call after BodyEnd of a request whose ``upgrade`` the server accepts.  Afterwards
        this parser is of no more use.

        :raises RuntimeError: if the request has not ended
        """
        if self._state != DONE:
            raise RuntimeError(f"take_remaining() in state {NAMES[self._state]}: read to BodyEnd first")
        self._state = SWITCHED
        remaining = bytes(self._buffer)
        self._buffer.clear()
        return remaining

    def _resume_head(self, seen: int) -> list[Event]:
        """Look for a whole head in the buffer, whose first ``seen`` bytes were looked at before."""
        buffer = self._buffer
        if buffer[0] == 13 and not self._skipped_blank:  # RFC 9112 section 2.2: ignore one empty line
            if len(buffer) == 1:
                return []
            if buffer[1] == 10:
                del buffer[:2]
                self._skipped_blank = True
                if not buffer:
                    return []
            seen = 0  # the byte after the CR is the first that can be judged
        end = buffer.find(b"\r\n\r\n", max(0, seen - 3))
        if end < 0:
            return self._check_unfinished(seen)
        head = bytes(buffer[: end + 4])
        del buffer[: end + 4]
        return self._read_head(head)

    def _read_head_and_more(self, data: bytes, end: int) -> list[Event]:
        """A head and, without a detour through the buffer, what came of its body."""
        events = self._read_head(data[:end])
        if self._state == BODY:
            rest = data[end:]
            end += self._take_body(rest, events)
        if self._state == DONE and not self._discards and end < len(data):
            self._buffer += data[end:]
        return events

    def _check_unfinished(self, seen: int) -> list[Event]:
        """Refuse early what no further byte can mend: wrong request line, bare LF, too long."""
        buffer = self._buffer
        limits = self._limits
        newline = buffer.find(b"\n", seen)
        if self._fields_start < 0:
            cut = newline + 1 if newline >= 0 else len(buffer)
            if not seen or newline >= 0 or len(buffer) > limits.request_line + 1:
                fault = first_fault(bytes(buffer[:cut]), limits)
                if fault is not None:
                    return [self._refuse(fault, buffer)]
            if newline < 0:
                return []
            self._fields_start = newline + 1
        while newline >= 0:
            if buffer[newline - 1] != 13:
                return [self._refuse(first_fault(bytes(buffer[: newline + 1]), limits), buffer)]
            newline = buffer.find(b"\n", newline + 1)
        if len(buffer) - self._fields_start > limits.header_bytes + 2:
            return [self._refuse(first_fault(bytes(buffer), limits), buffer)]
        return []

    def _read_head(self, head: bytes) -> list[Event]:
        try:
            request = self._reader.read(head)
        except ProtocolError as fault:
            return [self._refuse(fault, head)]
        self._reusable = keep_alive = request.keep_alive
        if not keep_alive and request.upgrade is None:
            self._discards = True
        if not (request.chunked or request.content_length):
            self._state = DONE
            if self._discards:
                self._buffer.clear()
            return [request, END_OF_BODY]
        self._state = BODY
        self._left = request.content_length or 0
        self._chunks = ChunkedDecoder(self._limits) if request.chunked else None
        events: list[Event] = [request]
        buffer = self._buffer
        while buffer and self._state == BODY:
            used = self._take_body(bytes(buffer[:_WINDOW]), events)
            del buffer[:used]
        if self._state == DONE and self._discards:
            buffer.clear()
        return events

    def _take_body(self, data: bytes, events: list[Event]) -> int:
        """Append the events of body bytes; return how many bytes belonged to the body."""
        if self._chunks is not None:
            return self._take_chunks(self._chunks, data, events)
        left = self._left
        if len(data) < left:
            self._left = left - len(data)
            events.append(BodyChunk(data))
            return len(data)
        events.append(BodyChunk(data if len(data) == left else data[:left]))
        events.append(END_OF_BODY)
        self._state = DONE
        return left

    def _take_chunks(self, chunks: ChunkedDecoder, data: bytes, events: list[Event]) -> int:
        pieces: list[bytes] = []
        refusal: BadRequest | None = None
        used = len(data)
        try:
            used = chunks.decode(data, pieces)
        except ProtocolError as fault:
            refusal = self._refuse(fault, b"")
        if pieces:  # many small chunks make one event
            events.append(BodyChunk(pieces[0] if len(pieces) == 1 else b"".join(pieces)))
        if refusal is not None:
            events.append(refusal)
        elif chunks.is_done():
            trailers = chunks.trailers
            events.append(BodyEnd(tuple(trailers)) if trailers else END_OF_BODY)
            self._chunks = None
            self._state = DONE
        return used

    def _peer_closed(self) -> list[Event]:
        if self._state in (CLOSED, SWITCHED):
            return []
        if self._state == DONE and self._buffer:
            self._eof = True  # told after the pipelined requests, in order
            return []
        clean = self._state == DONE or self.is_idle()
        self._close()
        return [PeerClosed(clean)]

    def _refuse(self, fault: ProtocolError | None, head: bytes | bytearray) -> BadRequest:
        head_only = head[:5] == b"HEAD "
        self._close()
        if fault is None:  # the check before first_fault was wrong; still an answer, not a crash
            return BadRequest(400, "malformed request head", head_only)
        return BadRequest(fault.status, fault.detail, head_only)

    def _close(self) -> None:
        self._state = CLOSED
        self._buffer.clear()
        self._chunks = None
