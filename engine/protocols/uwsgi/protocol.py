"""uwsgi requests and responses: one request per connection, the answer ends by close."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.errors import ProtocolError
from engine.protocols.events import END_OF_BODY, BadRequest, BodyChunk, Event, PeerClosed, UwsgiHead
from engine.protocols.fields import encode, field_lines
from engine.protocols.http1.framing import NONE, UNTIL_CLOSE, Framing, is_bodyless
from engine.protocols.limits import DEFAULT_LIMITS, Limits
from engine.protocols.parser import Parser
from engine.protocols.status import parse_status
from engine.protocols.uwsgi.packet import HEADER_SIZE, decode_header, looks_foreign
from engine.protocols.uwsgi.variables import VARIABLES

__all__ = ["CACHE", "CACHE_COMMAND", "PING_REPLY", "SIGNAL_REPLY", "UwsgiParser", "response_head"]

_HEAD: Final = 0
_BODY: Final = 1
_DONE: Final = 2
_CLOSED: Final = 3
_VALUE: Final = 4

CACHE: Final = 111
"""First modifier of what asks for a cache."""

CACHE_COMMAND: Final = 17
"""Second modifier of a cache command whose value, if it has one, follows the block (uWSGI plugins/cache)."""

_MOST_OF_VALUE: Final = 16 << 20  # bytes; it is held in memory whole

_WEB_MODIFIERS: Final = frozenset((0, 30))
"""WSGI, and WSGI with SCRIPT_NAME cut off."""

PING_REPLY: Final = b"\x64\x00\x00\x01"
"""Answer to modifier1 100."""

SIGNAL_REPLY: Final = b"\xff\x00\x00\x01"
"""Answer to modifier1 110, when the signal was taken."""


class UwsgiParser(Parser):
    """The one request of a uwsgi connection.  Memory: at most one variable block (64 KiB), or one value.

    Same questions as ``Http1Parser``, so the server need not know which one it holds.
    """

    __slots__ = ("_buffer", "_command", "_left", "_limits", "_state")

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._state: int = _HEAD
        self._buffer = b""
        self._left = 0
        self._command: dict[str, str] = {}

    def __repr__(self) -> str:
        name = ("HEAD", "BODY", "DONE", "CLOSED", "VALUE")[self._state]
        return f"<UwsgiParser {name}, {len(self._buffer)} bytes kept>"

    def kept_bytes(self) -> int:
        """Bytes held back until more arrive."""
        return len(self._buffer)

    def is_idle(self) -> bool:
        """True until the first byte."""
        return self._state == _HEAD and not self._buffer

    def in_head(self) -> bool:
        return self._state == _VALUE or (self._state == _HEAD and bool(self._buffer))

    def in_body(self) -> bool:
        return self._state == _BODY

    def is_done(self) -> bool:
        return self._state == _DONE

    def is_closed(self) -> bool:
        return self._state == _CLOSED

    def next_request(self) -> list[Event]:
        """Nothing: there is one request per connection."""
        return []

    def should_pause(self) -> bool:
        """Always False: bytes after the request are thrown away."""
        return False

    def take_remaining(self) -> bytes:
        """Hand the connection over to another protocol; nothing after the request was kept."""
        return b""

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes from the front end, ``b""`` for EOF; return the events they complete.

        Never raises for anything the peer sends.
        """
        if not data:
            return self._peer_closed()
        if self._state == _HEAD:
            self._buffer = self._buffer + data if self._buffer else data
            try:
                return self._take_head()
            except ProtocolError as fault:
                self._state = _CLOSED
                self._buffer = b""
                return [BadRequest(fault.status, fault.detail)]
        if self._state == _BODY:
            events: list[Event] = []
            self._take_body(data, events)
            return events
        return self._take_value(data) if self._state == _VALUE else []

    def body_left(self) -> int:
        """What is missing of CONTENT_LENGTH."""
        return self._left if self._state == _BODY else 0

    def skip_body(self, count: int) -> bool:
        """See :meth:`engine.protocols.parser.Parser.skip_body`."""
        self._left -= count
        if self._left:
            return False
        self._state = _DONE
        return True

    def _take_head(self) -> list[Event]:
        buffer = self._buffer
        if len(buffer) < HEADER_SIZE:
            return []
        header = buffer[:HEADER_SIZE]
        foreign = looks_foreign(header)
        if foreign is not None:
            raise ProtocolError(400, foreign)
        modifier1, size, modifier2 = decode_header(header)
        if size > self._limits.header_bytes:
            most = self._limits.header_bytes
            raise ProtocolError(
                431, f"uwsgi request block of {size} bytes, at most {most}: raise buffer-size"
            )
        end = HEADER_SIZE + size
        if len(buffer) < end:
            return []
        self._buffer = b""
        block = buffer[HEADER_SIZE:end]
        if modifier1 == CACHE and modifier2 == CACHE_COMMAND:
            self._command = VARIABLES.read(block, self._limits.variables)
            self._left = self._value_size(self._command)
            self._state = _VALUE
            return self._take_value(buffer[end:])
        if modifier1 not in _WEB_MODIFIERS:
            self._state = _DONE
            return [UwsgiHead(modifier1, modifier2, {}, 0, block), END_OF_BODY]
        if not size:
            raise ProtocolError(400, "uwsgi request without variables")
        head = UwsgiHead(modifier1, modifier2, VARIABLES.read(block, self._limits.variables))
        head.content_length = self._left = self._body_size(head.variables)
        events: list[Event] = [head]
        self._state = _BODY
        if not self._left or len(buffer) > end:
            self._take_body(buffer[end:], events)
        return events

    def _value_size(self, command: dict[str, str]) -> int:
        value = command.get("size") or "0"
        if command.get("cmd") not in ("set", "update"):
            return 0
        if not value.isdecimal() or len(value) > 18 or int(value) > (self._limits.body or _MOST_OF_VALUE):
            raise ProtocolError(413, f"a value of {value} bytes for a cache")
        return int(value)

    def _take_value(self, data: bytes) -> list[Event]:
        """The value of a cache command; nothing until it is whole."""
        self._buffer += data
        if len(self._buffer) < self._left:
            return []
        value, self._buffer, self._state = self._buffer[: self._left], b"", _DONE
        return [UwsgiHead(CACHE, CACHE_COMMAND, self._command, 0, value), END_OF_BODY]

    def _body_size(self, variables: dict[str, str]) -> int:
        """Leading decimal digits of CONTENT_LENGTH, as uWSGI reads it; none: 0 (nginx sends it empty)."""
        value = variables.get("CONTENT_LENGTH", "")
        if not value:
            return 0
        rest = value.lstrip("0123456789")
        digits = value[: len(value) - len(rest)]
        if len(digits) > 18:
            raise ProtocolError(400, "CONTENT_LENGTH has too many digits")
        size = int(digits) if digits else 0
        limit = self._limits.body
        if limit and size > limit:
            raise ProtocolError(413, f"CONTENT_LENGTH {size} is above the limit of {limit} bytes")
        return size

    def _take_body(self, data: bytes, events: list[Event]) -> None:
        """Exactly CONTENT_LENGTH bytes; what follows is ignored, as in uWSGI."""
        left = self._left
        if left:
            piece = data if len(data) <= left else data[:left]
            self._left = left = left - len(piece)
            events.append(BodyChunk(piece))
        if not left:
            events.append(END_OF_BODY)
            self._state = _DONE

    def _peer_closed(self) -> list[Event]:
        if self._state == _CLOSED:
            return []
        clean = self._state == _DONE or self.is_idle()
        self._state = _CLOSED
        self._buffer = b""
        return [PeerClosed(clean)]


_PROTOCOLS: Final = frozenset(("HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0"))
_TO_CLOSE: Final = Framing(UNTIL_CLOSE, None, False, b"")
_NO_BODY: Final = Framing(NONE, 0, False, b"")


def response_head(
    status: str, headers: Iterable[tuple[str, str]], method: str, protocol: str = "HTTP/1.0"
) -> tuple[bytes, Framing]:
    """Serialise a response head; nothing is added to the application's headers.

    The body goes until close.  Unlike uWSGI, none is sent for HEAD, 204 and 304, and
    line breaks in headers are refused.

    :param protocol: variable SERVER_PROTOCOL; anything but a known one becomes ``HTTP/1.0``
    :raises ValueError: as ``http1.writer.response_head``
    """
    line, code = parse_status(status)
    if code < 200:
        raise ValueError(f"status {status!r} is interim and cannot end a request (RFC 9110 section 15.2)")
    lines, announced, _ = field_lines(headers, code == 204 or code == 205)
    version = protocol if protocol in _PROTOCOLS else "HTTP/1.0"
    head = b"".join((encode(f"{version} {line}"), *lines, b"\r\n"))
    if is_bodyless(method, code):
        return head, _NO_BODY
    if announced is None:
        return head, _TO_CLOSE
    return head, Framing(UNTIL_CLOSE, announced, False, b"")
