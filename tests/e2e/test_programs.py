"""Commands and reloads by the clock and by files."""

from __future__ import annotations

import os

import pytest

from tests.support.http_client import get
from tests.support.waiting import wait_until

engine_only = pytest.mark.engine_only


def test_a_cron_job_runs_and_the_server_serves_on(start_engine, tmp_path):
    engine = start_engine("--module", "routes", "--cron", f"-1 -1 -1 -1 -1 echo ran > {tmp_path}/ran")
    wait_until((tmp_path / "ran").exists, timeout=20, what="the job")
    assert get(engine.http, "/").status == 200


def test_touching_a_file_runs_a_command(start_engine, tmp_path):
    file = tmp_path / "touched"
    file.write_text("")
    engine = start_engine("--module", "routes", "--touch-exec", f"{file} echo ran > {tmp_path}/ran")
    engine.wait_for_log("spawned uWSGI worker 1")
    os.utime(file, (1, 1))
    wait_until((tmp_path / "ran").exists, timeout=20, what="the command")


@engine_only("wording")
def test_a_new_file_in_a_directory_reloads(start_engine, tmp_path):
    engine = start_engine("--module", "routes", "--fs-reload", str(tmp_path))
    engine.wait_for_log("spawned uWSGI worker 1")
    get(engine.http, "/")
    (tmp_path / "new.py").write_text("")
    engine.wait_for_log("has changed: reloading")
    engine.wait_for_log("gracefully (RE)spawned")
