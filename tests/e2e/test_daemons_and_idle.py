"""Programs beside the server, and servers that rest while nobody asks."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from tests.support import waiting
from tests.support.http_client import get

engine_only = pytest.mark.engine_only


def wait_until(ask, what: str):
    return waiting.wait_until(ask, timeout=20, what=what)


def pid_in(path) -> int:
    text = path.read_text().strip() if path.exists() else ""
    return int(text) if text else 0


def test_a_daemon_is_started_again_and_ends_with_the_server(start_engine, tmp_path):
    file = tmp_path / "daemon.pid"
    engine = start_engine("--module", "routes", "--attach-daemon", f"echo $$ > {file}; exec sleep 600")
    first = wait_until(lambda: pid_in(file), "the daemon")
    os.kill(first, signal.SIGKILL)
    second = wait_until(lambda: pid_in(file) not in (0, first) and pid_in(file), "another one")
    os.kill(engine.pid, signal.SIGTERM)
    assert engine.wait_exit() == 0
    assert not psutil.pid_exists(second)


@engine_only("timing")
def test_a_reload_starts_a_daemon_anew_but_not_a_smart_one(start_engine, tmp_path):
    plain, smart = tmp_path / "plain.pid", tmp_path / "smart.pid"
    engine = start_engine(
        "--module", "routes",
        "--attach-daemon", f"echo $$ > {plain}; exec sleep 600",
        "--smart-attach-daemon2", f"{smart} echo $$ > {smart}; exec sleep 600",
    )  # fmt: skip
    wait_until(lambda: pid_in(plain) and pid_in(smart), "both")
    before = pid_in(plain), pid_in(smart)
    get(engine.http, "/")
    os.kill(engine.pid, signal.SIGHUP)
    wait_until(lambda: pid_in(plain) != before[0], "a new one")
    assert not psutil.pid_exists(before[0])
    assert pid_in(smart) == before[1]
    os.kill(engine.pid, signal.SIGTERM)
    assert engine.wait_exit() == 0
    assert psutil.pid_exists(before[1])
    os.kill(before[1], signal.SIGKILL)


@engine_only("wording")
def test_the_server_ends_with_a_control_daemon(start_engine, tmp_path):
    go = tmp_path / "go"
    command = f"while [ ! -e {go} ]; do sleep 0.05; done"
    engine = start_engine("--module", "routes", "--attach-control-daemon", command)
    engine.wait_for_log("running gevent loop engine")
    go.write_text("")
    assert engine.wait_exit() == 0
    assert "has ended with status 0...gracefully killing workers" in engine.log()


@engine_only("wording")
def test_workers_rest_while_nobody_asks_and_come_back(start_engine):
    engine = start_engine("--module", "routes", "--idle", "1", "--processes", "2")
    assert get(engine.http, "/").status == 200
    engine.wait_for_log("cheap mode enabled")
    wait_until(lambda: not psutil.Process(engine.pid).children(), "the end of all workers")
    assert get(engine.http, "/").status == 200
    engine.wait_for_log("changing the number of workers from 0 to 2")


def test_cheap_starts_no_worker_before_the_first_connection(start_engine):
    # The first connection is that of the fixture, which waits until the server listens.
    engine = start_engine("--module", "routes", "--master", "--cheap")
    log = engine.wait_for_log("spawned uWSGI worker 1")
    assert log.index("cheap mode enabled") < log.index("spawned uWSGI worker 1")
    assert get(engine.http, "/").status == 200


def test_die_on_idle(start_engine):
    engine = start_engine("--module", "routes", "--idle", "1", "--die-on-idle")
    assert engine.wait_exit() == 0
