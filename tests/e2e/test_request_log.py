"""The request log as operators see it."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.engine_process import run_engine
from tests.support.http_client import HttpConnection, get
from tests.support.waiting import wait_until

engine_only = pytest.mark.engine_only

APP = """
def application(environ, start_response):
    import uwsgi
    uwsgi.set_logvar("tenant", environ["PATH_INFO"][1:])
    status = environ["QUERY_STRING"] or "200"
    start_response(status + " X", [("Content-Type", "text/plain")])
    return [b"hello"]
"""


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "logged.py").write_text(APP)
    return tmp_path


@engine_only("it writes what it was sent")
def test_a_format_with_variables_of_the_application(start_engine, directory):
    pattern = 'LINE %(method) %(uri) %(status) "%(uagent)" %(tenant) %(rsize) %(wid)'
    engine = start_engine("--chdir", str(directory), "--module", "logged", "--log-format", pattern)
    with HttpConnection(engine.http) as connection:
        connection.request("GET", "/acme?404", [("User-Agent", 'a"b')])
    engine.wait_for_log('LINE GET /acme?404 404 "a\\"b" acme 5 1\n')


@engine_only("--log-json is ours")
def test_json_lines(start_engine, directory):
    engine = start_engine("--chdir", str(directory), "--module", "logged", "--log-json")
    get(engine.http, "/acme")
    log = engine.wait_for_log('"tenant"')
    line = json.loads(next(line for line in log.splitlines() if line.startswith("{")))
    assert (line["uri"], line["status"], line["rsize"], line["tenant"]) == ("/acme", 200, 5, "acme")


def test_without_a_request_log_failures_are_logged_all_the_same(start_engine, directory):
    engine = start_engine("--chdir", str(directory), "--module", "logged", "-L", "--log-5xx", "--log-4xx")
    for status in ("200", "404", "503"):
        get(engine.http, f"/x?{status}")
    log = engine.wait_for_log("/x?503 => generated")
    assert "/x?404 => generated" in log
    assert "/x?200 => generated" not in log


def test_server_lines_begin_with_the_date(start_engine, directory):
    engine = start_engine("--chdir", str(directory), "--module", "logged", "--log-date=%Yx", "--master")
    assert "x - spawned uWSGI worker 1" in engine.wait_for_log("spawned uWSGI worker 1")


@engine_only("uWSGI takes it for a variable of the application")
def test_a_typing_error_ends_the_start_with_the_names_there_are(directory):
    ended = run_engine(
        "--http-socket", "127.0.0.1:0", "--chdir", str(directory), "--module", "logged",
        "--log-format", "%(stauts)",
    )  # fmt: skip
    assert ended.returncode == 1
    assert "is status meant?" in ended.stderr
    assert "Traceback" not in ended.stderr


WAITING_APP = """
import gevent

def application(environ, start_response):
    print("asked for", environ["PATH_INFO"], flush=True)
    body = environ["wsgi.input"].read()
    gevent.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"x" * 20_000_000 if environ["PATH_INFO"] == "/much" else body]
"""


@engine_only("uWSGI adds one for the start and one for each item")
def test_switches_count_how_often_a_request_waited_for_its_client(start_engine, tmp_path):
    (tmp_path / "waiting.py").write_text(WAITING_APP)
    engine = start_engine("--chdir", str(tmp_path), "--module", "waiting")
    get(engine.http, "/soon")
    assert "(0 switches on core" in engine.wait_for_log("GET /soon =>")
    with HttpConnection(engine.http) as connection:
        connection.send(b"POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")
        engine.wait_for_log("asked for /late")
        connection.send(b"end")
        assert connection.reader.read().body == b"end"
        assert "(1 switches on core" in engine.wait_for_log("POST /late =>")
        assert len(connection.get("/much").body) == 20_000_000
    line = re.search(r"GET /much => .*\((\d+) switches on core", engine.wait_for_log("GET /much =>"))
    assert int(line[1]) >= 1


@engine_only("one of its workers may answer all")
def test_a_line_counts_the_requests_of_its_worker_and_of_all(start_engine, directory):
    engine = start_engine("--chdir", str(directory), "--module", "logged", "--master", "-p", "2")

    def counts(text):
        found = re.findall(r"pid: (\d+)\|app: 0\|req: (\d+)/(\d+)\]", engine.wait_for_log(text))
        return [tuple(map(int, each)) for each in found]

    def both():
        get(engine.http, "/again")
        return len({pid for pid, _, _ in counts("GET /again")}) == 2

    wait_until(both, timeout=20, what="both workers to answer")
    before = len(counts("GET /again"))

    def all_are_counted():
        get(engine.http, "/more")
        log = counts("GET /more")
        return log[-1][2] == len(log) > before

    wait_until(all_are_counted, timeout=20, what="a line that counts all requests")
    assert all(mine <= everybody for _, mine, everybody in counts("GET /more"))
