"""Options about the ends of processes: mules, spoolers, reloads, deadlines under load."""

from __future__ import annotations

import os
import signal

import pytest

from tests.support.http_client import get

engine_only = pytest.mark.engine_only

APP = """
import atexit, os, signal, time, uwsgi

def stubborn():
    import gevent
    print("stubborn mule", flush=True)
    while True:
        try:
            gevent.sleep(3600)
        except BaseException:
            print("mule goes on", flush=True)

def gentle():
    import gevent
    print("gentle mule", flush=True)
    gevent.sleep(3600)

uwsgi.atexit = lambda: print("uwsgi.atexit", flush=True)
atexit.register(lambda: print("python atexit", os.getpid(), flush=True))

def application(environ, start_response):
    import gevent
    gevent.sleep(float(environ["QUERY_STRING"] or 0))
    start_response("200 OK", [])
    return [b"hello"]
"""


@pytest.fixture
def start(start_engine, tmp_path):
    (tmp_path / "app.py").write_text(APP)
    return lambda *args, **kwargs: start_engine("--chdir", str(tmp_path), "--module", "app", *args, **kwargs)


@engine_only("wording")
def test_a_mule_that_does_not_end_is_killed_when_its_mercy_is_over(start):
    engine = start("--master", "--mule=app:stubborn", "--mule-reload-mercy", "1")
    engine.wait_for_log("stubborn mule")
    os.kill(engine.pid, signal.SIGTERM)
    assert engine.wait_exit() == 0
    log = engine.log()
    assert "is taking too much time to die...NO MERCY !!!" in log
    assert log.index("NO MERCY") < log.index("goodbye to uWSGI.")


@engine_only("wording")
def test_touching_a_file_replaces_mules(start, tmp_path):
    file = tmp_path / "touched"
    file.write_text("")
    engine = start("--mule=app:gentle", "--touch-mules-reload", str(file))
    log = engine.wait_for_log("gentle mule")
    os.utime(file, (1, 1))
    engine.wait_for_log("replacing mule 1")
    assert "OOOPS" not in engine.wait_for_log("gentle mule", after=len(log))


def test_exit_on_reload(start):
    engine = start("--master", "--exit-on-reload")
    engine.wait_for_log("running gevent loop engine")
    os.kill(engine.pid, signal.SIGHUP)
    assert engine.wait_exit() == 0


@engine_only("uWSGI never calls Python's atexit there")
def test_atexit_handlers_can_be_skipped(start):
    engine = start("--master", "--skip-atexit", "--skip-atexit-teardown")
    worker = engine.wait_for_log("running gevent loop engine").split("spawned uWSGI worker 1 (pid: ")[1]
    os.kill(engine.pid, signal.SIGTERM)
    engine.wait_exit()
    log = engine.log()
    assert "uwsgi.atexit" not in log
    assert f"python atexit {worker.split(',')[0]}" not in log


@engine_only("one deadline per worker there")
def test_deadlines_count_only_under_load(start):
    engine = start("--harakiri", "1", "--harakiri-queue-threshold", "50")
    assert get(engine.http, "/?1.6").status == 200


@engine_only("wording")
def test_workers_are_bound_to_processors(start):
    allowed = sorted(os.sched_getaffinity(0))
    engine = start("--processes", "2", "--cpu-affinity", "1")
    engine.wait_for_log(f"worker 1 runs on processors {allowed[0]}\n")
    engine.wait_for_log(f"worker 2 runs on processors {allowed[1 % len(allowed)]}\n")
