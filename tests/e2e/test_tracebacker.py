"""``--py-tracebacker``: where the threads and requests of a worker are, told over a unix socket."""

from __future__ import annotations

import re
import signal
import stat
from contextlib import contextmanager

import psutil
import pytest

from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.stats import read_all
from tests.support.waiting import wait_until

ours = pytest.mark.engine_only("uWSGI shows threads only")
LINE = re.compile(r"thread_id = (.+) filename = (.+) lineno = \d+ function = (\S+)(?: line = (.*))?")


@pytest.fixture
def start(start_engine, tmp_path):
    options = ["--master", "--worker-reload-mercy", "1", "--py-tracebacker", str(tmp_path / "tb")]
    return lambda *more: start_engine(*options, *more)


@contextmanager
def running(engine, target):
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", target))
        yield


def ask(path):
    try:
        return read_all(path).decode()
    except (FileNotFoundError, ConnectionRefusedError):
        return ""


def told(path, function):
    """Wait until *function* is on a stack; return the names of its threads, and all that is told."""

    def look():
        text = ask(path)
        lines = filter(None, map(LINE.fullmatch, text.split("\n")))
        found = [line[1] for line in lines if line[3] == function]
        return (found, text) if found else None

    return wait_until(look, timeout=20, what=f"{function} on a stack")


def test_each_worker_tells_its_threads_in_the_form_of_uwsgi(start, tmp_path):
    engine = start("--module", "traced", "-p", "2")
    for number in (1, 2):
        path = tmp_path / f"tb{number}"
        text = wait_until(lambda path=path: ask(path), timeout=20, what="an answer")
        assert stat.S_ISSOCK(path.stat().st_mode)
        head, empty, *lines = text.split("\n")
        assert (head, empty) == ("*** uWSGI Python tracebacker output ***", "")
        stack = lines[: lines.index("")]
        assert stack
        assert all(LINE.fullmatch(line) for line in stack), stack
        engine.wait_for_log(f"python tracebacker for worker {number} available on {path}")


@ours
def test_a_request_that_waits_is_told_under_the_name_of_its_core(start, tmp_path):
    engine = start("--module", "traced", "--gevent", "3")
    with running(engine, "/wait"):
        names, text = told(tmp_path / "tb1", "in_gevent")
    assert len(names) == 1
    assert re.fullmatch("uWSGIWorker1Core[012]", names[0])
    assert f"thread_id = {names[0]} filename = " in text
    assert "line = gevent.sleep(20)" in text
    assert "waiting for timer" in text  # the tree


@ours
def test_so_is_one_in_a_task(start, tmp_path):
    engine = start("--asgi", "traced:tasks", "--gevent", "3", "--lifespan", "off")
    with running(engine, "/"):
        names, _ = told(tmp_path / "tb1", "in_asyncio")
    assert names == ["uWSGIWorker1Core3"]


@ours
@pytest.mark.parametrize("patched", [[], ["--gevent-early-monkey-patch"]], ids=["plain", "patched"])
def test_it_answers_while_the_loop_stands_still(start, tmp_path, patched):
    engine = start("--module", "traced", *patched)
    with running(engine, "/hold"):
        names, _ = told(tmp_path / "tb1", "in_the_kernel")
    assert names == ["MainThread"]


@ours
def test_the_next_worker_takes_the_place_of_the_one_before(start, tmp_path):
    engine = start("--module", "traced")
    path = tmp_path / "tb1"
    first = wait_until(lambda: ask(path), timeout=20, what="an answer")
    pid = int(re.search(r"^Process (\d+)", first, re.M)[1])
    with running(engine, "/wait"):
        told(path, "in_gevent")
        engine.signal(signal.SIGHUP)
        wait_until(lambda: re.search(rf"^Process (?!{pid}:)", ask(path), re.M), timeout=30, what="another")
    wait_until(lambda: not psutil.pid_exists(pid), timeout=20, what="the end of the first")
    assert ask(path)
    engine.signal(signal.SIGINT)
    assert engine.wait_exit() == 0
    assert not path.exists()


@ours
def test_where_it_cannot_listen_the_worker_serves_all_the_same(start_engine, tmp_path):
    (tmp_path / "tb1").write_text("mine")
    engine = start_engine("--module", "traced", "--py-tracebacker", str(tmp_path / "tb"))
    engine.wait_for_log(f"--py-tracebacker {tmp_path / 'tb1'}: Address already in use")
    assert get(engine.http).status == 200
    assert (tmp_path / "tb1").read_text() == "mine"
