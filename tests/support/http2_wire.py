"""HTTP/2 frames as bytes, right or wrong, and a client that only reads and writes them."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from hpack import Encoder
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)

from tests.support.addresses import Address, connect

__all__ = ["PREFACE", "Composer", "Wire", "priority", "raw", "settings", "window"]

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
Pairs = Iterable[tuple[str, str]]


def raw(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    """A frame of any kind (RFC 9113 section 4.1)."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def settings(*pairs: tuple[int, int]) -> bytes:
    return raw(4, 0, 0, b"".join(name.to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in pairs))


def window(increment: int, stream: int = 0) -> bytes:
    return raw(8, 0, stream, increment.to_bytes(4, "big"))


def priority(stream: int, on: int = 0, weight: int = 15, exclusive: bool = False) -> bytes:
    return raw(2, 0, stream, (on | exclusive << 31).to_bytes(4, "big") + bytes([weight]))


class Composer:
    """Writes the frames of requests; there is one HPACK state, so they go out in the order they are made."""

    def __init__(self) -> None:
        self._encoder = Encoder()

    def block(self, *more: tuple[str, str], method: str = "GET", path: str = "/hello") -> bytes:
        usual = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost")]
        return self.fields(*usual, *more)

    def fields(self, *pairs: tuple[str, str]) -> bytes:
        return bytes(self._encoder.encode(list(pairs)))

    def head(self, stream: int = 1, *more: tuple[str, str], end: bool = True, **kind: str) -> bytes:
        """A request of one frame."""
        return raw(1, 4 | end, stream, self.block(*more, **kind))


class Wire:
    """One connection."""

    def __init__(self, address: Address, preface: bytes = PREFACE + settings()) -> None:
        self.sock: socket.socket = connect(address, timeout=10)
        self._data = b""
        self.seen: list[Frame] = []
        self.closed = False
        self.sock.sendall(preface)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        try:
            self.sock.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass  # what the server said before is still to be read

    def wait_for(self, wanted: Callable[[Frame], Any], what: str) -> Frame:
        """Return the first frame that is *wanted*; it and those before it are not looked at again."""
        deadline = time.monotonic() + 10
        while True:
            for at, frame in enumerate(self.seen):
                if wanted(frame):
                    del self.seen[: at + 1]
                    return frame
            if self.closed or time.monotonic() > deadline:
                raise AssertionError(f"no {what}, but {self.seen}{', closed' if self.closed else ''}")
            self._read()

    def _read(self) -> None:
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b""
        self.closed = not data
        self._data += data
        while len(self._data) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(self._data[:9]))
            if len(self._data) < 9 + length:
                break
            frame.parse_body(memoryview(self._data[9 : 9 + length]))
            self._data = self._data[9 + length :]
            self.seen.append(frame)

    # -- verdicts ---------------------------------------------------------------------------------

    def is_alive(self) -> None:
        """The connection goes on: a ping comes back, and no error came before."""
        payload = next(_pings).to_bytes(8, "big")
        self.send(raw(6, 0, 0, payload))
        frame = self.wait_for(
            lambda f: isinstance(f, GoAwayFrame) or (isinstance(f, PingFrame) and f.opaque_data == payload),
            "pong",
        )
        assert isinstance(frame, PingFrame), frame

    def is_answered(self, stream: int = 1) -> None:
        """The stream has got a reply, without an error."""
        frame = self.wait_for(_errors_or(lambda f: _ends(f, stream)), f"reply on stream {stream}")
        assert _ends(frame, stream), frame

    def has_head(self, stream: int = 1) -> None:
        frame = self.wait_for(_errors_or(lambda f: _is_head(f, stream)), f"head on stream {stream}")
        assert _is_head(frame, stream), frame

    def has_data(self, size: int, stream: int = 1) -> None:
        """The next DATA with bytes has *size* of them."""
        frame = self.wait_for(_errors_or(lambda f: isinstance(f, DataFrame) and f.data), "DATA")
        assert isinstance(frame, DataFrame), frame
        assert (frame.stream_id, len(frame.data)) == (stream, size)

    def has_settings_ack(self) -> None:
        self.wait_for(lambda f: isinstance(f, SettingsFrame) and "ACK" in f.flags, "ack of SETTINGS")

    def has_pong(self, payload: bytes) -> None:
        frame = self.wait_for(lambda f: isinstance(f, PingFrame | GoAwayFrame), "pong")
        assert isinstance(frame, PingFrame), frame
        assert "ACK" in frame.flags
        assert frame.opaque_data == payload

    def breaks_connection(self, *codes: int) -> None:
        """GOAWAY with one of *codes*, then the end."""
        frame = self.wait_for(lambda f: isinstance(f, GoAwayFrame), "GOAWAY")
        assert frame.error_code in codes, frame
        while not self.closed:
            self._read()

    def breaks_stream(self, *codes: int, stream: int = 1) -> None:
        """The stream is reset with one of *codes*, or the connection ends with it."""
        frame = self.wait_for(
            lambda f: isinstance(f, GoAwayFrame) or (isinstance(f, RstStreamFrame) and f.stream_id == stream),
            "RST_STREAM or GOAWAY",
        )
        assert frame.error_code in codes, frame

    def is_closed(self) -> None:
        while not self.closed:
            self._read()


_pings = itertools.count(1)


def _is_head(frame: Frame, stream: int) -> bool:
    return isinstance(frame, HeadersFrame) and frame.stream_id == stream


def _ends(frame: Frame, stream: int) -> bool:
    return (
        isinstance(frame, HeadersFrame | DataFrame)
        and frame.stream_id == stream
        and "END_STREAM" in frame.flags
    )


def _errors_or(wanted: Callable[[Frame], Any]) -> Callable[[Frame], Any]:
    return lambda f: isinstance(f, GoAwayFrame | RstStreamFrame) or wanted(f)
