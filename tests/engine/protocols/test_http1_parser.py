"""The parser as the server sees it: states, pauses, end of file, hand-over."""

from __future__ import annotations

import pytest
from httptools import HttpRequestParser

from engine.protocols.events import END_OF_BODY, BadRequest, BodyChunk, BodyEnd, PeerClosed, RequestHead
from engine.protocols.http1 import host, names
from engine.protocols.http1.parser import Http1Parser
from engine.protocols.http1.request_line import METHODS
from engine.protocols.limits import Limits

GET = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"
WEBSOCKET = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def kinds(events):
    return [type(event) for event in events]


def test_new_parser_is_idle():
    parser = Http1Parser()
    assert parser.is_idle()
    assert not any((parser.in_head(), parser.in_body(), parser.is_done(), parser.is_closed()))
    assert repr(parser) == "<Http1Parser HEAD, 0 bytes kept>"


def test_states_of_one_request_with_a_body():
    parser = Http1Parser()
    assert parser.receive(b"POST / HTTP/1.1\r\n") == []
    assert parser.in_head()
    assert not parser.is_idle()
    assert kinds(parser.receive(b"Host: a\r\nContent-Length: 3\r\n\r\na")) == [RequestHead, BodyChunk]
    assert parser.in_body()
    assert kinds(parser.receive(b"bc")) == [BodyChunk, BodyEnd]
    assert parser.is_done()
    assert not parser.should_pause()
    assert parser.next_request() == []
    assert parser.is_idle()


def test_a_request_without_body_ends_with_the_shared_event():
    assert Http1Parser().receive(GET % 1)[1] is END_OF_BODY


def test_pipelined_request_waits_for_next_request():
    parser = Http1Parser()
    first = parser.receive(GET % 1 + GET % 2 + b"GET /3")
    assert [event.path for event in first if type(event) is RequestHead] == [b"/1"]
    assert parser.should_pause()
    assert parser.receive(b" HTTP/1.1\r\nHost: a\r\n\r\n") == []
    assert parser.next_request()[0].path == b"/2"
    assert parser.should_pause()
    assert parser.next_request()[0].path == b"/3"
    assert not parser.should_pause()
    assert parser.next_request() == []
    assert parser.is_idle()


def test_next_request_before_the_body_ended_is_a_mistake():
    parser = Http1Parser()
    parser.receive(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
    with pytest.raises(RuntimeError, match="BODY: read to BodyEnd"):
        parser.next_request()
    with pytest.raises(RuntimeError, match="BODY: read to BodyEnd"):
        parser.take_remaining()


def test_next_request_after_close_is_a_mistake():
    parser = Http1Parser()
    parser.receive(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    with pytest.raises(RuntimeError, match="close it instead"):
        parser.next_request()


def test_bytes_after_the_last_request_are_not_kept():
    parser = Http1Parser()
    parser.receive(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nxJUNK")
    assert parser.receive(b"more junk") == []
    assert not parser.should_pause()


def test_nothing_follows_a_refusal():
    parser = Http1Parser()
    assert kinds(parser.receive(b"GET / HTTP/1.1\r\n\r\n")) == [BadRequest]
    assert parser.is_closed()
    assert parser.receive(GET % 1) == []
    assert parser.receive(b"") == []
    assert parser.next_request() == []


def test_chunks_before_a_fault_are_delivered():
    events = Http1Parser().receive(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"
    )
    assert kinds(events) == [RequestHead, BodyChunk, BadRequest]
    assert events[1].data == b"abc"


def test_small_chunks_of_one_packet_make_one_event():
    parser = Http1Parser()
    parser.receive(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert parser.receive(b"1\r\na\r\n" * 500) == [BodyChunk(b"a" * 500)]


@pytest.mark.parametrize(
    ("sent", "clean"),
    [
        pytest.param(b"", True, id="nothing"),
        pytest.param(b"\r\n", True, id="an-empty-line"),
        pytest.param(b"GE", False, id="in-the-request-line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n", False, id="in-the-fields"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", False, id="in-a-body"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", False, id="in-trailers"
        ),
        pytest.param(GET % 1, True, id="after-a-request"),
    ],
)
def test_end_of_file(sent, clean):
    parser = Http1Parser()
    if sent:
        parser.receive(sent)
    assert parser.receive(b"") == [PeerClosed(clean)]
    assert parser.is_closed()
    assert parser.receive(b"") == []
    assert parser.next_request() == []


def test_end_of_file_is_told_after_pipelined_requests():
    parser = Http1Parser()
    parser.receive(GET % 1 + GET % 2)
    assert parser.receive(b"") == []
    assert kinds(parser.next_request()) == [RequestHead, BodyEnd, PeerClosed]
    assert parser.is_closed()


def test_end_of_file_in_a_pipelined_body_is_not_clean():
    parser = Http1Parser()
    parser.receive(GET % 1 + b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab")
    parser.receive(b"")
    assert parser.next_request()[-1] == PeerClosed(False)


def test_websocket_hand_over_loses_no_byte():
    parser = Http1Parser()
    head, end = parser.receive(WEBSOCKET + b"\x81\x85")
    assert (head.upgrade, end) == (b"websocket", END_OF_BODY)
    parser.receive(b"rest")
    assert parser.take_remaining() == b"\x81\x85rest"
    with pytest.raises(RuntimeError, match="new protocol"):
        parser.receive(b"x")
    assert parser.receive(b"") == []


def test_websocket_hand_over_keeps_bytes_even_if_the_client_says_close():
    parser = Http1Parser()
    parser.receive(WEBSOCKET.replace(b"Upgrade\r\n", b"close, upgrade\r\n", 1) + b"\x81")
    assert parser.take_remaining() == b"\x81"


def test_big_body_passes_through_without_being_kept():
    parser = Http1Parser()
    parser.receive(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
    piece = bytes(100_000)
    for _ in range(99):
        assert parser.receive(piece)[0].data is piece
    assert repr(parser) == "<Http1Parser BODY, 0 bytes kept>"


def test_limits_are_inclusive():
    limits = Limits(request_line=16, header_count=2, header_bytes=17)
    wire = b"GET /aa HTTP/1.1\r\nHost: a\r\nA: bcde\r\n\r\n"
    assert len(wire) == 16 + 2 + 18 + 2
    assert kinds(Http1Parser(limits).receive(wire)) == [BadRequest]
    assert kinds(Http1Parser(limits).receive(wire.replace(b"bcde", b"bcd"))) == [RequestHead, BodyEnd]
    body = Limits(body=3)
    wire = b"POST / HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n"
    assert kinds(Http1Parser(body).receive(wire % b"Content-Length: 3" + b"abc"))[-1] is BodyEnd
    chunked = wire % b"Transfer-Encoding: chunked"
    assert kinds(Http1Parser(body).receive(chunked + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"))[-1] is BodyEnd


def test_every_method_served_is_one_llhttp_knows():
    for method in METHODS:
        HttpRequestParser(object()).feed_data(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")


def test_caches_stay_bounded():
    parser = Http1Parser()
    for number in range(3000):
        parser.receive(b"GET / HTTP/1.1\r\nHost: h%d\r\nX-%d: a\r\n\r\n" % (number, number))
        parser.next_request()
    assert len(names.LOWER) <= 1024
    assert len(host._known) <= 256
    assert names.LOWER[b"Host"] == b"host"
