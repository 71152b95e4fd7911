"""What operators can see of a worker from outside: what holds its loop, and everything that waits in it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.support.engine_process import REPOSITORY
from tests.support.http_client import HttpConnection, get

pytestmark = pytest.mark.engine_only("uWSGI shows other things in another way")

APP = """
import time, gevent

def hold_the_loop():
    time.sleep(2)

def wait_a_while():
    gevent.sleep(30)

def application(environ, start_response):
    hold_the_loop() if environ["PATH_INFO"] == "/hold" else None
    wait_a_while() if environ["PATH_INFO"] == "/wait" else None
    start_response("200 OK", [])
    return [b"hello"]
"""

ASGI_APP = """
import asyncio, time

def hold_the_loop():
    time.sleep(2)

async def wait_a_while():
    await asyncio.sleep(30)

async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("no lifespan")
    hold_the_loop() if scope["path"] == "/hold" else None
    await wait_a_while() if scope["path"] == "/wait" else None
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""


@pytest.fixture
def start(start_engine, tmp_path):
    (tmp_path / "slow.py").write_text(APP)
    env = {"BRIDGE_DUMP_DIR": str(tmp_path / "dumps")}
    return lambda *args: start_engine("--chdir", str(tmp_path), "--module", "slow", *args, env=env)


def test_who_holds_the_loop_is_logged_with_stack_and_request(start):
    engine = start("--log-blocking", "0.2")
    assert get(engine.http, "/hold").status == 200
    log = engine.wait_for_log("the loop was held for")
    assert re.search(r'in hold_the_loop, by Greenlet "[^"]+" \S*_run\b', log)  # compiled or not
    assert re.search(r'line \d+, in application\n  File ".*slow.py", line \d+, in hold_the_loop', log)
    assert 'is managing "GET /hold"' in log


def test_a_task_that_holds_the_loop_is_named_and_one_over_its_deadline_is_ended(start_engine, tmp_path):
    (tmp_path / "asks.py").write_text(ASGI_APP)
    options = ["--log-blocking", "0.2", "--harakiri", "4"]
    engine = start_engine("--chdir", str(tmp_path), "--asgi", "asks:app", *options)
    assert get(engine.http, "/hold").status == 200
    assert "in hold_the_loop, by Task" in engine.wait_for_log("the loop was held for")
    assert get(engine.http, "/wait").status == 504
    assert "in wait_a_while" in engine.wait_for_log("HARAKIRI [core")


@pytest.mark.parametrize("options", [[], ["--master"]], ids=["alone", "master"])
def test_a_signal_shows_what_waits_and_ends_nothing(start, tmp_path, options):
    engine = start(*options)
    worker = int(re.search(r"worker 1 .*?pid: (\d+)", engine.wait_for_log("running gevent loop engine"))[1])
    with HttpConnection(engine.http) as connection:
        connection.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        get(engine.http, "/")
        os.kill(worker, signal.SIGUSR2)
        engine.wait_for_log("in wait_a_while")
    fetched = subprocess.run(
        [sys.executable, "-m", "bridge.dump", str(worker)],
        env={**os.environ, "BRIDGE_DUMP_DIR": str(tmp_path / "dumps"), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert "wait_a_while" in fetched.stdout
    assert get(engine.http, "/").status == 200
