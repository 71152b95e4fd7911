"""The uwsgi protocol on the wire; what an application sees of it is in ``test_wsgi``."""

import json

import pytest

from tests.support.addresses import connect
from tests.support.http_client import get
from tests.support.uwsgi_client import UwsgiConnection, encode_packet, request_vars, uwsgi_request

engine_only = pytest.mark.engine_only


@pytest.fixture
def uwsgi(routes):
    with UwsgiConnection(routes.addresses[1]) as connection:
        yield connection


def _closed_without_a_byte(connection):
    return connection.reader.at_end()


def test_the_response_is_plain_http_and_ends_with_the_connection(routes):
    with connect(routes.addresses[1]) as sock:
        sock.sendall(encode_packet(request_vars("GET", "/items")))
        data = b"".join(iter(lambda: sock.recv(65536), b""))
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"HTTP/1.1 200 OK"
    assert b"transfer-encoding" not in head.lower()
    assert body == b"".join(b"item %d\n" % number for number in range(5))


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 100])
def test_a_request_cut_anywhere_is_read(uwsgi, cut):
    body = b"the body"
    data = encode_packet(request_vars("POST", "/echo", body=body)) + body
    for start in range(0, len(data), cut):
        uwsgi.send(data[start : start + cut])
    assert uwsgi.reader.read().body == body


def test_of_a_variable_sent_twice_the_last_counts(uwsgi):
    pairs = [*request_vars("GET", "/environ").items(), ("TWICE", "one"), ("TWICE", "two")]
    uwsgi.send(encode_packet(pairs))
    assert json.loads(uwsgi.reader.read().body)["TWICE"] == "two"


def test_bytes_after_the_body_are_ignored(uwsgi):
    uwsgi.send(encode_packet(request_vars("POST", "/echo", body=b"four")) + b"four and more")
    assert uwsgi.reader.read().body == b"four"


def test_a_chunked_body_was_unchunked_by_the_front_end(routes):
    headers = [("Transfer-Encoding", "chunked")]
    assert uwsgi_request(routes.addresses[1], "POST", "/echo", headers, b"3\r\nraw").body == b"3\r\nraw"


def test_the_protocol_of_the_front_end_is_used_in_the_response(uwsgi):
    variables = {**request_vars("GET", "/hello"), "SERVER_PROTOCOL": "HTTP/1.0"}
    uwsgi.send(encode_packet(variables))
    assert uwsgi.reader.read().head.version == "HTTP/1.0"


def test_https_of_the_front_end_is_the_scheme(uwsgi):
    uwsgi.send(encode_packet({**request_vars("GET", "/environ"), "HTTPS": "on"}))
    assert json.loads(uwsgi.reader.read().body)["wsgi.url_scheme"] == "https"


def test_a_ping_is_answered(routes):
    with connect(routes.addresses[1]) as sock:
        sock.sendall(encode_packet({}, modifier1=100))
        assert sock.recv(64) == b"\x64\x00\x00\x01"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", id="HTTP"),
        pytest.param(b"\x00\x05\x00\x00\x40\x00abc", id="pair runs past the block"),
        pytest.param(b"\x00\x00\x00\x00", id="no variables"),
    ],
)
def test_what_is_no_request_is_closed_without_a_byte_and_logged(routes, uwsgi, data):
    mark = len(routes.log())
    uwsgi.send(data)
    assert _closed_without_a_byte(uwsgi)
    routes.wait_for_log("\n", after=mark)
    assert get(routes.http, "/hello").body == b"hello"


def test_variables_over_the_buffer_size_are_refused(start_engine, tmp_path):
    socket = tmp_path / "app.sock"
    options = ["--buffer-size", "4096", "--socket", str(socket)]
    engine = start_engine("--module", "routes", *options, addresses=[socket])
    with UwsgiConnection(socket) as connection:
        connection.send(encode_packet({**request_vars("GET", "/hello"), "BIG": "x" * 4096}))
        assert _closed_without_a_byte(connection)
    engine.wait_for_log("4096")
    assert uwsgi_request(socket, "GET", "/hello").status == 200


def test_a_client_that_goes_away_early_does_no_harm(routes):
    packet = encode_packet(request_vars("POST", "/echo", body=bytes(1000)))
    for data in [b"", packet[:2], packet[:50], packet, packet + bytes(10)]:
        with UwsgiConnection(routes.addresses[1]) as connection:
            connection.send(data)
    assert get(routes.http, "/hello").body == b"hello"
