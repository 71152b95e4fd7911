"""RequestBody and wsgi.input over it."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.apps.wsgi.input import InputStream
from engine.errors import BodyTimeout, BrokenBody, ClientDisconnected
from engine.request.body import EMPTY_BODY, HIGH_WATER, RequestBody
from tests.engine.request.fakes import FakeParking


class FakeSource:
    """Feeds one piece whenever the reader waits."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = deque(pieces)
        self.body = RequestBody(self, None, 30.0)
        self.wanted = self.paused = self.resumed = 0
        self.parking = FakeParking(self.more)

    def more(self) -> bool:
        if not self.pieces:
            self.body.finish()
        else:
            piece = self.pieces.popleft()
            if piece:
                self.body.feed(piece)
        return True

    def pause_body(self) -> None:
        self.paused += 1

    def resume_body(self) -> None:
        self.resumed += 1

    def body_wanted(self) -> None:
        self.wanted += 1

    def receive_body(self, room) -> int:
        return 0

    def new_parking(self) -> FakeParking:
        return self.parking


def test_reading_more_than_there_is_returns_what_there_is() -> None:
    stream = InputStream(FakeSource([b"ab", b"cd"]).body)
    assert stream.read(3) == b"abc"
    assert stream.tell() == 3
    assert stream.read(10) == b"d"
    assert stream.read(10) == b""


@pytest.mark.parametrize("size", [None, 0, -1])
def test_no_size_means_all_the_rest(size) -> None:
    stream = InputStream(FakeSource([b"ab", b"cd"]).body)
    assert stream.read(1) == b"a"
    assert stream.read(size) == b"bcd"


def test_lines_end_with_newline_or_at_the_limit() -> None:
    stream = InputStream(FakeSource([b"on", b"e\ntwo\nthr", b"ee"]).body)
    assert stream.readline() == b"one\n"
    assert stream.readline(2) == b"tw"
    assert stream.readline(0) == b""
    assert list(stream) == [b"o\n", b"three"]


def test_readlines_stops_at_the_hint() -> None:
    stream = InputStream(FakeSource([b"aa\nbb\ncc\n"]).body)
    assert stream.readlines(4) == [b"aa\n", b"bb\n"]
    assert stream.readlines() == [b"cc\n"]


def test_the_source_is_told_once_that_the_body_is_wanted() -> None:
    source = FakeSource([b"a", b"b"])
    InputStream(source.body).read()
    assert source.wanted == 1


def test_nothing_is_asked_of_the_source_while_bytes_are_there() -> None:
    source = FakeSource([])
    source.body.feed(b"abc")
    source.body.finish()
    assert InputStream(source.body).read() == b"abc"
    assert source.wanted == 0


def test_above_high_water_the_source_pauses_until_half_is_read() -> None:
    source = FakeSource([])
    source.body.feed(bytes(HIGH_WATER))
    assert source.paused == 0
    source.body.feed(b"x" * 10)
    source.body.feed(b"x" * 10)
    assert source.paused == 1
    stream = InputStream(source.body)
    stream.read(HIGH_WATER // 4)
    assert source.resumed == 0
    stream.read(HIGH_WATER // 2)
    assert source.resumed == 1


def test_what_arrived_before_a_failure_can_be_read_and_then_it_raises() -> None:
    source = FakeSource([])
    source.body.feed(b"half")
    source.body.fail("the client closed the connection")
    stream = InputStream(source.body)
    assert stream.read(4) == b"half"
    with pytest.raises(ClientDisconnected, match=r"error during read\(4\) on wsgi.input"):
        stream.read(4)


def test_broken_framing_carries_the_status_to_answer_with() -> None:
    source = FakeSource([])
    source.body.fail("bad chunk", 400)
    with pytest.raises(BrokenBody) as caught:
        InputStream(source.body).read(1)
    assert caught.value.status == 400


def test_a_client_that_sends_nothing_times_out() -> None:
    source = FakeSource([])
    source.parking.meanwhile = lambda: False
    with pytest.raises(BodyTimeout, match=r"timeout during read\(5\) on wsgi.input"):
        InputStream(source.body).read(5)


def test_the_empty_body_is_at_its_end() -> None:
    stream = InputStream(EMPTY_BODY)
    assert stream.read() == stream.read(5) == stream.readline() == b""
    assert list(stream) == []


@given(
    st.lists(st.binary(max_size=20), max_size=12),
    st.lists(st.tuples(st.sampled_from(["read", "readline", "read1"]), st.integers(1, 30)), max_size=30),
)
def test_any_mix_of_reads_sees_every_byte_once_and_in_order(pieces, reads) -> None:
    stream = InputStream(FakeSource(pieces).body)
    seen = b"".join(getattr(stream, name)(size) for name, size in reads)
    seen += stream.read()
    assert seen == b"".join(pieces)
    assert stream.tell() == len(seen)
