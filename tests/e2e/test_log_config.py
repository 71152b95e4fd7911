"""--log-config: one file for the loggers of the application, of the server and of requests."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.support.engine_process import run_engine
from tests.support.http_client import get
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only

APP = """
import logging

def application(environ, start_response):
    logging.getLogger("shop").info("asked for %s", environ["PATH_INFO"])
    print("printed", flush=True)
    if environ["PATH_INFO"] == "/boom":
        raise ValueError("of the application")
    start_response("200 OK", [])
    return [b"hello"]
"""

# Comes from the directory of the application.
FORMATTERS = """
import json, logging

class AsJson(logging.Formatter):
    def format(self, record):
        fields = getattr(record, "request", {})
        return json.dumps({"logger": record.name, "level": record.levelname,
                           "text": record.getMessage(), "request": fields})
"""


def configuration(*loggers: str) -> dict[str, object]:
    return {
        "formatters": {"json": {"()": "shop_logs.AsJson"}},
        "handlers": {"all": {"class": "logging.FileHandler", "filename": "all.log", "formatter": "json"}},
        "root": {"handlers": ["all"], "level": "INFO"},
        "loggers": {name: {} for name in loggers},
    }


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "shop.py").write_text(APP)
    (tmp_path / "shop_logs.py").write_text(FORMATTERS)
    return tmp_path


def records(directory, text: str) -> list[dict[str, object]]:
    """All records, once there is one with this text."""

    def found():
        lines = (directory / "all.log").read_text().splitlines()
        read = [json.loads(line) for line in lines]
        return read if any(text in each["text"] for each in read) else None

    return wait_until(found, timeout=15, what=text)


@pytest.mark.parametrize("more", [(), ("--master", "--processes", "2", "--lazy-apps")], ids=["one", "master"])
def test_one_file_for_everything(start_engine, directory, more):
    (directory / "log.json").write_text(json.dumps(configuration("gevent_engine")))
    engine = start_engine(
        *("--chdir", str(directory), "--module", "shop", "--log-json", *more),
        *("--log-config", str(directory / "log.json")),
    )
    get(engine.http, "/one")
    get(engine.http, "/boom")
    seen = records(directory, '"uri": "/boom"')
    of = {name: [each for each in seen if each["logger"] == name] for name in {e["logger"] for e in seen}}
    assert [each["text"] for each in of["shop"]] == ["asked for /one", "asked for /boom"]
    assert [each["request"]["status"] for each in of["gevent_engine.access"]] == [200, 500]
    (error,) = [each for each in of["gevent_engine.server"] if each["level"] == "ERROR"]
    assert error["text"].endswith("ValueError: of the application")
    # What is printed goes where it went.
    assert "printed" in engine.log()
    assert "spawned uWSGI worker" not in engine.log()
    os.kill(engine.pid, signal.SIGTERM)
    assert engine.wait_exit() == 0
    records(directory, "goodbye to uWSGI." if more else "SIGTERM received")


def test_a_file_that_names_no_logger_of_the_server_leaves_its_lines_alone(start_engine, directory):
    (directory / "log.json").write_text(json.dumps(configuration()))
    engine = start_engine(
        "--chdir", str(directory), "--module", "shop", "--log-config", str(directory / "log.json")
    )
    get(engine.http, "/one")
    assert {each["logger"] for each in records(directory, "asked for /one")} == {"shop"}
    engine.wait_for_log("GET /one => generated")


def test_lines_go_on_after_a_reload(start_engine, directory):
    (directory / "log.json").write_text(json.dumps(configuration("gevent_engine.access")))
    engine = start_engine(
        *("--chdir", str(directory), "--module", "shop", "--master"),
        *("--log-config", str(directory / "log.json")),
    )
    os.kill(engine.pid, signal.SIGHUP)
    engine.wait_for_log("gracefully (RE)spawned uWSGI master process")
    get(engine.http, "/after")
    records(directory, "GET /after => generated")


def test_what_cannot_be_set_up_ends_the_start(directory):
    (directory / "log.json").write_text('{"handlers": {"h": {"class": "nowhere.Handler"}}}')
    done = run_engine(
        *("--http-socket", "127.0.0.1:0", "--chdir", str(directory), "--module", "shop"),
        *("--log-config", str(directory / "log.json")),
    )
    assert done.returncode == 1
    assert "Unable to configure handler 'h'" in done.stderr
    assert "Traceback" not in done.stderr
