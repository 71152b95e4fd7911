"""The stats server: what uwsgitop reads, over a socket and over HTTP; metrics, health, readiness."""

import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
from functools import partial
from pathlib import Path

import pytest

from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.stats import read_all, stats
from tests.support.waiting import wait_until

WORKER_KEYS = """
    id pid accepting requests delta_requests exceptions harakiri_count signals signal_queue status rss vsz
    running_time last_spawn respawn_count tx avg_rt apps cores
    """
CORE_KEYS = """
    id requests static_requests routed_requests offloaded_requests write_errors read_errors in_request
    vars req_info
    """


@pytest.fixture
def start(start_answering, address):
    options = ["--module", "routes", "--gevent", "4", "-p", "2", "--stats", f"{address[0]}:{address[1]}"]
    return partial(start_answering, *options, path="/hello")


def test_the_document_has_the_keys_of_uwsgi_in_its_order(start, address):
    engine = start()
    document = stats(address)
    top = "version listen_queue listen_queue_errors signal_queue load pid uid gid cwd locks sockets workers"
    assert [key for key in document if key in top.split()] == top.split()
    assert document["pid"] == engine.pid
    assert [worker["id"] for worker in document["workers"]] == [1, 2]
    for worker in document["workers"]:
        assert [key for key in worker if key in WORKER_KEYS.split()] == WORKER_KEYS.split()
        assert [core["id"] for core in worker["cores"]] == [0, 1, 2, 3]
        for core in worker["cores"]:
            assert list(core) == CORE_KEYS.split()


@pytest.mark.engine_only("uWSGI shows rss with --memory-report only")
def test_requests_and_running_requests_are_shown(start, address):
    engine = start()
    wait_until(lambda: all(w["rss"] for w in stats(address)["workers"]), timeout=20, what="both workers")
    for _ in range(5):
        get(engine.http, "/hello")
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/sleep/8?x=1"))
        engine.wait_for_log("sleeping 8")
        document = stats(address)
    workers = document["workers"]
    assert sum(worker["requests"] for worker in workers) >= 6
    assert all(worker["rss"] > 1 << 20 for worker in workers)
    assert sum(worker["tx"] for worker in workers) > 500
    busy = [core for worker in workers for core in worker["cores"] if core["in_request"]]
    assert len(busy) == 1
    assert "REQUEST_URI=/sleep/8?x=1" in busy[0]["vars"]
    assert busy[0]["vars"][-1] == ""
    assert busy[0]["req_info"]["request_start"] > 1_600_000_000
    assert sum(core["requests"] for worker in workers for core in worker["cores"]) >= 6


@pytest.mark.engine_only("uWSGI starts counting anew")
def test_counters_survive_a_reload(start, address):
    engine = start()
    for _ in range(10):
        get(engine.http, "/hello")
    wait_until(lambda: sum(w["requests"] for w in stats(address)["workers"]) >= 11, timeout=10, what="counts")
    engine.signal(signal.SIGHUP)
    engine.wait_for_log("(RE)spawned", timeout=30)
    wait_until(lambda: stats(address)["workers"][0]["pid"], timeout=20, what="stats of the new image")
    assert sum(worker["requests"] for worker in stats(address)["workers"]) >= 11


def test_minified_and_without_cores(start, address):
    start("--stats-minified", "--stats-no-cores")
    text = read_all(address)
    assert b"\t" not in text
    assert b"\n" not in text
    assert "cores" not in json.loads(text)["workers"][0]


@pytest.mark.engine_only("the rest of a stuck worker's numbers")
def test_a_stuck_worker_does_not_stop_the_statistics(start_engine, address):
    engine = start_engine("--module", "stubborn", "--stats", f"{address[0]}:{address[1]}")
    get(engine.http, "/ok")
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/native/4"))
        for _ in range(2):
            assert stats(address)["workers"][0]["pid"]


@pytest.mark.parametrize("options", [[], ["--stats-http"]], ids=["socket", "http"])
def test_uwsgitop_shows_it(start, address, options):
    top = Path(sys.executable).with_name("uwsgitop")
    if not top.exists():
        pytest.skip("uwsgitop is not installed")
    engine = start(*options)
    where = f"{address[0]}:{address[1]}"
    workers = [str(process.pid) for process in engine.processes() if process.pid != engine.pid]
    ours, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    command = [sys.executable, str(top), f"http://{where}/" if options else where, "--frequency", "1"]
    shown = b""
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env={**os.environ, "TERM": "xterm"}
    ) as process:
        os.close(terminal)
        try:
            while not all(pid.encode() in shown for pid in workers):
                shown += os.read(ours, 65536)
        except OSError:
            pytest.fail(f"uwsgitop ended: {shown.decode()}")
        finally:
            process.kill()
            os.close(ours)


def _sum_of(text: str, pattern: str) -> int:
    return sum(map(int, re.findall(rf"(?m)^{pattern}.*\}} (\d+)$", text)))


@pytest.mark.engine_only("uWSGI knows only the document")
class TestOverHttp:
    def test_the_document(self, start, address):
        start("--stats-http")
        response = get(address, "/")
        assert response.header("content-type") == "application/json"
        assert len(json.loads(response.body)["workers"]) == 2

    def test_prometheus(self, start, address):
        engine = start("--stats-http")
        get(engine.http, "/hello")
        response = get(address, "/metrics")
        assert response.header("content-type").startswith("text/plain; version=0.0.4")
        lines = response.text.splitlines()
        samples = [line for line in lines if not line.startswith("#")]
        label = '[a-z]+="[^"]*"'
        sample = rf"[a-z_]+(\{{{label}(,{label})*\}})? -?\d+(\.\d+)?"
        assert [line for line in samples if not re.fullmatch(sample, line)] == []
        wait_until(
            lambda: "gevent_engine_workers_ready 2" in get(address, "/metrics").text, timeout=20, what="ready"
        )
        names = {line.split()[2] for line in lines if line.startswith("# TYPE")}
        parts = {f"gevent_engine_request_duration_seconds_{part}" for part in ("bucket", "sum", "count")}
        assert {re.split(r"[{ ]", line)[0] for line in samples} <= names | parts

    def test_replies_by_status_and_by_time(self, start, address):
        engine = start("--stats-http")
        for path in ("/hello", "/sleep/0.3", "/no-such", "/raise-before"):
            get(engine.http, path)

        name = "gevent_engine_responses_total"
        count = "gevent_engine_request_duration_seconds_count"

        def page() -> str:
            text = get(address, "/metrics").text
            seen = {kind: _sum_of(text, rf'{name}.*status="{kind}"') for kind in ("4xx", "5xx")}
            return text if seen == {"4xx": 1, "5xx": 1} else ""

        text = wait_until(page, timeout=10, what="all four")
        # The fixture has asked, too, until somebody answered.
        everything = _sum_of(text, name)
        assert _sum_of(text, rf'{name}.*status="2xx"') == everything - 2
        assert _sum_of(text, count) == everything
        bucket = "gevent_engine_request_duration_seconds_bucket"
        assert _sum_of(text, rf'{bucket}.*le="0.25"') == everything - 1
        assert _sum_of(text, rf'{bucket}.*le="10.0"') == everything
        assert _sum_of(text, rf'{bucket}.*le="\+Inf"') == everything
        replies = [worker["replies"] for worker in json.loads(get(address, "/").body)["workers"]]
        assert sum(each["4xx"] for each in replies) == 1

    def test_ready_says_503_while_the_server_stops(self, start, address):
        engine = start("--stats-http")
        assert get(address, "/health").status == 200
        wait_until(lambda: get(address, "/ready").status == 200, timeout=20, what="readiness")
        with HttpConnection(engine.http) as connection:
            connection.send(request_bytes("GET", "/sleep/3"))
            engine.wait_for_log("sleeping 3")
            engine.signal(signal.SIGTERM)
            wait_until(lambda: get(address, "/ready").status == 503, timeout=10, what="not ready")
            assert get(address, "/health").status == 200
            assert connection.reader.read().body == b"slept 3"
        assert engine.wait_exit() == 0

    def test_clients_that_say_nothing_harm_nobody(self, start, address):
        start("--stats-http")
        silent = [socket.create_connection(address) for _ in range(80)]
        try:
            wait_until(lambda: get(address, "/health").status == 200, timeout=20, what="an answer")
        finally:
            for sock in silent:
                sock.close()


def test_figures_are_pushed_to_statsd(start_engine):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as statsd:
        statsd.bind(("127.0.0.1", 0))
        statsd.settimeout(15)
        address = f"statsd:127.0.0.1:{statsd.getsockname()[1]},shop"
        engine = start_engine(
            "--module", "routes", "--stats-push", address, "--stats-pusher-default-freq", "0.2"
        )
        get(engine.http, "/")
        while b"shop.worker.1.requests:1|c" not in statsd.recv(65536).split(b"\n"):
            pass
