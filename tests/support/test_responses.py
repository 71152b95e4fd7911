import contextlib
import socket
import threading

import pytest

from tests.support.responses import BadResponseError, ResponseReader


@pytest.fixture
def reader_of():
    """A function that returns a reader of a connection on which ``data`` comes in pieces of ``cut`` bytes."""
    with contextlib.ExitStack() as stack:

        def start(data: bytes, *, cut: int = 0) -> ResponseReader:
            ours, theirs = socket.socketpair()
            stack.enter_context(ours)
            ours.settimeout(5)
            sender = threading.Thread(target=_send, args=(theirs, data, cut or len(data)))
            stack.callback(sender.join)
            sender.start()
            return ResponseReader(ours)

        yield start


def _send(sock: socket.socket, data: bytes, step: int) -> None:
    with sock:
        for start in range(0, len(data), step):
            sock.sendall(data[start : start + step])


@pytest.mark.parametrize("cut", [0, 1, 7])
@pytest.mark.parametrize(
    ("data", "body"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", id="length"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nhello", b"hello", id="until end"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            b"hello",
            id="chunked",
        ),
    ],
)
def test_a_body_is_read_however_it_is_framed_and_cut(reader_of, data, body, cut):
    response = reader_of(data, cut=cut).read()
    assert (response.status, response.body, response.complete) == (200, body, True)


def test_each_chunk_is_one_piece(reader_of):
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
    response = reader_of(data).read()
    assert [piece.data for piece in response.pieces] == [b"he", b"llo"]
    assert response.arrived(b"hello") == response.pieces[1].at


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
    ],
)
def test_a_body_cut_short_is_not_complete(reader_of, data):
    assert not reader_of(data).read().complete


def test_responses_on_one_connection_are_read_one_by_one(reader_of):
    one = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
    reader = reader_of(one + b"a" + one + b"b")
    assert reader.read().body == b"a"
    assert not reader.at_end()
    assert reader.read().body == b"b"
    assert reader.at_end()


def test_a_head_response_has_no_body_whatever_its_length_says(reader_of):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    reader = reader_of(head + head + b"hello")
    assert reader.read(method="HEAD").body == b""
    assert reader.read().body == b"hello"


def test_interim_responses_are_skipped(reader_of):
    data = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
    assert reader_of(data).read().status == 204


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200",
    ],
)
def test_what_is_no_response_is_refused(reader_of, data):
    with pytest.raises(BadResponseError):
        reader_of(data).read()
