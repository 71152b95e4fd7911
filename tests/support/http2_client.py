"""An HTTP/2 client for tests: blocking, one thread, and as rude as a test wants it to be."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    InformationalResponseReceived,
    PingAckReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.settings import SettingCodes
from hyperframe.frame import GoAwayFrame

from tests.support.addresses import Address, connect

__all__ = ["Http2Client", "Http2Reply"]

Pairs = Iterable[tuple[str, str]]


@dataclass
class Http2Reply:
    """What came on one stream so far."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    trailers: dict[str, str] = field(default_factory=dict)
    interim: list[dict[str, str]] = field(default_factory=list)
    ended: bool = False
    reset: int | None = None
    """The error code of RST_STREAM."""

    @property
    def status(self) -> int:
        return int(self.headers.get(":status", 0))

    def is_over(self) -> bool:
        return self.ended or self.reset is not None


class _Frames(H2Connection):
    """``h2`` does nothing more after a GOAWAY, but the streams that are open go on (RFC 9113 section 6.8)."""

    goaway: GoAwayFrame | None = None

    def _receive_frame(self, frame: Any) -> Any:
        if type(frame) is GoAwayFrame:
            self.goaway = frame
            return []
        return super()._receive_frame(frame)


class Http2Client:
    """One connection.

    :param context: for TLS, with ALPN
    :param window: SETTINGS_INITIAL_WINDOW_SIZE; None for the usual 65535
    :param takes: give bytes back to the windows as they arrive
    """

    def __init__(
        self,
        address: Address,
        context: ssl.SSLContext | None = None,
        *,
        window: int | None = None,
        takes: bool = True,
        timeout: float = 15.0,
    ) -> None:
        self.sock: socket.socket = connect(address, timeout=timeout)
        if context is not None:
            self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
        self.h2 = _Frames(
            H2Configuration(
                client_side=True,
                header_encoding="latin-1",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        if window is not None:
            self.h2.local_settings[SettingCodes.INITIAL_WINDOW_SIZE] = window
            self.h2.local_settings.acknowledge()
        self.takes = takes
        self.replies: dict[int, Http2Reply] = {}
        self.pongs = 0
        self.eof = False
        self._timeout = timeout
        self.h2.initiate_connection()
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sock.close()

    @property
    def goaway(self) -> int | None:
        """The error code of GOAWAY."""
        return None if self.h2.goaway is None else int(self.h2.goaway.error_code)

    @property
    def last_stream(self) -> int:
        """The last stream that the server has taken, as GOAWAY says."""
        return -1 if self.h2.goaway is None else int(self.h2.goaway.last_stream_id)

    # -- sending ------------------------------------------------------------------------------------

    def flush(self) -> None:
        data = self.h2.data_to_send()
        if data:
            self.sock.sendall(data)

    def send_raw(self, data: bytes) -> None:
        """Send bytes that h2 knows nothing of."""
        self.flush()
        self.sock.sendall(data)

    def start(
        self,
        method: str,
        path: str,
        headers: Pairs = (),
        *,
        end: bool = True,
        pseudo: Pairs | None = None,
        flush: bool = True,
    ) -> int:
        """Send a request head; return the number of its stream."""
        number = self.h2.get_next_available_stream_id()
        usual = [(":method", method), (":scheme", "http"), (":authority", "localhost"), (":path", path)]
        self.h2.send_headers(number, [*(usual if pseudo is None else pseudo), *headers], end_stream=end)
        self.replies[number] = Http2Reply()
        if flush:
            self.flush()
        return number

    def send(self, number: int, data: bytes, *, end: bool = False) -> None:
        """Send body bytes, waiting for the server's windows."""
        view = memoryview(data)
        while view:
            self.receive_until(lambda: self.room(number) > 0, "room to send")
            room = self.room(number)
            last = end and room >= len(view)
            self.h2.send_data(number, bytes(view[:room]), end_stream=last)
            view = view[room:]
            self.flush()
        if end and not data:
            self.h2.end_stream(number)
            self.flush()

    def room(self, number: int) -> int:
        return min(self.h2.local_flow_control_window(number), self.h2.max_outbound_frame_size)

    def request(self, method: str, path: str, headers: Pairs = (), body: bytes | None = None) -> Http2Reply:
        """Send a request and read its reply to the end."""
        number = self.start(method, path, headers, end=body is None)
        if body is not None:
            self.send(number, body, end=True)
        return self.finish(number)

    def get(self, path: str, headers: Pairs = ()) -> Http2Reply:
        return self.request("GET", path, headers)

    # -- receiving ----------------------------------------------------------------------------------

    def finish(self, number: int) -> Http2Reply:
        """Read until the stream is over."""
        reply = self.replies[number]
        self.receive_until(reply.is_over, f"the end of stream {number}")
        return reply

    def receive_until(self, seen: Callable[[], object], what: str) -> None:
        """Read until *seen*; fail when the server closes before, or after the timeout."""
        deadline = time.monotonic() + self._timeout
        while not seen():
            if self.eof:
                raise AssertionError(f"the server closed the connection before {what}; goaway={self.goaway}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {self._timeout:g} s for {what}")
            self.receive()

    def receive(self) -> None:
        """Read once."""
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            data = b""
        if not data:
            self.eof = True
            return
        for event in self.h2.receive_data(data):
            self._note(event)
        if not self.eof:
            try:
                self.flush()
            except OSError:
                pass  # the server may have closed already; what it said is still to be read

    def receive_end(self) -> int | None:
        """Read until the server closes; return the error code of its GOAWAY."""
        while not self.eof:
            self.receive()
        return self.goaway

    def _note(self, event: Event) -> None:
        if isinstance(event, PingAckReceived):
            self.pongs += 1
            return
        reply = self.replies.setdefault(getattr(event, "stream_id", 0) or 0, Http2Reply())
        if isinstance(event, ResponseReceived):
            reply.headers = dict(event.headers)
        elif isinstance(event, InformationalResponseReceived):
            reply.interim.append(dict(event.headers))
        elif isinstance(event, TrailersReceived):
            reply.trailers = dict(event.headers)
        elif isinstance(event, DataReceived):
            reply.body += event.data
            if self.takes:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            reply.ended = True
        elif isinstance(event, StreamReset):
            reply.reset = int(event.error_code)
