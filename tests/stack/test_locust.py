"""locust drives the engine while it reloads, on gevent's own loop and on the bridge: nothing fails."""

from __future__ import annotations

import json
import signal
import sys
from importlib.util import find_spec

import pytest

from tests.stack.conftest import APPS, engine
from tests.support.engine_process import REPOSITORY
from tests.support.processes import ServerProcess

if find_spec("locust") is None:  # importing it patches this process
    pytest.skip("no locust", allow_module_level=True)


@pytest.mark.parametrize("loop", ["gevent", "bridge"])
def test_no_request_fails_while_the_engine_reloads(loop, tmp_path):
    options = ["--headless", "--users", "6", "--spawn-rate", "100", "--only-summary"]
    results = ["--exit-code-on-error", "3", "--stop-timeout", "5", "--json-file", str(tmp_path / "run")]
    env = {"PYTHONPATH": str(REPOSITORY)}
    if loop == "bridge":
        env["GEVENT_LOOP"] = "bridge.loop.loop"  # the command uses gevent before it reads the file
    with engine("upstream", "--master", "--processes", "1") as server:
        server.wait_ready()
        host = "http://{}:{}".format(*server.http)
        locustfile = ["--locustfile", str(APPS / "locustfile.py"), "--host", host]
        command = [sys.executable, "-m", "locust", *locustfile, *options, *results]
        with ServerProcess(command, env=env) as locust:
            locust.wait_for_log("loop:")
            server.wait_for_log("GET /echo/get")
            server.signal(signal.SIGHUP)
            logged = len(server.wait_for_log("(RE)spawned"))
            server.wait_for_log("GET /echo/get", after=logged)
            locust.signal(signal.SIGTERM)
            status = locust.wait_exit(30)
            log = locust.log()
    assert status == 0, log
    assert f"loop: {'bridge' if loop == 'bridge' else 'gevent'}." in log
    rows = {row["name"]: row for row in json.loads((tmp_path / "run.json").read_text())}
    expected = {"/echo/get", "/echo/post"} | ({"asyncio"} if loop == "bridge" else set())
    assert {name for name, row in rows.items() if row["num_requests"] > 10} == expected
    assert {row["num_failures"] for row in rows.values()} == {0}
