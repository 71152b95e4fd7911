"""SIGTERM and SIGINT: take nothing new, finish what runs, end with status 0."""

import signal
import time

import pytest

from tests.support.addresses import refuses
from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.uwsgi_client import UwsgiConnection, uwsgi_request
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI cuts requests off, or reloads")

both_signals = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
both_shapes = pytest.mark.parametrize(
    "options", [[], ["--master", "--processes", "2"]], ids=["alone", "master and 2 workers"]
)


@pytest.fixture
def start_engine(start_engine):
    """As elsewhere, but with the first request answered: before that a signal may find nobody to take it."""

    def start(*args, **kwargs):
        engine = start_engine(*args, **kwargs)
        if "addresses" not in kwargs:
            get(engine.http, "/hello")
        return engine

    return start


@both_signals
@both_shapes
def test_an_idle_server_ends_at_once(start_engine, number, options):
    engine = start_engine("--module", "routes", *options)
    engine.signal(number)
    assert engine.wait_exit(timeout=10) == 0


@both_signals
@both_shapes
def test_a_running_request_is_finished_and_new_ones_are_refused(start_engine, number, options):
    engine = start_engine("--module", "routes", *options)
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/sleep/5"))
        engine.wait_for_log("sleeping 5")
        engine.signal(number)
        wait_until(lambda: refuses(engine.http), timeout=4.8, what="new connections to be refused")
        response = connection.reader.read()
        assert (response.body, response.complete) == (b"slept 5", True)
        assert connection.is_closed_by_server()
    assert engine.wait_exit(timeout=10) == 0


def test_a_stream_is_finished(start_engine):
    engine = start_engine("--module", "pauses")
    with HttpConnection(engine.http) as connection:
        connection.send_request("GET", "/")
        response = connection.reader.read_head()
        pieces = connection.reader.iter_body(response)
        assert next(pieces).data == b"one\n"
        engine.signal(signal.SIGTERM)
        assert b"".join(piece.data for piece in pieces) == b"two\nthree\n"
        assert response.complete
    assert engine.wait_exit(timeout=10) == 0


def test_a_uwsgi_request_is_finished(start_engine, tmp_path):
    socket = tmp_path / "app.sock"
    engine = start_engine("--module", "routes", "--socket", str(socket), addresses=[socket])
    assert uwsgi_request(socket, "GET", "/hello").status == 200
    with UwsgiConnection(socket) as connection:
        connection.send_request("GET", "/sleep/1")
        engine.wait_for_log("sleeping 1")
        engine.signal(signal.SIGTERM)
        assert connection.reader.read().body == b"slept 1"
    assert engine.wait_exit(timeout=10) == 0


def test_a_request_whose_body_is_still_coming_is_finished(start_engine):
    engine = start_engine("--module", "routes")
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("POST", "/upload/3/gate/g", [("Content-Length", "6")]))
        connection.send(b"one")
        engine.wait_for_log("upload waits at g")
        with HttpConnection(engine.http) as other:
            other.get("/open/g")
        engine.signal(signal.SIGTERM)
        wait_until(lambda: refuses(engine.http), timeout=5, what="new connections to be refused")
        connection.send(b"two")
        assert connection.reader.read().text.startswith("6 ")
    assert engine.wait_exit(timeout=10) == 0


def test_idle_connections_are_closed(start_engine):
    engine = start_engine("--module", "routes")
    with HttpConnection(engine.http) as used, HttpConnection(engine.http) as fresh:
        assert used.get("/hello").body == b"hello"
        fresh.send(b"GET /hel")
        engine.signal(signal.SIGTERM)
        assert engine.wait_exit(timeout=10) == 0
        assert used.is_closed_by_server()


@both_signals
@both_shapes
def test_a_second_signal_ends_at_once(start_engine, number, options):
    engine = start_engine("--module", "routes", *options)
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/sleep/50"))
        engine.wait_for_log("sleeping 50")
        engine.signal(number)
        wait_until(lambda: refuses(engine.http), timeout=5, what="new connections to be refused")
        assert engine.is_running()
        engine.signal(number)
        engine.wait_exit(timeout=20)


@both_shapes
def test_a_request_longer_than_the_mercy_is_cut_off(start_engine, options):
    engine = start_engine("--module", "routes", "--worker-reload-mercy", "1", *options)
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/sleep/50"))
        engine.wait_for_log("sleeping 50")
        begin = time.monotonic()
        engine.signal(signal.SIGTERM)
        engine.wait_exit(timeout=30)
        assert time.monotonic() - begin > 0.8


@both_shapes
def test_no_process_is_left_behind(start_engine, options):
    engine = start_engine("--module", "routes", *options)
    processes = engine.processes()
    engine.signal(signal.SIGTERM)
    engine.wait_exit(timeout=10)
    assert not [process for process in processes if process.is_running() and process.status() != "zombie"]
