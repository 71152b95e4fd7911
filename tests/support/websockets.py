"""Clients of websockets: the library's, and one that says exactly what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side
from websockets.sync.client import ClientConnection, connect

from tests.support.addresses import Address
from tests.support.http_client import HttpConnection, request_bytes

__all__ = ["KEY", "RawWebSocket", "ended_by", "open_websocket", "upgrade_request"]

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def open_websocket(address: Address, path: str, **options: Any) -> ClientConnection:
    """Connect; use it with ``with``."""
    assert isinstance(address, tuple)
    options = {"open_timeout": 15, "close_timeout": 5, "max_size": None, **options}
    scheme = "wss" if "ssl" in options else "ws"
    return connect(f"{scheme}://{address[0]}:{address[1]}{path}", proxy=None, **options)


def ended_by(address: Address, signal: Callable[[], None]) -> int | None:
    """Return the code that a client of ``/echo`` is told when its server is sent a signal.

    :param signal: sends it
    """
    with open_websocket(address, "/echo") as client:
        client.send("x")
        client.recv(timeout=10)
        signal()
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=15)
    return client.close_code


def upgrade_request(path: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """The request a client opens a websocket with."""
    return request_bytes(
        "GET",
        path,
        [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Key", KEY),
            ("Sec-WebSocket-Version", "13"),
            *headers,
        ],
    )


class RawWebSocket:
    """A client that frames by itself and answers nothing unasked.

    :param early: bytes to send with the request
    """

    def __init__(self, address: Address, path: str, early: bytes = b"") -> None:
        self.connection = HttpConnection(address)
        self.sock = self.connection.sock
        self.sock.sendall(upgrade_request(path) + early)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.sock.recv(1)
        self.head = head.decode()
        self._protocol = Protocol(Side.CLIENT, max_size=None)
        self._protocol.receive_data(b"")
        self._frames: list[Frame] = []

    def __enter__(self) -> RawWebSocket:
        return self

    def __exit__(self, *error: object) -> None:
        self.connection.close()

    def send(self, opcode: Opcode, data: bytes, fin: bool = True) -> None:
        """Send one masked frame."""
        self.sock.sendall(Frame(opcode, data, fin).serialize(mask=True))

    def receive(self) -> Frame | None:
        """Return the next frame of the server; None at the end of the connection."""
        while not self._frames:
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._protocol.receive_data(data)
            self._frames += [each for each in self._protocol.events_received() if isinstance(each, Frame)]
        return self._frames.pop(0)

    def close_code(self) -> int:
        """Read up to the server's close frame and return its code; 1006 if there is none."""
        while frame := self.receive():
            if frame.opcode is Opcode.CLOSE:
                return int.from_bytes(bytes(frame.data)[:2], "big") if frame.data else 1005
        return 1006
