"""``wsgi.file_wrapper`` of real files: inside the kernel, in order, and no more than was declared."""

import fcntl
import gzip
import os
import ssl
import struct
import termios
from pathlib import Path

import pytest

from tests.support.addresses import connect
from tests.support.http_client import HttpConnection, request_bytes
from tests.support.ports import free_port
from tests.support.uwsgi_client import uwsgi_request
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI's wrapper takes no seek, no gzip, and warns otherwise")

SMALL = bytes(range(256)) * 16
LARGE = os.urandom(1 << 20) * 5 + b"the end"
SPARSE = 256 << 20


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("files")
    (directory / "small").write_bytes(SMALL)
    (directory / "large").write_bytes(LARGE)
    (directory / "empty").write_bytes(b"")
    (directory / "zipped").write_bytes(gzip.compress(LARGE))
    with open(directory / "sparse", "wb") as sparse:
        sparse.truncate(SPARSE)
    return directory


@pytest.fixture(params=["uvloop", "asyncio"])
def engine(request, start_engine, files):
    options = ["--module", "files", "--loop-backend", request.param]
    return start_engine(*options, env={"FILES": str(files)})


@pytest.fixture
def server(start_engine, files):
    return start_engine("--module", "files", "--socket-timeout", "3", env={"FILES": str(files)})


def test_all_of_it_arrives_and_the_connection_lives_on(engine):
    with HttpConnection(engine.http) as connection:
        for name, body in (("small", SMALL), ("large", LARGE), ("empty", b""), ("large", LARGE)):
            response = connection.request("GET", f"/{name}")
            assert (response.status, response.body == body) == (200, True)
            assert response.header("Content-Length") == str(len(body))
    engine.wait_for_log("GET /large => generated ")
    assert "msecs via sendfile() (HTTP/1.1 200)" in engine.log()


@pytest.mark.parametrize("kind", ["buffered", "raw", "temp", "gzip", "late"])
def test_however_the_file_is_given(server, kind):
    name = "zipped" if kind == "gzip" else "large"
    with HttpConnection(server.http) as connection:
        expected = b"before " + LARGE if kind == "late" else LARGE
        for _ in range(2):
            assert connection.request("GET", f"/{name}?as={kind}").body == expected


@pytest.mark.parametrize("name", ["small", "large", "zipped"])
def test_a_range_is_a_seek_and_a_shorter_length(server, name):
    body = SMALL if name == "small" else LARGE
    kind = "gzip" if name == "zipped" else "buffered"
    with HttpConnection(server.http) as connection:
        for seek, length in ((0, 10), (1000, 2000), (len(body) - 7, 7)):
            response = connection.request("GET", f"/{name}?as={kind}&seek={seek}&length={length}")
            assert response.body == body[seek : seek + length]
    assert "Traceback" not in server.log()


@pytest.mark.parametrize("name", ["small", "large"])
def test_a_longer_length_than_the_file_is_told_by_closing(server, name):
    with HttpConnection(server.http) as connection:
        response = connection.request("GET", f"/{name}?length=9000000")
    assert not response.complete
    assert response.body == (SMALL if name == "small" else LARGE)
    server.wait_for_log("bytes shorter than the declared Content-Length")


def test_head_sends_no_file(server):
    with HttpConnection(server.http) as connection:
        response = connection.request("HEAD", f"/large?length={len(LARGE)}")
        assert response.header("Content-Length") == str(len(LARGE))
        assert connection.request("GET", "/small").body == SMALL


def test_pipelined_requests_stay_in_order(server):
    with HttpConnection(server.http) as connection:
        connection.send(request_bytes("GET", "/large") + request_bytes("GET", "/small"))
        assert connection.reader.read().body == LARGE
        assert connection.reader.read().body == SMALL


def test_a_file_waits_for_what_was_written_before(engine):
    """Part of the 4 MiB before it is in the transport, not in the socket, when the file's turn comes."""
    length = (4 << 20) + len(LARGE)
    with connect(engine.http, timeout=20) as sock:
        target = f"/large?as=behind&length={length}"
        sock.sendall(request_bytes("GET", target, [("Connection", "close")]))
        seen = [0]

        def is_stuck():
            seen.append(struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, bytes(4)))[0])
            return 0 < seen[-1] == seen[-2]

        wait_until(is_stuck, timeout=15, what="full buffers")
        received = b"".join(iter(lambda: sock.recv(65536), b""))
    assert received.partition(b"\r\n\r\n")[2] == bytes(4 << 20) + LARGE


def test_over_uwsgi(start_engine, files, tmp_path):
    where = tmp_path / "app.sock"
    options = ["--socket", str(where), "--module", "files"]
    start_engine(*options, addresses=[where], env={"FILES": str(files)})
    assert uwsgi_request(where, "GET", "/large").body == LARGE


def test_behind_tls(start_engine, files):
    """Where the kernel cannot do it: the file is read and encrypted piece by piece."""
    certificates = Path(pytest.importorskip("gevent.tests").__path__[0])
    address = ("127.0.0.1", free_port())
    listen = f"{address[0]}:{address[1]},{certificates}/test_server.crt,{certificates}/test_server.key"
    options = ["--https-socket", listen, "--module", "files", "--static-map", f"/static={files}"]
    start_engine(*options, addresses=[address], env={"FILES": str(files)})
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for target in ("/large", "/static/large"):
        with connect(address, timeout=20) as raw, context.wrap_socket(raw) as sock:
            sock.sendall(request_bytes("GET", target, [("Connection", "close")]))
            received = b"".join(iter(lambda: sock.recv(65536), b""))
        assert received.partition(b"\r\n\r\n")[2] == LARGE


def test_memory_stays_flat_and_others_are_served(server):
    before = server.rss()
    with connect(server.http, timeout=20) as sock:
        sock.sendall(request_bytes("GET", "/sparse", [("Connection", "close")]))
        head = b""
        while b"\r\n\r\n" not in head:
            head += sock.recv(4096)
        received = len(head.partition(b"\r\n\r\n")[2])
        with HttpConnection(server.http) as other:  # while the first client takes its time
            assert other.request("GET", "/small").body == SMALL
        buffer = bytearray(1 << 20)
        most = looked = 0
        while size := sock.recv_into(buffer):
            received += size
            if received >> 24 > looked:  # every 16 MiB
                looked = received >> 24
                most = max(most, server.rss())
    assert received == SPARSE
    assert max(most, server.rss()) - before < 30 << 20


def test_a_client_that_leaves_frees_its_core(server):
    with connect(server.http, timeout=20) as sock:
        sock.sendall(request_bytes("GET", "/sparse"))
        sock.recv(100_000)
    server.wait_for_log("GET /sparse => generated ")
    assert "Traceback" not in server.log()
    with HttpConnection(server.http) as connection:
        assert connection.request("GET", "/small").body == SMALL


def test_a_client_that_takes_nothing_times_out(server):
    with connect(server.http, timeout=20) as sock:
        sock.sendall(request_bytes("GET", "/sparse"))
        sock.recv(1)
        wait_until(
            lambda: "the client took nothing for 3 seconds" in server.log(), timeout=15, what="the end"
        )
