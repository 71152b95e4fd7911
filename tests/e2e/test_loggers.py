"""Where log lines go: files, sockets, routes; rotation; and that the last lines arrive."""

from __future__ import annotations

import json
import os
import signal
import socket
from contextlib import suppress
from functools import partial

import psutil
import pytest

from tests.support import waiting
from tests.support.engine_process import run_engine
from tests.support.http_client import get

engine_only = pytest.mark.engine_only

APP = """
import os, sys

def application(environ, start_response):
    print("printed", environ["PATH_INFO"], flush=True)
    start_response("500 X" if environ["PATH_INFO"] == "/bad" else "200 OK", [])
    return [b"hello"]
"""


wait_until = partial(waiting.wait_until, timeout=15)


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "logged.py").write_text(APP)
    return tmp_path


@pytest.fixture
def start(start_engine, directory):
    return lambda *args: start_engine("--chdir", str(directory), "--module", "logged", *args)


def wait_for(path, text: str) -> str:
    return wait_until(
        lambda: path.read_text() if path.exists() and text in path.read_text() else "", what=text
    )


def test_requests_and_the_rest_have_a_file_each(start, directory):
    server, requests = directory / "server.log", directory / "requests.log"
    engine = start("--logger", f"file:{server}", "--req-logger", f"file:{requests}", "-M", "-p", "2")
    get(engine.http, "/one")
    assert "GET /one => generated" in wait_for(requests, "/one")
    assert "printed /one" in wait_for(server, "printed /one")
    assert "GET /one" not in server.read_text()
    os.kill(engine.pid, signal.SIGTERM)
    assert engine.wait_exit() == 0
    assert "goodbye to uWSGI." in server.read_text()


@engine_only("routes need PCRE there")
def test_encoders_routes_and_drains(start, directory):
    errors = directory / "errors.json"
    engine = start(
        "--req-logger", "stdio", "--req-logger", f"errors file:{errors}",
        "--log-req-route", "errors HTTP/1.1 5..",
        "--log-req-encoder", 'json:errors {"line":"${msg}"}', "--log-req-encoder", "prefix REQ ",
        "--log-drain", "/health",
    )  # fmt: skip
    for path in ("/good", "/health", "/bad"):
        get(engine.http, path)
    assert "GET /bad" in json.loads(wait_for(errors, "/bad").removeprefix("REQ "))["line"]
    log = engine.wait_for_log("REQ [pid:")
    assert "GET /good" in log
    assert "GET /bad" not in log
    assert "GET /health" not in log


def test_everything_to_a_socket_until_the_last_line(start):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        engine = start("--logger", f"socket:127.0.0.1:{receiver.getsockname()[1]}", "--master")
        get(engine.http, "/one")
        os.kill(engine.pid, signal.SIGTERM)
        lines = []
        while "goodbye to uWSGI." not in "".join(lines):
            lines.append(receiver.recv(65536).decode())
        engine.wait_exit()
    text = "".join(lines)
    assert "GET /one => generated" in text
    assert "printed /one" in text


@engine_only("it has no process to lose")
def test_a_log_process_that_dies_is_replaced(start, directory):
    log = directory / "all.log"
    engine = start("--logger", f"file:{log}", "--log-encoder", "suffix  .", "--master")
    wait_for(log, "spawned uWSGI worker 1")
    (carrier,) = carriers_of(log)
    carrier.kill()
    wait_until(lambda: carriers_of(log) not in ([], [carrier]), what="another")
    get(engine.http, "/after")
    assert "printed /after ." in wait_for(log, "printed /after")


def carriers_of(log) -> list[psutil.Process]:
    """The log processes that write to a file."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            named = "log" in " ".join(process.cmdline())
            if named and str(log) in [file.path for file in process.open_files()]:
                found.append(process)
    return found


def test_a_reload_keeps_the_loggers(start, directory):
    log = directory / "all.log"
    engine = start("--logger", f"file:{log}", "--log-encoder", "suffix  .", "--master")
    wait_for(log, "spawned uWSGI worker 1")
    os.kill(engine.pid, signal.SIGHUP)
    wait_for(log, "(RE)spawned uWSGI master process")
    get(engine.http, "/after")
    wait_for(log, "printed /after .")


@pytest.mark.parametrize("command", ["size", "touch", "fifo"])
def test_rotation(start, directory, command):
    log, old = directory / "all.log", directory / "old.log"
    touched, fifo = directory / "touched", directory / "fifo"
    touched.write_text("")
    options = {
        "size": ["--log-maxsize", "2000"],
        "touch": ["--touch-logrotate", str(touched)],
        "fifo": ["--master-fifo", str(fifo)],
    }[command]
    engine = start("--master", "--logto", str(log), "--log-backupname", str(old), *options)
    wait_for(log, "spawned uWSGI worker 1")
    if command == "touch":
        os.utime(touched, (1, 1))
    elif command == "fifo":
        fifo.write_text("L")
    else:
        for _ in range(20):
            get(engine.http, "/one")
    wait_until(old.exists, what="the old file")
    wait_until(log.exists, what="the new file")
    wait_until(
        lambda: get(engine.http, "/new") and "printed /new" in log.read_text(), what="lines in the new file"
    )
    assert "spawned uWSGI worker 1" in old.read_text()


@engine_only("wording")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--logger", "nosuch:x"], "kinds are file, stdio"),
        (["--log-route", "x y"], "there is no logger 'x'"),
        (["--log-encoder", "gzip"], "unknown encoder 'gzip'"),
        (["--logfile-chmod", "9"], "octal digits"),
    ],
)
def test_what_cannot_be_meant_ends_the_start(directory, options, said):
    ended = run_engine(
        "--http-socket", "127.0.0.1:0", "--chdir", str(directory), "--module", "logged", *options
    )
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
