"""``engine.pywsgi`` in real programs: from plain scripts, inside asyncio, forked, behind TLS."""

from __future__ import annotations

import re
import signal
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.addresses import connect
from tests.support.engine_process import REPOSITORY
from tests.support.http_client import HttpConnection, chunked, get, request_bytes
from tests.support.ports import free_port
from tests.support.processes import ServerProcess
from tests.support.waiting import wait_until

GUIDE = REPOSITORY / "docs" / "how-to" / "move-from-gevent-pywsgi.md"
Start = Callable[..., ServerProcess]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:

        def run(*argv: object) -> ServerProcess:
            port = free_port()
            arguments = [str(port) if part is None else str(part) for part in argv]
            env = {"PYTHONPATH": str(REPOSITORY), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
            address = ("127.0.0.1", port)
            server = ServerProcess([sys.executable, *arguments], addresses=[address], env=env)
            return stack.enter_context(server).wait_ready()

        yield run


@pytest.fixture
def program(start: Start) -> Start:
    return lambda name, *more: start("-m", "tests.engine.pywsgi.programs", name, None, *more)


@pytest.mark.parametrize("name", ["plain", "in_bridge", "in_asyncio", "upgrading", "of_gevent"])
def test_it_serves_wherever_the_hub_runs(program: Start, name: str) -> None:
    server = program(name)
    with HttpConnection(server.addresses[0]) as connection:
        assert connection.request("GET", "/").body == b"hello"
        assert connection.request("POST", "/echo", body=b"a" * 300_000).body == b"a" * 300_000
        echoed = connection.request(
            "POST", "/echo", [("Transfer-Encoding", "chunked")], chunked([b"b", b"c"])
        )
        assert echoed.body == b"bc"
        assert len(connection.request("GET", "/big").body) == 64 * 65536
        if name != "of_gevent":  # which sends a body after HEAD
            assert connection.request("HEAD", "/").body == b""
        assert connection.request("GET", "/").status == 200


def test_pipelined_requests_are_answered_in_order(program: Start) -> None:
    server = program("plain")
    with HttpConnection(server.addresses[0]) as connection:
        connection.send(
            request_bytes("POST", "/echo", body=b"one") + request_bytes("POST", "/echo", body=b"two")
        )
        assert [connection.reader.read().body for _ in range(2)] == [b"one", b"two"]


def test_after_a_write_that_ended_halfway_nothing_follows(program: Start) -> None:
    server = program("plain")
    received = bytearray()
    with connect(server.addresses[0]) as sock:
        sock.sendall(request_bytes("GET", "/impatient") + request_bytes("GET", "/"))
        server.wait_for_log('"GET /impatient HTTP/1.1" ')
        try:
            while piece := sock.recv(1 << 20):
                received += piece
        except ConnectionResetError:
            received += b"<reset>"
    assert received.endswith(b"<reset>")
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"hello" not in received


def test_trailers_of_a_request(program: Start) -> None:
    server = program("plain")
    with HttpConnection(server.addresses[0]) as connection:
        connection.send(
            request_bytes(
                "POST", "/trailers", [("Transfer-Encoding", "chunked")], b"1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n"
            )
        )
        assert connection.reader.read().body == b"[('x-sum', '1')]"


def test_the_environ_has_the_keys_of_gevent(program: Start) -> None:
    server = program("upgrading")
    text = get(server.addresses[0], "/environ").text
    environ = dict(line.split("=", 1) for line in text.splitlines())
    assert environ["SERVER_PORT"] == str(server.addresses[0][1])
    assert environ["SERVER_NAME"] == environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["GATEWAY_INTERFACE"] == "CGI/1.1"
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["x.handler"] == "Upgrading"


def test_errors_of_the_application_are_answered_and_reported(program: Start) -> None:
    server = program("plain")
    assert get(server.addresses[0], "/boom").status == 500
    server.wait_for_log("RuntimeError: boom")
    assert not get(server.addresses[0], "/short").complete
    server.wait_for_log("5 bytes shorter than the declared Content-Length")
    assert get(server.addresses[0], "/file").body == b"from a file"
    assert get(server.addresses[0], "/large?10").body == b"0123456789" * 299_999
    server.wait_for_log('"GET /file HTTP/1.1" 200 ')


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused(program: Start, sent: bytes, status: int) -> None:
    server = program("plain")
    with HttpConnection(server.addresses[0]) as connection:
        connection.send(sent)
        assert connection.reader.read().status == status
        assert connection.is_closed_by_server()


@pytest.mark.parametrize("name", ["plain", "in_bridge"])
def test_a_client_that_sends_more_than_anybody_reads_gets_its_answer(program: Start, name: str) -> None:
    server = program(name)
    for headers in ([], [("Content-Length", "x")]):
        with HttpConnection(server.addresses[0]) as connection:
            response = connection.request("POST", "/", headers, body=bytes(20 << 20))
        assert response.status == (400 if headers else 200)


def test_a_handler_may_switch_protocols(program: Start) -> None:
    server = program("upgrading")
    with connect(server.addresses[0], timeout=10) as sock:
        upgrade = [("Upgrade", "shout"), ("Connection", "Upgrade")]
        sock.sendall(request_bytes("GET", "/", upgrade) + b"early\n")
        received = b""
        while not received.endswith(b"EARLY\n"):
            received += sock.recv(65536)
        head, _, rest = received.partition(b"\r\n\r\n")
        assert head.startswith(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: Upgrade\r\n"
        )
        assert b"X-Handler: upgrading" in head
        assert rest == b"EARLY\n"
        sock.sendall(b"late\n")
        assert sock.recv(100) == b"LATE\n"


def test_processes_share_a_socket_opened_before_the_fork(program: Start) -> None:
    server = program("prefork")
    pids = set()

    def both() -> bool:
        pids.add(get(server.addresses[0]).text)
        return len(pids) == 2

    wait_until(both, timeout=20, what="answers of both processes")


def test_https(program: Start) -> None:
    tests = pytest.importorskip("gevent.tests")
    directory = Path(tests.__path__[0])
    server = program("tls", directory / "test_server.crt", directory / "test_server.key")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with connect(server.addresses[0], timeout=10) as raw, context.wrap_socket(raw) as sock:
        sock.sendall(request_bytes("GET", "/environ"))
        sock.sendall(request_bytes("GET", "/large", [("Connection", "close")]))
        received = b"".join(iter(lambda: sock.recv(65536), b""))
    assert received.endswith(b"\r\n\r\n" + b"0123456789" * 300_000)
    assert b"wsgi.url_scheme=https" in received


@pytest.mark.parametrize(("number", "expected"), [(0, "hello from /x"), (1, "ticks: ")])
def test_the_programs_of_the_guide_run(start: Start, tmp_path: Path, number: int, expected: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 2
    (tmp_path / "program.py").write_text(blocks[number])
    server = start(tmp_path / "program.py")
    assert get(server.addresses[0], "/x").text.startswith(expected)
    server.signal(signal.SIGINT)
    assert server.wait_exit() != 0
