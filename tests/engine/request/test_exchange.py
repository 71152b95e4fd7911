"""Exchange: what goes out, in which order, and what is refused."""

from __future__ import annotations

import sys

import pytest

from engine.errors import ClientDisconnected, ReplyError
from engine.request.body import EMPTY_BODY
from engine.request.exchange import Exchange
from tests.engine.request.fakes import FakeLink, get

TEXT = [("Content-Type", "text/plain")]


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


@pytest.fixture
def exchange(link: FakeLink) -> Exchange:
    return Exchange(link, get(), EMPTY_BODY)


def test_a_known_body_goes_out_with_its_length_in_one_write(exchange: Exchange, link: FakeLink) -> None:
    exchange.start_response("200 OK", TEXT)
    exchange.send_all(b"hello")
    exchange.finish()
    assert len(link.sent) == 1
    assert b"Content-Length: 5\r\n" in link.wire
    assert link.body == b"hello"
    assert link.ended == [True]


def test_items_of_unknown_number_are_chunked_and_ended(exchange: Exchange, link: FakeLink) -> None:
    exchange.start_response("200 OK", TEXT)
    exchange.write(b"one")
    exchange.write(b"")
    exchange.write(b"three")
    exchange.finish()
    assert b"Transfer-Encoding: chunked\r\n" in link.wire
    assert link.body == b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"


def test_headers_wait_for_the_first_item_that_is_not_empty(exchange: Exchange, link: FakeLink) -> None:
    exchange.start_response("200 OK", TEXT)
    exchange.write(b"")
    assert link.sent == []
    assert exchange.is_started()
    assert not exchange.is_sent()


def test_http_1_0_gets_the_body_until_close(link: FakeLink) -> None:
    exchange = Exchange(link, get(http_version="1.0", keep_alive=False), EMPTY_BODY)
    exchange.start_response("200 OK", TEXT)
    exchange.write(b"a")
    exchange.write(b"b")
    exchange.finish()
    assert link.body == b"ab"
    assert link.ended == [False]


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_status_without_body_sends_none(exchange: Exchange, link: FakeLink, status: str) -> None:
    exchange.start_response(status, [])
    exchange.write(b"must not be sent")
    exchange.finish()
    assert link.body == b""
    assert exchange.body_bytes == 0


def test_more_than_the_declared_length_is_cut_off_and_reported(exchange: Exchange, link: FakeLink) -> None:
    exchange.start_response("200 OK", [("Content-Length", "3")])
    with pytest.raises(ReplyError, match="longer than the declared Content-Length of 3"):
        exchange.send_all(b"12345")
    assert link.body == b"123"


def test_less_than_the_declared_length_is_reported(exchange: Exchange, link: FakeLink) -> None:
    exchange.start_response("200 OK", [("Content-Length", "3")])
    exchange.write(b"1")
    with pytest.raises(ReplyError, match="2 bytes shorter"):
        exchange.finish()
    exchange.cut()
    assert link.aborted
    assert link.ended == [False]


def test_a_second_start_response_needs_exc_info(exchange: Exchange) -> None:
    exchange.start_response("200 OK", TEXT)
    with pytest.raises(ReplyError, match="exc_info"):
        exchange.start_response("500 Oops", TEXT)


def test_exc_info_replaces_the_status_before_anything_was_sent(exchange: Exchange, link: FakeLink) -> None:
    exchange.start_response("200 OK", TEXT)
    try:
        raise LookupError("x")
    except LookupError:
        exchange.start_response("500 Oops", TEXT, sys.exc_info())
    exchange.finish()
    assert link.wire.startswith(b"HTTP/1.1 500 Oops\r\n")


def test_exc_info_is_raised_again_once_the_head_is_out(exchange: Exchange) -> None:
    exchange.start_response("200 OK", TEXT)
    exchange.write(b"x")
    try:
        raise LookupError("x")
    except LookupError:
        problem = sys.exc_info()
    with pytest.raises(LookupError):
        exchange.start_response("500 Oops", TEXT, problem)


def test_headers_cannot_change_once_sent(exchange: Exchange) -> None:
    exchange.start_response("200 OK", TEXT)
    exchange.write(b"x")
    with pytest.raises(OSError, match="headers already sent"):
        exchange.start_response("200 OK", TEXT)


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (b"200 OK", [], TypeError),
        ("200 OK", (), TypeError),
        ("20 OK", [], ValueError),
        ("OK", [], ValueError),
    ],
)
def test_bad_arguments_are_refused_at_once(exchange: Exchange, status, headers, error) -> None:
    with pytest.raises(error):
        exchange.start_response(status, headers)


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\0b"])
def test_a_header_that_would_split_the_reply_is_refused_before_it_is_sent(
    exchange: Exchange, link: FakeLink, value: str
) -> None:
    exchange.start_response("200 OK", [("X", value)])
    with pytest.raises(ValueError, match="X"):
        exchange.write(b"x")
    assert link.sent == []


def test_a_body_before_start_response_is_refused(exchange: Exchange) -> None:
    with pytest.raises(ReplyError, match="before start_response"):
        exchange.write(b"x")
    with pytest.raises(ReplyError, match="without calling start_response"):
        exchange.finish()


def test_writing_to_a_client_that_left_raises(exchange: Exchange) -> None:
    exchange.start_response("200 OK", TEXT)
    exchange.gone = True
    with pytest.raises(ClientDisconnected) as caught:
        exchange.write(b"x")
    assert isinstance(caught.value, OSError)


def test_changing_the_list_afterwards_changes_nothing(exchange: Exchange, link: FakeLink) -> None:
    headers = [("X-A", "1")]
    exchange.start_response("200 OK", headers)
    headers.append(("X-B", "2"))
    exchange.finish()
    assert b"X-B" not in link.wire


LINK = [("Link", "</a.css>; rel=preload")]


def test_early_hints_go_out_at_once_and_as_often_as_asked(exchange: Exchange, link: FakeLink) -> None:
    exchange.early_hints(LINK)
    exchange.early_hints([])
    exchange.start_response("200 OK", TEXT)
    exchange.early_hints(LINK)
    exchange.send_all(b"x")
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    assert link.sent[:2] == [hint, hint]
    assert link.sent[2].startswith(b"HTTP/1.1 200 OK\r\n")
    assert exchange.body_bytes == 1


def test_early_hints_are_refused_once_the_head_is_out(exchange: Exchange, link: FakeLink) -> None:
    exchange.start_response("200 OK", TEXT)
    exchange.write(b"x")
    with pytest.raises(ReplyError, match="too late"):
        exchange.early_hints(LINK)
    assert len(link.sent) == 1


@pytest.mark.parametrize("headers", [[("Link", "a\r\nb")], [("A\n", "b")], [("Upgrade", "x")]])
def test_early_hints_that_would_break_the_message_are_refused(exchange, link, headers) -> None:
    with pytest.raises(ValueError, match="header"):
        exchange.early_hints(headers)
    assert link.sent == []


def test_trailers_follow_the_last_chunk_and_the_last_call_counts(exchange: Exchange, link: FakeLink) -> None:
    exchange.send_trailers([("X-Sum", "0")])
    exchange.start_response("200 OK", TEXT)
    exchange.send_all(b"hello")
    exchange.send_trailers([("X-Sum", "1"), ("X-Time", "2")])
    exchange.finish()
    assert b"Content-Length" not in link.wire
    assert link.body == b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Time: 2\r\n\r\n"
    with pytest.raises(ReplyError, match="too late"):
        exchange.send_trailers([("X-Sum", "3")])


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        ("200 OK", [("Content-Length", "2")], b"ab"),
        ("204 No Content", [], b""),
        ("304 Not Modified", [], b""),
    ],
)
def test_a_reply_without_chunks_goes_without_trailers(exchange, link, status, headers, body) -> None:
    exchange.send_trailers([("X-Sum", "1")])
    exchange.start_response(status, headers)
    exchange.send_all(b"ab")
    exchange.finish()
    assert link.body == body


def test_an_error_page_has_none_of_the_applications_trailers(exchange: Exchange, link: FakeLink) -> None:
    exchange.send_trailers([("X-Sum", "1")])
    exchange.replace("500", TEXT, b"sorry")
    assert b"Content-Length: 5\r\n" in link.wire
    assert link.body == b"sorry"


@pytest.mark.parametrize("keep_alive", [True, False])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_only_a_body_until_close_is_cut_with_a_reset(link, version, keep_alive) -> None:
    exchange = Exchange(link, get(http_version=version, keep_alive=keep_alive), EMPTY_BODY)
    exchange.start_response("200 OK", TEXT)
    exchange.write(b"x")
    exchange.cut()
    assert link.aborted
    assert link.reset == (version == "1.0")


def test_a_reply_cut_before_its_head_needs_no_reset(exchange: Exchange, link: FakeLink) -> None:
    exchange.cut()
    assert (link.aborted, link.reset) == (True, False)
