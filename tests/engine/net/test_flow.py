"""Outlet: bytes in order, bounded memory, nothing written to a descriptor that is closing."""

from __future__ import annotations

import os
import socket

import pytest

from engine.errors import ClientDisconnected, WriteTimeout
from engine.net.flow import HIGH_WATER, Outlet
from tests.engine.request.fakes import FakeParking


class FakeTransport:
    """Keeps what it is given until the test lets it flow."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.kept = bytearray()
        self.most = 0
        self.outlet: Outlet
        self.closing = False

    def set_write_buffer_limits(self, high: int, low: int) -> None:
        self.high, self.low = high, low

    def get_extra_info(self, name: str):
        return self.sock if name == "socket" else None

    def get_write_buffer_size(self) -> int:
        return len(self.kept)

    def is_closing(self) -> bool:
        return self.closing

    def write(self, data: bytes) -> None:
        self.kept += data
        self.most = max(self.most, len(self.kept))
        if len(self.kept) > self.high:
            self.outlet.pause()


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def transport(pair) -> FakeTransport:
    return FakeTransport(pair[0])


def outlet_on(transport: FakeTransport, meanwhile=lambda: False) -> Outlet:
    outlet = Outlet(transport, lambda: FakeParking(meanwhile), 5.0)
    transport.outlet = outlet
    return outlet


def test_what_the_kernel_takes_is_there_when_write_returns(transport, pair) -> None:
    outlet_on(transport).write(b"hello")
    assert pair[1].recv(10) == b"hello"
    assert transport.kept == b""


def test_what_the_kernel_does_not_take_follows_in_order_and_in_pieces(transport, pair) -> None:
    received = bytearray()

    def the_client_reads() -> bool:
        while True:
            try:
                received.extend(pair[1].recv(1 << 20, socket.MSG_DONTWAIT))
            except BlockingIOError:
                break
        received.extend(transport.kept)
        transport.kept.clear()
        outlet.resume()
        return True

    outlet = outlet_on(transport, the_client_reads)
    data = os.urandom(4 << 20)
    outlet.write(data)
    outlet.write(b"end")
    the_client_reads()
    assert bytes(received) == data + b"end"
    assert transport.most <= 2 * HIGH_WATER


def test_a_client_that_takes_nothing_times_out(transport) -> None:
    outlet = outlet_on(transport, lambda: False)
    with pytest.raises(WriteTimeout, match="took nothing for 5 seconds"):
        outlet.write(bytes(8 << 20))


def test_what_ends_a_write_halfway_is_told_once_and_nothing_follows(transport) -> None:
    told: list[str] = []
    outlet = Outlet(transport, lambda: FakeParking(lambda: False), 5.0, lambda: told.append("broken"))
    transport.outlet = outlet
    with pytest.raises(WriteTimeout):
        outlet.write(bytes(8 << 20))
    assert told == ["broken"]
    with pytest.raises(ClientDisconnected):
        outlet.write(b"x")


def test_a_write_of_which_nothing_went_out_breaks_nothing(transport) -> None:
    told: list[str] = []
    outlet = Outlet(transport, lambda: FakeParking(lambda: False), 5.0, lambda: told.append("broken"))
    transport.outlet = outlet
    transport.kept += bytes(HIGH_WATER + 1)
    outlet.write_now(b"")
    with pytest.raises(WriteTimeout):
        outlet.write(b"x" * 1000)
    assert not told
    assert b"x" not in transport.kept


def test_a_closed_connection_raises_and_its_descriptor_is_left_alone(transport, pair) -> None:
    outlet = outlet_on(transport)
    outlet.shut()
    with pytest.raises(ClientDisconnected):
        outlet.write(b"x")
    pair[1].setblocking(False)
    with pytest.raises(BlockingIOError):
        pair[1].recv(1)


def test_a_peer_that_left_raises(transport, pair) -> None:
    outlet = outlet_on(transport)
    pair[1].close()
    with pytest.raises(ClientDisconnected, match="write error"):
        outlet.write(b"x")
