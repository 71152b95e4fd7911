"""Spoolers and mules of real servers."""

from __future__ import annotations

import ast
import os
import re
import signal

import psutil
import pytest

from tests.support.http_client import get
from tests.support.waiting import wait_until

ours = pytest.mark.engine_only("uWSGI does otherwise")


@pytest.fixture
def start(start_engine, tmp_path):
    directory = tmp_path / "spool"
    directory.mkdir()

    def start(*options, spool=True, **env):
        more = [f"--spooler={directory}"] if spool else []
        engine = start_engine("--module", "helpers", *more, *options, env=env)
        wait_until(lambda: get(engine.http, "/worker").status == 200, timeout=20, what="an answer")
        engine.spool = directory
        return engine

    return start


def ask(engine, path):
    return ast.literal_eval(get(engine.http, path).text)


def files(engine):
    return [path for path in engine.spool.iterdir() if path.name.startswith("uwsgi_spoolfile")]


with_master = pytest.mark.parametrize("master", [["--master"], []], ids=["master", "alone"])


@ours
@with_master
def test_a_task_is_run_once_and_its_file_removed(start, master):
    engine = start(*master)
    assert ask(engine, "/spool/one") is True
    log = engine.wait_for_log("task one ends b'big'")
    assert f"task one begins in {'spooler' if master else 'worker 1'}" in log
    wait_until(lambda: not files(engine), timeout=20, what="the file to go")
    assert engine.log().count("task one begins") == 1


def test_arguments_are_passed_on(start):
    engine = start("--master")
    ask(engine, "/arguments")
    engine.wait_for_log("arguments (1, 'two') {'three': 3} in spooler")


@ours
def test_helpers_load_the_application_themselves_with_lazy_apps(start):
    engine = start("--master", "--lazy-apps", "--mules=2")
    ask(engine, "/spool/lazy")
    engine.wait_for_log("task lazy ends")
    ask(engine, "/mules")
    engine.wait_for_log("second x in mule 2")


@ours
def test_a_task_can_ask_to_be_tried_again(start):
    engine = start("--master")
    ask(engine, "/retry")
    engine.wait_for_log("try 2")
    wait_until(lambda: not files(engine), timeout=20, what="the file to go")


def test_a_task_that_fails_is_kept(start):
    engine = start("--master")
    ask(engine, "/fail")
    engine.wait_for_log("LookupError: a task")
    ask(engine, "/spool/after")
    engine.wait_for_log("task after ends")
    assert len(files(engine)) == 1


def test_only_bytes_can_be_spooled(start):
    engine = start("--master")
    assert ask(engine, "/bad") == "spooler callable dictionary must contains only bytes"


@ours
def test_a_task_survives_the_death_of_its_spooler(start):
    engine = start("--master", SLOW="2")
    for name in ("a", "b"):
        ask(engine, f"/spool/{name}")
    log = engine.wait_for_log("task a begins")
    pid = int(re.search(r"task a begins in spooler (\d+)", log)[1])
    assert ask(engine, "/pids") == [[pid], pid]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: engine.log().count("task a begins") == 2, timeout=30, what="another try")
    engine.wait_for_log("task a ends", timeout=30)
    engine.wait_for_log("task b ends", timeout=30)
    wait_until(lambda: not files(engine), timeout=20, what="the files to go")
    assert engine.log().count("task a ends") == engine.log().count("task b ends") == 1


@ours
def test_tasks_survive_the_death_of_the_server(start):
    engine = start("--master", SLOW="60")
    for name in ("a", "b", "c"):
        ask(engine, f"/spool/{name}")
    engine.wait_for_log("task a begins")
    assert ask(engine, "/jobs")[0] == 3
    for process in engine.processes():
        process.kill()
    engine.wait_exit()
    again = start("--master")
    for name in ("a", "b", "c"):
        again.wait_for_log(f"task {name} ends")
    wait_until(lambda: not files(again), timeout=20, what="the files to go")


@ours
def test_several_spoolers_share_the_work_and_double_nothing(start):
    engine = start("--master", "--spooler-processes=3", SLOW="0.05")
    names = [f"n{number}x" for number in range(30)]
    for name in names:
        ask(engine, f"/spool/{name}")
    wait_until(lambda: engine.log().count("x ends b'big'") >= 30, timeout=60, what="all tasks")
    wait_until(lambda: not files(engine), timeout=20, what="the files to go")
    assert all(engine.log().count(f"task {name} ends") == 1 for name in names)
    assert len(set(re.findall(r"begins in spooler (\d+)", engine.log()))) == 3


@ours
@pytest.mark.slow
def test_every_task_ends_although_spoolers_are_killed_at_work(start):
    engine = start("--master", "--spooler-processes=2", SLOW="0.05")
    names = [f"n{number}x" for number in range(40)]
    for name in names:
        ask(engine, f"/spool/{name}")
    kills = 4
    for number in range(1, kills + 1):
        wait_until(lambda n=number: engine.log().count("ends b'big'") >= 5 * n, timeout=30, what="some tasks")
        gone = ask(engine, "/pids")[0][number % 2]
        os.kill(gone, signal.SIGKILL)
        wait_until(lambda pid=gone: pid not in ask(engine, "/pids")[0], timeout=30, what="its successor")
    wait_until(lambda: not files(engine), timeout=60, what="the files to go")
    log = engine.log()
    ends = [log.count(f"task {name} ends") for name in names]
    assert min(ends) >= 1
    # At least once: what a killed spooler was running is run again.
    assert sum(log.count(f"task {name} begins") for name in names) <= len(names) + kills
    assert sum(ends) <= len(names) + kills


@ours
@pytest.mark.parametrize("options", [["--mules=2"], ["--mule", "--mule"]])
def test_mules(start, options):
    engine = start("--master", "--processes=2", *options, spool=False)
    engine.wait_for_log("post fork in mule 1")
    engine.wait_for_log("post fork in mule 2")
    ask(engine, "/mules")
    engine.wait_for_log("anywhere 1 2 in mule")
    engine.wait_for_log("second x in mule 2")
    assert ask(engine, "/errors") == ["invalid mule", "invalid mule number", "unknown farm", "only in a mule"]


@ours
def test_signals_for_mules(start):
    engine = start("--master", "--mules=2", spool=False)
    ask(engine, "/send/17")
    engine.wait_for_log("signal 17 in mule 1")
    engine.wait_for_log("signal 17 in mule 2")
    ask(engine, "/send/18")
    engine.wait_for_log("signal 18 in mule 1")
    assert "signal 18 in mule 2" not in engine.log()


@ours
def test_a_mule_that_dies_is_replaced(start):
    engine = start("--master", "--mules=1", spool=False)
    log = engine.wait_for_log("spawned uWSGI mule 1")
    os.kill(int(re.search(r"spawned uWSGI mule 1 \(pid: (\d+)\)", log)[1]), signal.SIGKILL)
    engine.wait_for_log("trying respawn")
    wait_until(lambda: engine.log().count("spawned uWSGI mule 1") == 2, timeout=30, what="another")
    ask(engine, "/send/18")
    engine.wait_for_log("signal 18 in mule 1", timeout=30)


@ours
def test_helpers_end_with_the_server_and_are_replaced_by_a_reload(start):
    engine = start("--master", "--mules=1")
    engine.wait_for_log("post fork in mule 1")
    first = {process.pid for process in engine.processes()}
    engine.signal(signal.SIGHUP)
    wait_until(lambda: engine.log().count("spawned uWSGI mule 1") == 2, timeout=30, what="a new mule")
    ask(engine, "/spool/later")
    engine.wait_for_log("task later ends")

    def old_ones():
        running = {process.pid for process in engine.processes()}
        return running & first == {engine.pid}

    wait_until(old_ones, timeout=30, what="the old processes to go, zombies included")
    processes = engine.processes()
    engine.signal(signal.SIGTERM)
    engine.wait_exit()
    _, alive = psutil.wait_procs(processes, timeout=20)
    assert not alive
