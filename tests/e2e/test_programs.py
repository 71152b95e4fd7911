"""Commands and reloads by the clock and by files."""

from __future__ import annotations

import os
import signal

import psutil
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


def statuses(engine):
    found = []
    for process in engine.processes():
        try:
            found.append(process.status())
        except psutil.NoSuchProcess:
            pass
    return found


@engine_only("uWSGI reloads in its own way")
@pytest.mark.parametrize("kind", ["cron", "touch"])
def test_a_command_that_outlives_a_reload_is_looked_after(start_engine, tmp_path, kind):
    touched, ran, end = tmp_path / "touched", tmp_path / "ran", tmp_path / "end"
    touched.write_text("")
    command = f"echo ran >> {ran}; while [ ! -e {end} ]; do sleep 0.05; done"
    options = {
        "cron": ("--unique-cron", f"-1 -1 -1 -1 -1 {command}"),
        "touch": ("--touch-exec", f"{touched} {command}"),
    }
    engine = start_engine("--module", "routes", "--master", *options[kind])
    engine.wait_for_log("spawned uWSGI worker 1")
    os.utime(touched, (1, 1))
    wait_until(ran.exists, timeout=20, what="the command")
    engine.signal(signal.SIGHUP)
    engine.wait_for_log("gracefully (RE)spawned")
    if kind == "cron":
        engine.wait_for_log("still runs; it is not started again")
    assert ran.read_text() == "ran\n"
    end.touch()
    if kind == "cron":
        engine.wait_for_log("has ended with status 0")
    wait_until(lambda: get(engine.http, "/").status == 200, timeout=20, what="an answer")
    wait_until(lambda: "zombie" not in statuses(engine), timeout=20, what="the command to be reaped")


@engine_only("wording")
def test_a_new_file_in_a_directory_reloads(start_engine, tmp_path):
    engine = start_engine("--module", "routes", "--fs-reload", str(tmp_path))
    engine.wait_for_log("spawned uWSGI worker 1")
    get(engine.http, "/")
    (tmp_path / "new.py").write_text("")
    engine.wait_for_log("has changed: reloading")
    engine.wait_for_log("gracefully (RE)spawned")
