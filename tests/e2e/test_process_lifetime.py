"""Workers that have lived long enough are replaced without anybody noticing."""

import os
import signal

import psutil
import pytest

from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.load import Load
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI drops requests here, or never acts")

MASTER = ("--master", "--processes", "2")


def pids_seen(load):
    return {int(answer) for answer in load.answers}


@pytest.fixture
def start(start_engine):
    def start(*options):
        engine = start_engine("--module", "pids", *options)
        wait_until(lambda: get(engine.http).status == 200, timeout=20, what="an answer")
        return engine

    return start


def test_max_requests_replaces_workers_under_load_without_loss(start):
    engine = start(*MASTER, "--max-requests", "20", "--max-requests-delta", "5", "--min-worker-lifetime", "0")
    with Load(engine.http, "/", clients=6) as load:
        wait_until(lambda: len(pids_seen(load)) >= 5, timeout=50, what="three workers to be replaced")
    assert load.lost == []
    assert "requests served (--max-requests)" in engine.log()
    assert "DAMN" not in engine.log()


def test_max_requests_waits_for_the_shortest_lifetime(start):
    engine = start(*MASTER, "--max-requests", "2")
    with Load(engine.http, "/", clients=2) as load:
        load.wait_for(20)
    assert "is to be replaced" not in engine.log()


def test_a_worker_alone_finishes_and_ends(start):
    engine = start("--max-requests", "3", "--min-worker-lifetime", "0")
    for _ in range(2):
        get(engine.http)
    engine.wait_for_log("The work of process")
    assert engine.wait_exit() == 0


def test_max_worker_lifetime_replaces_workers(start):
    """uWSGI logs that the lifetime is reached, but a gevent worker stays for ever."""
    engine = start(*MASTER, "--max-worker-lifetime", "1")
    with Load(engine.http, "/") as load:
        wait_until(lambda: len(pids_seen(load)) >= 4, timeout=50, what="both workers to be replaced")
    assert load.lost == []
    engine.wait_for_log("worker lifetime reached, it was running for")


def test_reload_on_rss_lets_requests_finish(start_engine):
    engine = start_engine(
        "--module", "stubborn", "--master", "--reload-on-rss", "150", "--min-worker-lifetime", "0"
    )  # fmt: skip
    with HttpConnection(engine.http) as slow:
        first = get(engine.http, "/pid").text
        slow.send(request_bytes("GET", "/wait/4"))
        get(engine.http, "/grow/200")
        engine.wait_for_log("(--reload-on-rss)")
        wait_until(lambda: get(engine.http, "/pid").text != first, timeout=20, what="another worker")
        assert slow.reader.read().status == 200


def test_evil_reload_on_rss_kills(start_engine):
    engine = start_engine("--module", "stubborn", "--master", "--evil-reload-on-rss", "150")
    first = get(engine.http, "/pid").text
    get(engine.http, "/grow/200")
    engine.wait_for_log("is over the limit, killing it")
    wait_until(lambda: get(engine.http, "/pid").text != first, timeout=20, what="another worker")


def test_a_killed_worker_is_replaced_at_once(start):
    engine = start(*MASTER)
    victim = next(process for process in engine.processes() if process.pid != engine.pid)
    os.kill(victim.pid, signal.SIGKILL)
    engine.wait_for_log(f"(pid: {victim.pid}) died, killed by signal 9")
    wait_until(lambda: len(engine.processes()) == 3, timeout=20, what="another worker")


def test_workers_end_when_their_master_is_killed(start):
    engine = start(*MASTER)
    workers = [process for process in engine.processes() if process.pid != engine.pid]
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/"))
        engine.signal(signal.SIGKILL)
        assert connection.reader.read().status == 200
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []


def test_an_application_that_never_loads_ends_the_server_with_22(start_engine, tmp_path):
    """uWSGI would go on respawning, or serve "no python application found" (issue 2198)."""
    from tests.support.engine_process import EngineProcess

    (tmp_path / "broken.py").write_text("import no_such_module\n")
    options = ["--gevent", "5", "--chdir", str(tmp_path), "--module", "broken", *MASTER]
    for lazy in ([], ["--lazy-apps"]):
        with EngineProcess(*options, *lazy) as engine:
            assert engine.wait_exit() == 22
            assert "no_such_module" in engine.log()


def test_connections_in_the_backlog_are_served_when_the_server_stops(start_engine):
    engine = start_engine("--module", "routes", "--gevent", "1")
    get(engine.http, "/hello")
    waiting = [HttpConnection(engine.http) for _ in range(4)]
    try:
        for connection in waiting:
            connection.send(request_bytes("GET", "/sleep/0.5"))
        engine.wait_for_log("sleeping 0.5")
        engine.signal(signal.SIGTERM)
        assert [connection.reader.read().body for connection in waiting] == [b"slept 0.5"] * 4
    finally:
        for connection in waiting:
            connection.close()
    assert engine.wait_exit() == 0
