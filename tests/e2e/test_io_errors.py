"""``write_errors`` and ``read_errors`` of the statistics: clients that go in the middle of something."""

from __future__ import annotations

import socket
import struct

import pytest

from tests.support.addresses import can_connect
from tests.support.engine_process import ENGINE_KIND
from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.stats import stats
from tests.support.waiting import wait_until

APPS = ["--module=unlucky", pytest.param("--asgi=unlucky:tasks", marks=pytest.mark.engine_only("no ASGI"))]
UPLOAD = [("Content-Length", "10")]


@pytest.fixture
def start(start_engine, address):
    where = ["--stats", f"{address[0]}:{address[1]}", "--master", "--gevent", "2", "--enable-metrics"]
    if ENGINE_KIND != "uwsgi":
        where += ["--lifespan", "off"]

    def start(app):
        engine = start_engine(app, *where)
        wait_until(lambda: can_connect(address), timeout=20, what="the statistics")
        return engine

    return start


def reset(connection):
    """Close so that the other side gets an error, whatever it does."""
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def errors(address):
    cores = [core for worker in stats(address)["workers"] for core in worker["cores"]]
    return sum(core["write_errors"] for core in cores), sum(core["read_errors"] for core in cores)


def metrics(address):
    """The same as metrics, of all cores."""
    shown = stats(address)["metrics"]
    each = [
        [figure["value"] for name, figure in shown.items() if name.endswith(f".{kind}")]
        for kind in ("write_errors", "read_errors")
    ]
    assert [len(values) for values in each] == [2, 2]
    return tuple(map(sum, each))


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("path", ["/write", "/catch"])
@pytest.mark.parametrize("app", APPS)
def test_a_reply_that_is_not_taken_counts_once(start, address, app, path, version):
    engine = start(app)
    assert get(engine.http).text == "hello"
    assert errors(address) == metrics(address) == (0, 0)
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", path).replace(b"HTTP/1.1", version.encode()))
        assert connection.sock.recv(1000)
        reset(connection)
    if path == "/catch":
        engine.wait_for_log("not taken")
    wait_until(lambda: errors(address) == metrics(address) == (1, 0), timeout=20, what="a write error")


@pytest.mark.parametrize("app", APPS)
def test_a_body_that_does_not_come_counts_though_the_application_goes_on(start, address, app):
    engine = start(app)
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("POST", "/read", UPLOAD) + b"abc")
        wait_until(
            lambda: any(core["in_request"] for core in stats(address)["workers"][0]["cores"]),
            timeout=20,
            what="the request",
        )
        reset(connection)
    engine.wait_for_log("no body")
    wait_until(lambda: errors(address)[1] == metrics(address)[1] == 1, timeout=20, what="a read error")
