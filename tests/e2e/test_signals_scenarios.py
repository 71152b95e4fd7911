"""What uWSGI's own gevent tests do: native threads beside the hub, tasks spooled from greenlets."""

from __future__ import annotations

import re

import pytest

from tests.support.http_client import HttpConnection, get
from tests.support.waiting import wait_until

ours = pytest.mark.engine_only("for uWSGI the master must be asked for")


def talking(engine):
    """Workers (0: the master) whose first thread has said something."""
    return set(map(int, re.findall(r"i am thread1 in process \d+ worker (\d)", engine.log())))


def start(start_engine, *options):
    return start_engine(
        "--loop", "gevent", "--async", "100", "--socket-timeout=30", "--enable-threads", *options,
        "--module", "native_threads",
    )  # fmt: skip


def test_threads_of_a_preloaded_application_live_in_the_master(start_engine):
    engine = start(start_engine, "-M", "-p", "2")
    assert get(engine.http, "/").body == b"<h1>Hello World</h1>"
    engine.wait_for_log("i am thread2")
    engine.wait_for_log("i am a greenlet of worker")
    assert talking(engine) == {0}


def test_threads_of_each_worker_with_lazy_apps(start_engine):
    engine = start(start_engine, "-M", "-p", "2", "--lazy-apps")
    assert get(engine.http, "/").body == b"<h1>Hello World</h1>"
    wait_until(lambda: talking(engine) == {1, 2}, timeout=20, what="threads in both workers")
    engine.wait_for_log("i am a greenlet of worker")


@ours
def test_threads_without_a_master(start_engine):
    engine = start(start_engine)
    assert get(engine.http, "/").body == b"<h1>Hello World</h1>"
    wait_until(lambda: 1 in talking(engine), timeout=20, what="threads in the worker")
    engine.wait_for_log("i am a greenlet of worker 1")


@pytest.mark.parametrize(
    "options", [["--master"], pytest.param([], marks=ours)], ids=["master", "one process"]
)
def test_a_task_from_two_greenlets_below_a_request(start_engine, options, tmp_path):
    engine = start_engine("--module", "spooling", f"--spooler={tmp_path}", *options)
    with HttpConnection(engine.http) as connection:
        connection.send_request("GET", "/")
        body = connection.reader.read().body
    assert body.splitlines() == [b"counter: %d" % number for number in range(100)]
    engine.wait_for_log("long task [('foo', 'bar'), ('test1', 'test2')]")
