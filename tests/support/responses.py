"""Read HTTP/1 responses from a socket, noting when each piece of the body arrived.

Written for tests, so it is strict: a response that is not well formed raises :class:`BadResponseError`.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

__all__ = ["BadResponseError", "Head", "Piece", "Response", "ResponseReader"]

_NO_BODY: Final = frozenset({204, 304})


class BadResponseError(Exception):
    """The server sent something that is no HTTP/1 response."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Body bytes that arrived together; ``at`` is ``time.monotonic()`` seconds."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Head:
    version: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]

    def get_all(self, name: str) -> list[str]:
        """Every value of a header, in the order sent."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        """The only value of a header, or ``None``; two are an error."""
        values = self.get_all(name)
        if len(values) > 1:
            raise BadResponseError(f"{name} was sent {len(values)} times: {values}")
        return values[0] if values else None


@dataclass(slots=True)
class Response:
    """A response; ``complete`` is false where the connection ended before the body did."""

    head: Head
    pieces: list[Piece] = field(default_factory=list)
    complete: bool = False

    @property
    def status(self) -> int:
        return self.head.status

    @property
    def body(self) -> bytes:
        return b"".join(piece.data for piece in self.pieces)

    @property
    def text(self) -> str:
        return self.body.decode()

    def header(self, name: str) -> str | None:
        return self.head.get(name)

    def arrived(self, text: bytes) -> float:
        """When the body first held ``text``, in ``time.monotonic()`` seconds."""
        seen = b""
        for piece in self.pieces:
            seen += piece.data
            if text in seen:
                return piece.at
        raise AssertionError(f"{text!r} is not in {seen!r}")


class ResponseReader:
    """Reads one response after another from a connected socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()
        self._ended = False

    def at_end(self) -> bool:
        """Wait for the next byte or the end; say whether it was the end."""
        return not self._buffer and not self._fill()

    def read(self, *, method: str = "GET") -> Response:
        """Read a whole response, with any ``1xx`` before it skipped."""
        response = self.read_head()
        while 100 <= response.status < 200 and response.status != 101:
            response = self.read_head()
        for _piece in self.iter_body(response, method=method):
            pass
        return response

    def read_head(self) -> Response:
        """Read status line and headers only."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not self._fill():
                raise BadResponseError(f"connection ended in the head: {bytes(self._buffer)!r}")
        lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        return Response(_parse_head(lines))

    def iter_body(self, response: Response, *, method: str = "GET") -> Iterator[Piece]:
        """Read the body piece by piece: each chunk where it is chunked, else each receive."""
        head = response.head
        coding = head.get("Transfer-Encoding")
        length = head.get("Content-Length")
        if coding is not None and length is not None:
            raise BadResponseError("both Content-Length and Transfer-Encoding")
        if method == "HEAD" or head.status in _NO_BODY or 100 <= head.status < 200:
            response.complete = True
            return
        if coding is not None:
            pieces = self._chunks(coding, response)
        elif length is not None:
            pieces = self._counted(int(length), response)
        else:
            pieces = self._until_end(response)
        for piece in pieces:
            response.pieces.append(piece)
            yield piece

    def _chunks(self, coding: str, response: Response) -> Iterator[Piece]:
        if coding.lower() != "chunked":
            raise BadResponseError(f"Transfer-Encoding: {coding}")
        while True:
            line = self._take_line()
            if line is None:
                return
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            if not self._have(size + 2):
                return
            data = bytes(self._buffer[:size])
            if self._buffer[size : size + 2] != b"\r\n":
                raise BadResponseError(f"chunk of {size} bytes is not followed by CRLF")
            del self._buffer[: size + 2]
            yield Piece(time.monotonic(), data)
        while (line := self._take_line()) is not None:
            if not line:
                response.complete = True
                return

    def _counted(self, left: int, response: Response) -> Iterator[Piece]:
        while left:
            if not self._buffer and not self._fill():
                return
            data = bytes(self._buffer[:left])
            del self._buffer[:left]
            left -= len(data)
            yield Piece(time.monotonic(), data)
        response.complete = True

    def _until_end(self, response: Response) -> Iterator[Piece]:
        while self._buffer or self._fill():
            data = bytes(self._buffer)
            self._buffer.clear()
            yield Piece(time.monotonic(), data)
        response.complete = True

    def _take_line(self) -> bytes | None:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if not self._fill():
                return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _have(self, size: int) -> bool:
        while len(self._buffer) < size:
            if not self._fill():
                return False
        return True

    def _fill(self) -> bool:
        """Receive once; false at the end of the connection.  A reset counts as an end."""
        if self._ended:
            return False
        try:
            data = self._sock.recv(65536)
        except ConnectionResetError:
            data = b""
        self._ended = not data
        self._buffer += data
        return bool(data)


def _parse_head(lines: list[str]) -> Head:
    parts = lines[0].split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
        raise BadResponseError(f"status line {lines[0]!r}")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadResponseError(f"header line {line!r}")
        headers.append((name, value.strip()))
    return Head(parts[0], int(parts[1]), parts[2] if len(parts) > 2 else "", tuple(headers))
