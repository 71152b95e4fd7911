"""Slow and hostile clients: what each of them may take, and that nobody else notices."""

import resource
import socket
import time
from contextlib import ExitStack

import pytest

from tests.support.certificates import Authority, TlsConnection
from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.ports import free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI has other limits")

loops = pytest.mark.parametrize("loop", ["uvloop", "asyncio"])


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def drip(connection, data, until):
    """Send one byte every 50 ms until the server says or does something; return when that was."""
    connection.sock.settimeout(0.05)
    for byte in data:
        try:
            connection.send(bytes([byte]))
            if connection.sock.recv(1, socket.MSG_PEEK) is not None:
                break
        except TimeoutError:
            if time.monotonic() > until:
                break
        except OSError:
            break
    connection.sock.settimeout(10)
    return time.monotonic()


@loops
def test_a_head_that_drips_is_cut_after_its_total_time(start_engine, loop):
    engine = start_engine("--module", "routes", "--http-headers-timeout", "1", "--loop-backend", loop)
    began = time.monotonic()  # not after the connection is made: the server's clock runs by then
    with HttpConnection(engine.http) as slow:
        ended = drip(slow, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1000, began + 30)
        assert slow.reader.read().status == 408
        assert slow.is_closed_by_server()
    assert 0.9 < ended - began < 30


def test_a_silent_connection_is_closed_without_a_word(start_engine):
    engine = start_engine("--module", "routes", "--http-headers-timeout", "0.5")
    with HttpConnection(engine.http) as silent:
        assert silent.is_closed_by_server()


@loops
def test_a_body_that_drips_is_cut(start_engine, loop):
    engine = start_engine("--module", "routes", "--socket-timeout", "1", "--loop-backend", loop)
    with HttpConnection(engine.http) as slow:
        slow.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n")
        began = time.monotonic()
        ended = drip(slow, b"x" * 1000, began + 30)
        assert slow.reader.read().status == 408
        assert slow.is_closed_by_server()
    assert ended - began < 30


def test_a_steady_body_may_take_longer_than_the_socket_timeout(start_engine):
    engine = start_engine("--module", "routes", "--socket-timeout", "1")
    with HttpConnection(engine.http) as steady:
        steady.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n")
        until = time.monotonic() + 3
        sent = 0
        while sent < 30000:
            steady.send(b"y" * 500)
            sent += 500
            time.sleep(max(0.0, until - time.monotonic()) / 60)
        assert steady.reader.read().body == b"y" * 30000


def test_a_client_that_waits_for_a_busy_application_is_not_called_slow(start_engine):
    engine = start_engine("--module", "routes", "--socket-timeout", "1")
    with HttpConnection(engine.http) as patient:
        patient.send(b"POST /upload/hold/gate/busy HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n")
        patient.send(b"Expect: 100-continue\r\n\r\n")
        engine.wait_for_log("upload waits at busy")
        with HttpConnection(engine.http) as clock:  # 4 periods
            clock.get("/sleep/4")
        get(engine.http, "/open/busy")
        assert patient.reader.read_head().status == 100
        patient.send(b"z" * 3000000)
        assert patient.reader.read().body.startswith(b"3000000 ")


def test_the_time_before_100_continue_is_not_the_clients(start_engine):
    """The application asks at the end of a period; the client has another one for its body."""
    engine = start_engine("--module", "routes", "--socket-timeout", "2")
    with HttpConnection(engine.http) as patient:
        patient.send(b"POST /upload/hold/gate/late HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n")
        patient.send(b"Expect: 100-continue\r\n\r\n")
        engine.wait_for_log("upload waits at late")
        with HttpConnection(engine.http) as clock:
            clock.get("/sleep/1.7")
        get(engine.http, "/open/late")
        assert patient.reader.read_head().status == 100
        patient.send(b"z" * 1000)
        with HttpConnection(engine.http) as clock:
            clock.get("/sleep/1.5")
        patient.send(b"z" * 2000)
        assert patient.reader.read().body.startswith(b"3000 ")


@loops
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_reply_that_nobody_takes_does_not_keep_its_connection(start_engine, authority, loop, tls):
    """The reply has ended for the application, but lies in buffers; the client does not read."""
    port = free_port()
    cert, key = authority.server("localhost")
    socket_option = ["--https-socket", f"127.0.0.1:{port},{cert},{key}"]
    if not tls:
        socket_option = ["--http-socket", f"127.0.0.1:{port}"]
    engine = start_engine(
        *socket_option,
        *("--module", "routes", "--socket-timeout", "1", "--http-keepalive=0", "--loop-backend", loop),
        addresses=[("127.0.0.1", port)],
    )
    process = engine.processes()[0]

    def connect():
        return TlsConnection(engine.http, authority.client_context()) if tls else HttpConnection(engine.http)

    def connected():
        return [each for each in process.net_connections() if each.status != "LISTEN"]

    with ExitStack() as stack:
        for _ in range(3):
            client = stack.enter_context(connect())
            client.send_request("GET", "/big/64")
        wait_until(lambda: len(connected()) == 3, timeout=10, what="the connections")
        wait_until(lambda: not connected(), timeout=20, what="the end of the connections")


@loops
def test_too_many_connections_cost_those_that_wait_longest(start_engine, loop):
    engine = start_engine("--module", "routes", "--max-connections", "50", "--loop-backend", loop)
    with ExitStack() as stack:
        asked = stack.enter_context(HttpConnection(engine.http))
        asked.send_request("GET", "/stream/gate/crowd")
        response = asked.reader.read_head()
        for _ in range(120):
            slow = stack.enter_context(HttpConnection(engine.http))
            slow.send(b"GET / HTTP/1.1\r\n")
        for _ in range(10):
            assert get(engine.http, "/hello", timeout=20).body == b"hello"
        get(engine.http, "/open/crowd")  # whoever is being answered stays
        assert b"".join(piece.data for piece in asked.reader.iter_body(response)) == b"first\nsecond\n"
    engine.wait_for_log("--max-connections")


def test_without_any_that_wait_new_connections_wait_in_the_backlog(start_engine):
    engine = start_engine("--module", "routes", "--max-connections", "5")
    with ExitStack() as stack:
        asked = []
        for _ in range(8):
            connection = stack.enter_context(HttpConnection(engine.http))
            connection.send_request("GET", "/sleep/1.5")
            asked.append(connection)
        for connection in asked:
            assert connection.reader.read().body == b"slept 1.5"
            connection.close()


def test_the_number_of_descriptors_is_set(start_engine):
    engine = start_engine("--module", "routes", "--max-fd", "200")
    get(engine.http, "/hello")
    assert engine.processes()[0].rlimit(resource.RLIMIT_NOFILE)[0] == 200


@loops
def test_a_thousand_slow_connections_hold_no_core(start_engine, loop):
    """Two cores, 1,000 heads that never end, as many half bodies as cores: others are answered."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    engine = start_engine(
        *(
            "--module",
            "routes",
            "--gevent",
            "2",
            "--max-fd",
            "4096",
            "--listen",
            "1000",
            "--loop-backend",
            loop,
        )
    )
    with ExitStack() as stack:
        for number in range(1000):
            slow = stack.enter_context(HttpConnection(engine.http))
            slow.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n" if number % 2 else b"G")
        with HttpConnection(engine.http) as good:
            for _ in range(50):
                assert good.get("/hello").body == b"hello"


ORDER = """
import time
order = []

def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/")
    if name == "block":
        time.sleep(1)  # the loop too: meanwhile everybody's requests arrive
    elif name != "order":
        order.append(name)
    start_response("200 OK", [])
    return ["".join(order).encode()]
"""


@loops
@pytest.mark.parametrize("row", [3, 20])
def test_only_so_many_pipelined_requests_are_answered_in_a_row(start_engine, tmp_path, loop, row):
    (tmp_path / "order.py").write_text(ORDER)
    options = ["--module", "order", "--chdir", str(tmp_path), "--loop-backend", loop]
    engine = start_engine(*options, "--http-pipeline", str(row))
    with HttpConnection(engine.http) as greedy, HttpConnection(engine.http) as other:
        assert other.get("/order").body == greedy.get("/order").body == b""
        greedy.send(request_bytes("GET", "/block") + request_bytes("GET", "/a") * 60)
        other.send(request_bytes("GET", "/b"))
        other.reader.read()
        for _ in range(61):
            greedy.reader.read()
        order = other.get("/order").body
    assert order.count(b"a") == 60
    assert row - 1 <= order.index(b"b") <= 2 * row + 1


@loops
def test_a_flood_of_pipelined_requests_leaves_others_their_turn(start_engine, loop):
    engine = start_engine("--module", "routes", "--loop-backend", loop)
    one = request_bytes("GET", "/hello")
    with HttpConnection(engine.http) as flood, HttpConnection(engine.http) as other:
        flood.sock.settimeout(0.2)
        sent = 0
        try:
            while sent < 20000:
                sent += flood.sock.send(one * 500) // len(one)
        except TimeoutError:
            pass  # it does not read the replies, so it may not send for ever
        assert other.get("/hello").body == b"hello"
        flood.sock.settimeout(10)
        for _ in range(200):
            assert flood.reader.read().body == b"hello"
