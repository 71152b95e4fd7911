"""Large bodies with little memory, and clients that go away, with and without TLS."""

import os
import socket
import struct
import subprocess
import threading

import pytest

from tests.e2e.apps.transfers import BLOCK, block
from tests.support.addresses import connect
from tests.support.certificates import Authority, TlsConnection
from tests.support.curl import curl_path
from tests.support.http_client import HttpConnection, get
from tests.support.ports import free_port
from tests.support.responses import ResponseReader
from tests.support.uwsgi_client import encode_packet, request_vars
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI has no option for it")

MEGABYTES = int(os.environ.get("TRANSFER_MEGABYTES", "64"))  # 1024 by hand, with -rP to see the peaks
MEMORY = 4 << 20  # most of it is what the interpreter keeps of its own arenas


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


KINDS = ["plain-uvloop", "plain-asyncio", "tls-uvloop", "tls-asyncio"]


@pytest.fixture(params=KINDS)
def server(request, start_engine, authority):
    """An engine, and ``connect()`` for it."""
    return start(start_engine, authority, request.param)


@pytest.fixture(params=KINDS)
def killing_server(request, start_engine, authority):
    return start(start_engine, authority, request.param, "--kill-on-disconnect")


def start(start_engine, authority, shape, *extra):
    kind, _, loop = shape.partition("-")
    port = free_port()
    cert, key = authority.server("localhost")
    where = ["--https-socket", f"127.0.0.1:{port},{cert},{key}"]
    if kind == "plain":
        where = ["--http-socket", f"127.0.0.1:{port}"]
    engine = start_engine(
        *(*where, "--module", "transfers", "--loop-backend", loop, *extra), addresses=[("127.0.0.1", port)]
    )

    def connect():
        if kind == "plain":
            return HttpConnection(engine.http, timeout=40)
        return TlsConnection(engine.http, authority.client_context(), timeout=40)

    engine.connect = connect
    return engine


def text(server, target):
    with server.connect() as connection:
        return connection.get(target).text


def test_an_upload_passes_through_little_memory(server):
    with server.connect() as connection:
        connection.request("POST", "/upload/1", body=block(0))  # what is needed once is there now
        connection.send(
            b"POST /upload/%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
            % (MEGABYTES, MEGABYTES << 20)
        )
        for number in range(MEGABYTES << 4):
            connection.send(block(number))
        good, blocks, peak = connection.reader.read().text.split()
    assert (good, int(blocks)) == ("True", MEGABYTES << 4)
    print(f"peak {int(peak) >> 10} KiB")
    assert int(peak) < MEMORY


def test_a_download_waits_for_its_client_in_little_memory(server):
    with server.connect() as connection:
        connection.get("/download/1")
        connection.send_request("GET", f"/download/{MEGABYTES}")
        response = connection.reader.read_head()
        got = bytearray()
        number = 0
        for piece in connection.reader.iter_body(response):
            got += piece.data
            while len(got) >= BLOCK:
                assert got[:BLOCK] == block(number)
                del got[:BLOCK]
                number += 1
                if number == 16:  # others are served while this one takes its time
                    assert text(server, "/peak/nothing") == "None"
        assert number == MEGABYTES << 4
        peak = int(connection.get("/peak/download").text)
        print(f"peak {peak >> 10} KiB")
        assert peak < MEMORY


def check_blocks(stream):
    """Read all blocks of a download from a file."""
    for number in range(MEGABYTES << 4):
        assert stream.read(BLOCK) == block(number)
    assert stream.read(1) == b""


def test_over_uwsgi_bodies_pass_through_little_memory(start_engine):
    http, uwsgi = ("127.0.0.1", free_port()), ("127.0.0.1", free_port())
    listen = ["--http-socket", f"127.0.0.1:{http[1]}", "--socket", f"127.0.0.1:{uwsgi[1]}"]
    engine = start_engine(*listen, "--module", "transfers", addresses=[http, uwsgi])
    with connect(uwsgi, timeout=40) as sock:
        variables = {**request_vars("POST", "/upload/x"), "CONTENT_LENGTH": str(MEGABYTES << 20)}
        sock.sendall(encode_packet(variables))
        for number in range(MEGABYTES << 4):
            sock.sendall(block(number))
        good, blocks, peak = ResponseReader(sock).read().text.split()
    assert (good, int(blocks)) == ("True", MEGABYTES << 4)
    print(f"upload: peak {int(peak) >> 10} KiB")
    assert int(peak) < MEMORY
    with connect(uwsgi, timeout=40) as sock, sock.makefile("rb") as stream:
        sock.sendall(encode_packet(request_vars("GET", f"/download/{MEGABYTES}")))
        while stream.readline() != b"\r\n":
            pass
        check_blocks(stream)
    peak = int(get(engine.http, "/peak/download").text)
    print(f"download: peak {peak >> 10} KiB")
    assert peak < MEMORY


@pytest.mark.skipif(curl_path() is None, reason="no curl here")
def test_over_http2_bodies_pass_through_little_memory(start_engine):
    pytest.importorskip("h2")
    engine = start_engine("--http2", "on", "--module", "transfers")
    url = f"http://127.0.0.1:{engine.http[1]}"
    curl = [curl_path(), "-q", "-sS", "--http2-prior-knowledge", "--noproxy", "*"]
    with subprocess.Popen(
        [*curl, "-T", "-", f"{url}/upload/x"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as upload:
        assert upload.stdin is not None
        for number in range(MEGABYTES << 4):
            upload.stdin.write(block(number))
        good, blocks, peak = upload.communicate()[0].split()
    assert (good, int(blocks)) == (b"True", MEGABYTES << 4)
    print(f"upload: peak {int(peak) >> 10} KiB")
    assert int(peak) < MEMORY
    with subprocess.Popen([*curl, f"{url}/download/{MEGABYTES}"], stdout=subprocess.PIPE) as download:
        check_blocks(download.stdout)
    peak = int(get(engine.http, "/peak/download").text)
    print(f"download: peak {peak >> 10} KiB")
    assert peak < MEMORY


def reset(connection):
    """Go away without a farewell."""
    sock = connection.sock
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def farewell(connection):
    connection.sock.close()


leavings = pytest.mark.parametrize("leave", [reset, farewell])


@leavings
def test_the_next_write_raises_once_the_client_has_gone(server, leave):
    connection = server.connect()
    connection.send_request("GET", "/endless")
    next(connection.reader.iter_body(connection.reader.read_head()))
    leave(connection)
    wait_until(
        lambda: text(server, "/ended") == "endless ClientDisconnected", timeout=10, what="the write to fail"
    )


@leavings
def test_close_is_called_when_the_client_has_gone(server, leave):
    connection = server.connect()
    connection.send_request("GET", "/items/left")
    next(connection.reader.iter_body(connection.reader.read_head()))
    leave(connection)
    assert "closed" not in text(server, "/ended")  # it neither reads nor writes: nobody told it
    text(server, "/open/left")
    wait_until(lambda: text(server, "/ended") == "closed left", timeout=10, what="close()")


@leavings
def test_requests_of_clients_that_left_are_ended_if_asked_for(killing_server, leave):
    server = killing_server
    connection = server.connect()
    connection.send_request("GET", "/items/left")
    next(connection.reader.iter_body(connection.reader.read_head()))
    other = server.connect()
    other.send_request("GET", "/wait/never")
    stays = server.connect()
    stays.send_request("GET", "/wait/stays")
    leave(connection)
    leave(other)
    wait_until(
        lambda: sorted(text(server, "/ended").split("\n")) == ["closed left", "wait finally"],
        timeout=10,
        what="both to be ended",
    )
    text(server, "/open/stays")
    assert stays.reader.read().body == b"waited"
    stays.close()
    assert "Traceback" not in server.log()


def test_a_client_that_leaves_while_it_uploads_is_an_error_of_the_read(server):
    connection = server.connect()
    connection.send(b"POST /upload/64 HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\n" + block(0))
    thread = threading.Thread(target=reset, args=(connection,))
    thread.start()
    thread.join()
    wait_until(lambda: "/upload/64" in server.log(), timeout=10, what="the request to end")
    assert "Traceback" not in server.log()
