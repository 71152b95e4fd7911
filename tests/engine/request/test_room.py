"""Room, and a RequestBody whose source can receive straight into one."""

from __future__ import annotations

import socket
from itertools import repeat

import pytest

from engine.apps.wsgi.input import InputStream
from engine.errors import ClientDisconnected
from engine.request.body import RequestBody
from engine.request.room import Room
from tests.engine.request.fakes import FakeParking

MIB = 1 << 20


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def test_bytes_come_back_in_order_from_both_ways_in(pair) -> None:
    ours, theirs = pair
    room = Room(10)
    room.put(b"abc")
    theirs.sendall(b"defghij-next")
    assert room.receive(ours.fileno(), 4) == 4
    assert room.receive(ours.fileno(), 100) == 3
    assert (room.have, room.size) == (10, 10)
    assert room.receive(ours.fileno(), 100) == 0, "there is no room for it"
    assert room.take() == b"abcdefghij"
    assert ours.recv(100) == b"-next"


def test_nothing_there_and_nothing_more_to_come_are_both_zero(pair) -> None:
    ours, theirs = pair
    room = Room(10)
    assert room.receive(ours.fileno(), 10) == 0
    theirs.close()
    assert room.receive(ours.fileno(), 10) == 0
    assert room.take() == b""


def test_an_error_of_the_socket_is_raised() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        Room(10).receive(-1, 10)


def test_what_came_is_returned_although_more_was_announced() -> None:
    room = Room(1 << 50)  # set aside at once, it would be a MemoryError
    room.put(b"x" * 10)
    assert room.take() == b"x" * 10


@pytest.mark.parametrize("size", [0, 1, 10, MIB - 1, MIB, MIB + 1, 5 * MIB])
def test_it_grows_up_to_its_size(size) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    room = Room(size)
    for start in range(0, size, 300_000):
        room.put(data[start : min(size, start + 300_000)])
    assert room.take() == data[:size]


def test_more_than_its_size_is_refused() -> None:
    room = Room(3)
    room.put(b"ab")
    with pytest.raises(ValueError, match="2 bytes for a room of 1"):
        room.put(b"cd")
    assert room.take() == b"ab"


class SocketSource:
    """Has a socket to receive from; whenever the reader waits, does the next thing of *script*."""

    def __init__(self, ours: socket.socket, length: int, script) -> None:
        self.ours = ours
        self.script = iter(script)
        self.body = RequestBody(self, length, 30.0)
        self.left = length
        self.direct = self.wanted = 0

    def feed(self, data: bytes) -> None:
        self.left -= len(data)
        self.body.feed(data)
        if not self.left:
            self.body.finish()

    def receive_body(self, room) -> int:
        got: int = room.receive(self.ours.fileno(), self.left)
        self.direct += got
        self.left -= got
        if got and not self.left:
            self.body.finish()
        return got

    def new_parking(self) -> FakeParking:
        return FakeParking(lambda: next(self.script)())

    def body_wanted(self) -> None:
        self.wanted += 1

    def pause_body(self) -> None: ...
    def resume_body(self) -> None: ...


def test_a_long_body_is_received_past_the_loop_and_leaves_what_follows(pair) -> None:
    ours, theirs = pair
    sent = bytes(range(256)) * 400

    def begin() -> None:
        theirs.sendall(sent[1000:50_000])

    def go_on() -> None:
        theirs.sendall(sent[50_000:] + b"GET ")
        source.feed(ours.recv(500))  # what the loop was quicker to see

    source = SocketSource(ours, len(sent), [begin, go_on])
    source.feed(sent[:1000])
    assert InputStream(source.body).read() == sent
    assert source.direct == len(sent) - 1500
    assert source.wanted == 1
    assert source.body.complete
    assert ours.recv(100) == b"GET "


def test_reads_of_pieces_get_each_byte_once(pair) -> None:
    ours, theirs = pair
    sent = bytes(range(256)) * 400
    theirs.sendall(sent)
    source = SocketSource(ours, len(sent), repeat(lambda: source.feed(ours.recv(1000))))
    stream = InputStream(source.body)
    pieces = [stream.read(20_000), stream.readline(), stream.read(50_000), stream.read(5), stream.read()]
    assert b"".join(pieces) == sent
    assert [len(pieces[0]), len(pieces[2]), len(pieces[3])] == [20_000, 50_000, 5]
    assert stream.read() == stream.read(9) == b""


def test_a_client_that_leaves_in_the_middle(pair) -> None:
    ours, theirs = pair

    def leave() -> None:
        theirs.close()
        source.body.fail("the client closed the connection")

    source = SocketSource(ours, 100_000, [leave])
    theirs.sendall(b"x" * 30_000)
    with pytest.raises(ClientDisconnected, match=r"error during read\(0\) on wsgi.input: the client closed"):
        InputStream(source.body).read()
    assert source.direct == 30_000


def test_a_task_receives_pieces_past_the_loop_but_lets_it_turn_in_between(pair) -> None:
    ours, theirs = pair
    sent = bytes(range(256)) * 500
    source = SocketSource(ours, len(sent), [])
    got, last = b"", 0
    for piece in [sent[:20_000], sent[20_000:40_000], sent[40_000:60_000], sent[60_000:80_000]]:
        assert source.body.take_now() is None
        theirs.sendall(piece)
        got += source.body.take_now() or b""
    assert got == sent[:80_000]
    theirs.sendall(sent[80_000:100_000])
    assert source.body.take_now() is None, "a fifth one in a row"
    source.feed(ours.recv(1000))  # the loop's turn
    for _ in range(2):
        got += source.body.take_now() or b""
    assert got == sent[:100_000]
    theirs.sendall(sent[100_000:] + b"GET ")
    while not source.body.complete:
        got += source.body.take_now() or b""
        assert len(got) > last
        last = len(got)
    assert got == sent
    assert source.body.take_now() == b""
    assert ours.recv(100) == b"GET "


def test_what_a_task_limits_comes_through_the_loop(pair) -> None:
    ours, theirs = pair
    source = SocketSource(ours, 100_000, [])
    theirs.sendall(bytes(50_000))
    assert source.body.take_now(1000) is None
    assert source.direct == 0


@pytest.mark.parametrize("length", [None, 16_383])
def test_a_task_leaves_short_bodies_and_chunks_to_the_loop(pair, length) -> None:
    ours, theirs = pair
    source = SocketSource(ours, 100_000, [])
    source.body = RequestBody(source, length, 30.0)
    theirs.sendall(bytes(10_000))
    assert source.body.take_now() is None
    assert source.direct == 0
