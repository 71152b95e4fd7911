"""Deadlines of mules and spoolers: first an exception where it waits, then the end of the process."""

from __future__ import annotations

import re
from functools import partial

import pytest

from tests.support.http_client import get
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI kills the process at once")

APP = """
import time, uwsgi, gevent

def say(text):
    print(text, flush=True)

def wait(number=0):
    say(f"waiting in mule {uwsgi.mule_id()}")
    try:
        gevent.sleep(60)
    finally:
        say("finally of who waited")

def hang(number=0):
    say("hanging")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass

def mind(message):
    {b"wait": wait, b"hang": hang, b"own": own, b"hello": lambda: say("hello to you")}[message]()

def own():
    uwsgi.set_user_harakiri(1)
    wait()

tries = []

def task(fields):
    tries.append(fields)
    say(f"task, try {len(tries)}")
    if len(tries) == 1:
        wait()
    return uwsgi.SPOOL_OK

uwsgi.mule_msg_hook = mind
uwsgi.spooler = task
uwsgi.register_signal(1, "mule1", wait)
uwsgi.register_signal(2, "mule1", lambda number: say("signal 2 handled"))

def application(environ, start_response):
    what = environ["PATH_INFO"].strip("/")
    if what.isdigit():
        uwsgi.signal(int(what))
    elif what == "spool":
        uwsgi.spool({b"a": b"b"})
    elif what:
        uwsgi.mule_msg(what)
    start_response("200 OK", [])
    return [b"sent"]
"""


@pytest.fixture
def start(start_answering, tmp_path):
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "spool").mkdir()
    return partial(start_answering, "--chdir", str(tmp_path), "--module", "app", "--master")


@pytest.mark.parametrize(
    ("what", "doing"), [("/1", "HANDLING SIGNAL 1"), ("/wait", "WITH A MESSAGE"), ("/own", None)]
)
def test_what_waits_in_a_mule_gets_an_exception_and_the_mule_goes_on(start, what, doing):
    engine = start("--mule", *(["--mule-harakiri", "1"] if doing else []))
    get(engine.http, what)
    log = engine.wait_for_log("finally of who waited")
    assert re.search(rf"\*\*\* HARAKIRI ON MULE 1{f' {doing}' if doing else ''} \(pid: \d+\) \*\*\*", log), (
        log
    )
    assert "gevent.sleep(60)" in log
    engine.wait_for_log("HarakiriError: MULE 1")
    get(engine.http, "/2")
    engine.wait_for_log("signal 2 handled")
    get(engine.http, "/hello")
    assert "OOOPS" not in engine.wait_for_log("hello to you")


def test_a_mule_that_hangs_is_killed_and_another_started(start):
    engine = start("--mule", "--mule-harakiri", "1")
    get(engine.http, "/hang")
    engine.wait_for_log("hanging")
    engine.wait_for_log("it does not end by itself")
    log = engine.wait_for_log("killed by signal 9 ...trying respawn")
    get(engine.http, "/hello")
    engine.wait_for_log("hello to you", after=len(log))


@pytest.mark.parametrize("master", [True, False])
def test_a_task_that_takes_too_long_is_tried_again(start_engine, start, tmp_path, master):
    options = [f"--spooler={tmp_path / 'spool'}", "--spooler-harakiri", "1", "--spooler-frequency", "1"]
    if master:
        engine = start(*options)
    else:
        engine = start_engine("--chdir", str(tmp_path), "--module", "app", *options)
        wait_until(lambda: get(engine.http).status == 200, timeout=20, what="an answer")
    get(engine.http, "/spool")
    log = engine.wait_for_log("finally of who waited")
    assert re.search(r"\*\*\* HARAKIRI ON THE SPOOLER RUNNING TASK uwsgi_spoolfile\S+ \(pid: \d+\)", log), log
    engine.wait_for_log("task, try 2")
    wait_until(lambda: not list((tmp_path / "spool").glob("uwsgi_*")), timeout=20, what="the file to go")
