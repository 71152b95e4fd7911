import http.server
import threading
from collections.abc import Iterator

import pytest

from tests.support.addresses import Address
from tests.support.curl import Curl, curl_path
from tests.support.http_client import HttpConnection, chunked, get, request_bytes
from tests.support.uwsgi_client import encode_packet, request_vars


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    go_on = threading.Event()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nfirst\r\n")
        if self.path == "/two":
            self.go_on.wait(10)
        self.wfile.write(b"6\r\nsecond\r\n0\r\n\r\n")

    def log_message(self, *args):
        pass


@pytest.fixture
def server() -> Iterator[Address]:
    _Handler.go_on.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield ("127.0.0.1", running.server_port)
        _Handler.go_on.set()
        running.shutdown()
        thread.join()


def test_get_reads_a_whole_response(server):
    response = get(server, "/")
    assert (response.status, response.body, response.complete) == (200, b"firstsecond", True)


def test_a_connection_carries_several_requests(server):
    with HttpConnection(server) as connection:
        assert [connection.get("/").body for _ in range(3)] == [b"firstsecond"] * 3


def test_request_if_open_says_when_the_server_has_closed(server):
    with HttpConnection(server) as connection:
        first = connection.request_if_open("GET", "/")
        assert first is not None
        assert first.body == b"firstsecond"
        connection.send_request("GET", "/", [("Connection", "close")])
        connection.reader.read()
        assert connection.request_if_open("GET", "/") is None


def test_items_are_seen_as_they_are_sent(server):
    with HttpConnection(server) as connection:
        connection.send_request("GET", "/two")
        response = connection.reader.read_head()
        pieces = connection.reader.iter_body(response)
        assert next(pieces).data == b"first"
        _Handler.go_on.set()
        assert [piece.data for piece in pieces] == [b"second"]


@pytest.mark.skipif(curl_path() is None, reason="no curl on this machine")
def test_curl_shows_items_as_they_are_sent(server):
    with Curl(f"http://127.0.0.1:{server[1]}/two") as curl:
        first = curl.read_until(b"first")
        _Handler.go_on.set()
        assert curl.read_until(b"second") >= first
        assert curl.wait() == 0


def test_a_request_gets_host_and_length():
    assert request_bytes("POST", "/x", body=b"abc") == (
        b"POST /x HTTP/1.1\r\nHost: test.example\r\nContent-Length: 3\r\n\r\nabc"
    )


def test_a_chunked_request_gets_no_length():
    request = request_bytes("POST", "/", [("Transfer-Encoding", "chunked")], chunked([b"ab", b"c"]))
    assert b"Content-Length" not in request
    assert request.endswith(b"\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")


def test_a_uwsgi_packet_has_little_endian_lengths():
    assert encode_packet({"A": "bc"}) == b"\x00\x07\x00\x00" + b"\x01\x00A" + b"\x02\x00bc"
    assert encode_packet([("A", ""), ("A", "")], modifier1=5, modifier2=6)[:4] == b"\x05\x0a\x00\x06"


def test_uwsgi_variables_split_the_query_and_name_headers():
    variables = request_vars("POST", "/a?b=c", [("Content-Type", "x/y"), ("X-Id", "7")], b"12")
    assert variables["PATH_INFO"] == "/a"
    assert variables["QUERY_STRING"] == "b=c"
    assert variables["REQUEST_URI"] == "/a?b=c"
    assert variables["CONTENT_TYPE"] == variables["HTTP_CONTENT_TYPE"] == "x/y"
    assert variables["CONTENT_LENGTH"] == "2"
    assert variables["HTTP_X_ID"] == "7"
