"""Whatever an application answers, the client can tell replies apart, and broken ones from whole ones."""

from __future__ import annotations

import socket
import threading

import pytest

from tests.e2e.apps import replies
from tests.e2e.conftest import APPS
from tests.support.addresses import connect
from tests.support.engine_process import EngineProcess
from tests.support.http_client import HttpConnection, request_bytes
from tests.support.ports import free_port
from tests.support.uwsgi_client import encode_packet, request_vars

pytestmark = pytest.mark.engine_only("uWSGI sends what the application gives it")

CLOSE = [("Connection", "close")]


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def server(request, tmp_path_factory):
    """On either loop, the application ``replies`` on an HTTP port, a uwsgi port and a uwsgi unix socket."""
    ports = [("127.0.0.1", free_port()), ("127.0.0.1", free_port())]
    unix = tmp_path_factory.mktemp("uwsgi") / "app.sock"
    listen = ["--http-socket", f"127.0.0.1:{ports[0][1]}", "--socket", f"127.0.0.1:{ports[1][1]}"]
    options = ["--chdir", str(APPS), "--gevent", "20", *listen, "--socket", str(unix), "--module", "replies"]
    options += ["--loop-backend", request.param]
    with EngineProcess(*options, addresses=[*ports, unix]) as engine:
        yield engine.wait_ready()


def raw(address, data: bytes) -> tuple[bytes, bool]:
    """Everything that comes back, and whether the connection ended with a reset."""
    received = bytearray()
    with connect(address) as sock:
        sock.sendall(data)
        try:
            while piece := sock.recv(65536):
                received += piece
        except ConnectionResetError:
            return bytes(received), True
    return bytes(received), False


def over_http(server, target: str, method: str = "GET", version: str = "HTTP/1.1", headers=CLOSE):
    return raw(server.addresses[0], request_bytes(method, target, headers, version=version))


def over_uwsgi(server, target: str, method: str = "GET", place: int = 1):
    return raw(server.addresses[place], encode_packet(request_vars(method, target)))


# -- greenlets and timeouts of the application


def slow_reader(server, target):
    """Ask for a large reply and for another, read nothing for a while; return both, and how it ended."""
    with connect(server.addresses[0]) as sock:
        sock.sendall(request_bytes("GET", target) + request_bytes("GET", "/no-length/299", CLOSE))
        gate = threading.Event()
        threading.Timer(0.8, gate.set).start()
        gate.wait(5)
        received = bytearray()
        try:
            while piece := sock.recv(1 << 20):
                received += piece
        except ConnectionResetError:
            return bytes(received), True
    return bytes(received), False


def items_of(wire: bytes) -> tuple[list[bytes], bytes]:
    """The chunks of a reply and what follows it."""
    position, items = wire.index(b"\r\n\r\n") + 4, []
    while True:
        end = wire.index(b"\r\n", position)
        size = int(wire[position:end], 16)
        position = end + 4 + size
        assert wire[position - 2 : position] == b"\r\n"
        if not size:
            return items, wire[position:]
        items.append(wire[end + 2 : position - 2])


def test_greenlets_may_write_one_reply_together(server):
    wire, _ = slow_reader(server, "/together/chunks")
    items, rest = items_of(wire)
    assert sorted({item[:1] for item in items}) == [b"a", b"b", b"c"]
    assert all(item == item[:1] * 300_000 for item in items)
    assert len(items) == 60
    assert rest.startswith(b"HTTP/1.1 299 ")
    wire, _ = slow_reader(server, "/together/length")
    body = wire.partition(b"\r\n\r\n")[2]
    assert body[60 * 300_000 :].startswith(b"HTTP/1.1 299 ")


@pytest.mark.parametrize("name", ["chunks", "length"])
def test_after_a_write_that_ended_halfway_nothing_follows(server, name):
    wire, was_reset = slow_reader(server, f"/impatient/{name}")
    assert was_reset
    assert wire.count(b"HTTP/1.1 ") == 1
    assert b"hello" not in wire


def test_a_greenlet_that_waits_for_its_turn_may_be_ended(server):
    items, rest = items_of(slow_reader(server, "/patient/x")[0])
    assert b"".join(items) == b"x" * replies.LARGE + b"hello"
    assert rest.startswith(b"HTTP/1.1 299 ")


# -- what would break the head


@pytest.mark.parametrize("protocol", [over_http, over_uwsgi])
@pytest.mark.parametrize("route", ["refused", "refused-late"])
@pytest.mark.parametrize("name", replies.REFUSED)
def test_what_would_break_the_head_is_a_500_that_the_log_explains(server, name, route, protocol):
    mark = len(server.log())
    data, _ = protocol(server, f"/{route}/{name}")
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 500 "), data
    assert b"injected" not in data.lower()
    assert body == b"Internal Server Error"
    server.wait_for_log("Error: ", after=mark)


def test_a_refused_head_leaves_the_connection_usable(server):
    with HttpConnection(server.http) as connection:
        for _ in range(3):
            assert connection.get("/refused/crlf-in-value").status == 500
        assert connection.get("/show").status == 200


# -- Content-Length that is not true

SENT = {"short": b"four", "short-items": b"four", "short-empty": b"", "long": b"four", "long-items": b"four"}


@pytest.mark.parametrize("route", ["listed", "streamed", "written"])
@pytest.mark.parametrize("name", replies.LENGTHS)
def test_a_wrong_length_never_shifts_the_next_reply(server, name, route):
    """Exactly the announced bytes, or fewer and the end; nothing of it can be taken for a second reply."""
    request = request_bytes("GET", f"/{route}/{name}")
    data, _ = raw(server.http, request * 2)
    length = int(replies.LENGTHS[name][0])
    head, _, rest = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert head.count(b"Content-Length") == 1
    assert rest[:length] == SENT.get(name, b"")[:length]
    assert len(rest) <= length, "bytes after the announced end, and the connection was not closed there"


@pytest.mark.parametrize("name", replies.LENGTHS)
def test_a_wrong_length_is_no_matter_for_head(server, name):
    data, _ = raw(
        server.http,
        request_bytes("HEAD", f"/streamed/{name}") + request_bytes("GET", "/no-length/299", CLOSE),
    )
    first, second, _ = data.split(b"\r\n\r\n", 2)
    assert b"Content-Length: " + replies.LENGTHS[name][0].encode() in first
    assert second.startswith(b"HTTP/1.1 299 ")


@pytest.mark.parametrize("name", replies.LENGTHS)
def test_over_uwsgi_a_wrong_length_is_cut_off_or_reset(server, name):
    data, reset = over_uwsgi(server, f"/streamed/{name}")
    length = int(replies.LENGTHS[name][0])
    body = data.partition(b"\r\n\r\n")[2]
    assert body == SENT.get(name, b"")[:length]
    assert reset


# -- errors after the head


@pytest.mark.parametrize(
    ("name", "version", "end"),
    [
        ("none", "HTTP/1.1", b"5\r\nfirst\r\n"),
        ("length", "HTTP/1.1", b"first"),
        ("length", "HTTP/1.0", b"first"),
        ("none", "HTTP/1.0", b"first"),
    ],
)
def test_an_error_after_the_head_leaves_no_valid_end(server, name, version, end):
    data, reset = over_http(server, f"/broken/{name}", version=version, headers=())
    assert data.partition(b"\r\n\r\n")[2] == end
    assert reset == (name == "none" and version == "HTTP/1.0"), "without framing only a reset tells"


@pytest.mark.parametrize("name", ["none", "length"])
def test_over_uwsgi_an_error_after_the_head_is_a_reset(server, name):
    data, reset = over_uwsgi(server, f"/broken/{name}")
    assert data.partition(b"\r\n\r\n")[2] == b"first"
    assert reset


def test_over_a_unix_socket_a_length_is_the_only_sign_of_a_broken_reply(server):
    """Unix sockets know no reset (docs/design/http.md); a front end sees that the length is not reached."""
    data, _ = over_uwsgi(server, "/broken/length", place=2)
    assert b"Content-Length: 100" in data
    assert data.endswith(b"\r\n\r\nfirst")


# -- replies without a body


@pytest.mark.parametrize("protocol", [over_http, over_uwsgi])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("route", ["status", "no-length"])
@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_body_has_none_whatever_is_yielded(server, status, route, method, protocol):
    data, reset = protocol(server, f"/{route}/{status}", method)
    head, _, body = data.partition(b"\r\n\r\n")
    assert (body, reset) == (b"", False)
    assert b"Transfer-Encoding" not in head
    length = b"Content-Length: 5" if (status, route) == (304, "status") else b"Content-Length: 0"
    expected = (status == 304 and route == "status") or (status == 205 and protocol is over_http)
    assert (length in head) == expected
    assert head.count(b"Content-Length") == int(expected)


@pytest.mark.parametrize("status", [204, 205, 304])
def test_after_a_status_without_body_the_connection_goes_on(server, status):
    with HttpConnection(server.http) as connection:
        connection.send(request_bytes("GET", f"/no-length/{status}") + request_bytes("GET", "/no-length/299"))
        assert connection.reader.read_head().status == status
        assert connection.reader.read().body == b"hello"


def test_http_1_0_never_gets_chunks_or_an_interim_reply(server):
    for target in ["/no-length/299", "/hints/absent", "/trailers/after"]:
        data, _ = over_http(server, target, version="HTTP/1.0", headers=[("TE", "trailers")])
        assert b"Transfer-Encoding" not in data
        assert data.count(b"HTTP/1.1 ") == 1


def test_a_reply_that_is_under_way_is_not_followed_by_the_500_page(server):
    data, _ = over_http(server, "/broken/none", headers=())
    assert data.count(b"HTTP/1.1 ") == 1
    assert b"Internal Server Error" not in data


def test_a_client_that_shuts_down_its_side_still_gets_its_reply(server):
    with connect(server.http) as sock:
        sock.sendall(request_bytes("GET", "/no-length/299"))
        sock.shutdown(socket.SHUT_WR)
        data = b"".join(iter(lambda: sock.recv(65536), b""))
    assert data.startswith(b"HTTP/1.1 299 ")
    assert data.endswith(b"0\r\n\r\n") or data.endswith(b"hello")


@pytest.mark.parametrize("asked", [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_a_stream_without_end_ends_where_no_body_is_sent(server, asked):
    method, status = asked
    with HttpConnection(server.http) as connection:
        before = int(connection.get("/endless/closed").body)
        connection.send_request(method, f"/endless/{status}")
        assert connection.reader.read(method=method).status == status
        assert int(connection.get("/endless/closed").body) == before + 1


def test_a_stream_without_end_ends_for_head_over_uwsgi(server):
    data, _ = over_uwsgi(server, "/endless/200", "HEAD")
    assert data.endswith(b"\r\n\r\n")
