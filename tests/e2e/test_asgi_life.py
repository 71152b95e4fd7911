"""Lifespan, deadlines and the end of workers that run ASGI applications."""

from __future__ import annotations

import json
import signal
import socket
import time

import pytest

from tests.e2e.conftest import APPS
from tests.support.engine_process import run_engine
from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI has no ASGI")

MASTER = ["--master", "--processes", "2"]


def events(engine):
    return json.loads(get(engine.http, "/events").body)


# -- lifespan


def test_lifespan_brackets_each_worker_and_its_state_reaches_requests(start_engine):
    engine = start_engine("--asgi", "lifespans:counting", *MASTER)
    wait_until(lambda: engine.log().count("startup in") == 2, timeout=10, what="both workers")
    assert get(engine.http, "/").body == b"[('made', 1)]"
    engine.signal(signal.SIGTERM)
    assert engine.wait_exit() == 0
    started = {line.split()[-1] for line in engine.log().splitlines() if line.startswith("startup in")}
    ended = {line.split()[-1] for line in engine.log().splitlines() if line.startswith("shutdown in")}
    assert started == ended
    assert len(started) == 2


@pytest.mark.parametrize("master", [[], MASTER])
def test_a_failed_startup_refuses_to_start(master):
    done = run_engine(
        "--chdir", str(APPS), "--gevent", "2", "--http-socket", "127.0.0.1:0",
        "--asgi", "lifespans:refusing", *master,
    )  # fmt: skip
    assert done.returncode == 22
    assert "application 0 at '/' refuses to start (lifespan.startup.failed): no database" in done.stderr


def test_an_application_without_lifespan_is_put_up_with(start_engine):
    engine = start_engine("--asgi", "lifespans:raising")
    assert get(engine.http, "/").body == b"[]"


def test_unless_lifespan_is_on():
    done = run_engine(
        "--chdir", str(APPS), "--gevent", "2", "--http-socket", "127.0.0.1:0",
        "--asgi", "lifespans:raising", "--lifespan", "on",
    )  # fmt: skip
    assert done.returncode == 22
    assert "not my kind of scope" in done.stderr
    assert "--lifespan is on" in done.stderr


def test_lifespan_off_sends_no_events(start_engine):
    engine = start_engine("--asgi", "lifespans:refusing", "--lifespan", "off")
    assert get(engine.http, "/").body == b"[]"


def test_a_startup_that_never_ends_can_be_ended(start_engine):
    from tests.support.engine_process import EngineProcess

    with EngineProcess(
        "--chdir", str(APPS), "--gevent", "2", "--asgi", "lifespans:starting_for_ever"
    ) as engine:
        engine.wait_for_log("starting\n")
        engine.signal(signal.SIGTERM)
        assert engine.wait_exit() == 0


def test_a_shutdown_that_never_ends_is_cut_short(start_engine):
    engine = start_engine("--asgi", "lifespans:ending_for_ever", "--reload-mercy", "1")
    assert get(engine.http, "/").status == 200
    engine.signal(signal.SIGTERM)
    assert engine.wait_exit() == 0
    assert "lifespan shutdown did not end in 1.0 seconds" in engine.log()


def test_a_failed_shutdown_is_logged(start_engine):
    engine = start_engine("--asgi", "lifespans:ending_badly")
    assert get(engine.http, "/").status == 200
    engine.signal(signal.SIGTERM)
    assert engine.wait_exit() == 0
    assert "lifespan.shutdown.failed: could not flush" in engine.log()


# -- harakiri


def test_harakiri_cancels_the_task_and_answers_504(start_engine):
    engine = start_engine("--asgi", "asgi_routes", "--harakiri", "1")
    with HttpConnection(engine.http) as slow, HttpConnection(engine.http) as quick:
        slow.send(request_bytes("GET", "/forever"))
        assert quick.get("/hello").body == b"hello"
        assert slow.reader.read().status == 504
        assert slow.get("/hello").body == b"hello"
    assert "cancelled" in events(engine)
    log = engine.log()
    assert "GET /forever since" in log
    assert "asgi_routes.py" in log
    assert "await asyncio.Event().wait()" in log


def test_harakiri_reaches_a_green_task_where_it_blocks(start_engine):
    engine = start_engine("--asgi", "asgi+green:lifespans:blocking_for_ever", "--harakiri", "1")
    assert get(engine.http, "/").status == 504
    assert "gevent.sleep(1000)" in engine.log()
    engine.wait_for_log("ended with CancelledError")


def test_a_task_that_goes_on_costs_its_worker(start_engine):
    engine = start_engine(
        "--asgi", "asgi_routes", "--master", "--reload-mercy", "1",
        "--harakiri", "1", "--harakiri-graceful-timeout", "1",
    )  # fmt: skip
    before = json.loads(get(engine.http, "/scope").body)["pid"]
    with HttpConnection(engine.http) as slow:
        slow.send(request_bytes("GET", "/stubborn"))
        wait_until(
            lambda: json.loads(get(engine.http, "/scope").body)["pid"] != before,
            timeout=20,
            what="another worker",
        )
    assert "does not end though it was told 3 times" in engine.log()


# -- the end of a worker


def test_requests_that_run_are_finished_first(start_engine):
    engine = start_engine("--asgi", "asgi_routes")
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/sleep?0.5"))
        assert get(engine.http, "/hello").body == b"hello"  # which came later
        engine.signal(signal.SIGTERM)
        assert connection.reader.read().body == b"slept"
    assert engine.wait_exit() == 0
    assert "finishing 1 requests" in engine.log()
    assert "asgi_routes: shutdown after ['slept']" in engine.log()


def test_when_mercy_is_over_tasks_are_cancelled_before_the_shutdown(start_engine):
    engine = start_engine("--asgi", "asgi_routes", "--reload-mercy", "1")
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/forever"))
        assert get(engine.http, "/hello").body == b"hello"
        engine.signal(signal.SIGTERM)
        began = time.monotonic()
        assert connection.is_closed_by_server()
        assert engine.wait_exit() == 1
        assert time.monotonic() - began < 30  # the usual mercy: 60
    assert "NO MERCY" in engine.log()
    assert "asgi_routes: shutdown after ['cancelled']" in engine.log()


def test_a_reload_loses_no_request(start_engine):
    engine = start_engine("--asgi", "asgi_routes", *MASTER)
    before = {json.loads(get(engine.http, "/scope").body)["pid"] for _ in range(20)}
    engine.signal(signal.SIGHUP)

    def replaced():
        return json.loads(get(engine.http, "/scope").body)["pid"] not in before

    wait_until(replaced, timeout=20, what="a new worker")
    for _ in range(50):
        assert get(engine.http, "/hello").body == b"hello"


# -- greenlets


def test_green_tasks_may_block_in_gevent_and_so_may_the_tasks_they_start(start_engine):
    engine = start_engine("--asgi", "asgi+green:lifespans:sleep_in_greenlet")
    assert get(engine.http, "/").body == b"child slept"
    began = time.monotonic()
    connections = [HttpConnection(engine.http) for _ in range(100)]
    for connection in connections:
        connection.send_request("GET", "/")
    for connection in connections:
        assert connection.reader.read().body == b"child slept"
        connection.close()
    assert time.monotonic() - began < 0.06 * 100, "they waited for one another"


def test_plain_tasks_may_not(start_engine):
    engine = start_engine("--asgi", "lifespans:sleep_in_greenlet")
    assert get(engine.http, "/").status == 500
    assert "BlockingSwitchOutError" in engine.log()


def test_plain_tasks_wait_for_greenlets(start_engine):
    engine = start_engine("--asgi", "lifespans:plain_but_bridging")
    assert get(engine.http, "/").body == b"future sync_to_async"


@pytest.mark.parametrize("kind", ["asgi", "asgi+green"])
@pytest.mark.parametrize("backend", ["uvloop", "asyncio"])
def test_on_both_loops(start_engine, kind, backend):
    engine = start_engine("--asgi", f"{kind}:asgi_routes:make()", "--loop-backend", backend)
    with HttpConnection(engine.http) as connection:
        assert connection.get("/items").body.endswith(b"item 4\n")
        assert connection.request("POST", "/echo", (), b"x" * 300_000).body == b"x" * 300_000
        connection.send_request("GET", "/big")
        assert len(connection.reader.read().body) == 64 << 20


# -- the uwsgi module, and other options that concern requests


def test_the_uwsgi_module_knows_the_request_of_a_task(start_engine):
    engine = start_engine("--asgi", "asgi_hooks")
    assert get(engine.http, "/fd").text == "True"
    assert get(engine.http, "/own-harakiri").status == 504
    wait_until(lambda: "after" in get(engine.http, "/").text, timeout=5, what="after_req_hook")


def test_kill_on_disconnect_cancels_the_task(start_engine):
    engine = start_engine("--asgi", "asgi_hooks", "--kill-on-disconnect")
    with HttpConnection(engine.http) as connection:
        connection.send_request("GET", "/left")
        assert get(engine.http, "/").status == 200
    wait_until(lambda: "cancelled" in get(engine.http, "/").text, timeout=5, what="the task to be cancelled")
    assert "Traceback" not in engine.log()


def test_catch_exceptions_shows_the_traceback(start_engine):
    engine = start_engine("--asgi", "asgi_routes", "--catch-exceptions")
    response = get(engine.http, "/boom")
    assert response.status == 500
    assert "LookupError: boom" in response.text


def test_over_a_unix_socket(start_engine, tmp_path):
    path = tmp_path / "http.sock"
    engine = start_engine("--asgi", "asgi_routes", "--http-socket", str(path), addresses=[path])
    scope = json.loads(get(engine.http, "/scope").body)
    assert (scope["server"], scope["client"]) == ([str(path), None], None)


def test_statistics_show_tasks_above_the_cores(start_engine, tmp_path):
    from tests.support.ports import free_port

    port = free_port()
    engine = start_engine(
        "--asgi", "asgi_routes", "--gevent", "3", "--master", "--stats", f"127.0.0.1:{port}"
    )
    with HttpConnection(engine.http) as connection:
        connection.send_request("GET", "/forever")
        assert get(engine.http, "/hello").status == 200

        def running():
            with socket.create_connection(("127.0.0.1", port)) as stats:
                document = json.loads(b"".join(iter(lambda: stats.recv(65536), b"")))
            return [core["id"] for core in document["workers"][0]["cores"] if core["in_request"]]

        wait_until(lambda: running() == [3], timeout=5, what="the request in the statistics")
