"""What workers share through the ``uwsgi`` module, in real servers."""

from __future__ import annotations

import ast
import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.waiting import wait_until

ours = pytest.mark.engine_only("uWSGI does otherwise")
OPTIONS = [
    "--locks=3",
    "--cache2=name=first,items=100",
    "--cache2=name=second,items=10,blocksize=100",
    "--queue=10",
    "--sharedarea=1",
    "--sharedarea=1",
]


@pytest.fixture(params=[1, 3], ids=["one worker", "three workers"])
def engine(start_engine, request):
    engine = start_engine("--master", "--processes", str(request.param), "--module", "shares", *OPTIONS)
    wait_until(lambda: get(engine.http, "/worker").status == 200, timeout=20, what="an answer")
    return engine


def ask(engine, path):
    return ast.literal_eval(get(engine.http, path).text)


def many(engine, path, times):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: ask(engine, path), range(times)))


def test_the_cache(engine):
    assert ask(engine, "/cache") == [
        None,
        True,
        None,
        b"one",
        True,
        b"three",
        True,
        None,
        True,
        b"other",
        True,
        None,
        None,
        0,
    ]


def test_all_workers_see_one_cache(engine):
    assert ask(engine, "/put") is True
    seen = dict(many(engine, "/get", 30))
    assert len(set(seen.values())) == 1


@ours
def test_counters_lose_nothing(engine):
    many(engine, "/add", 20)
    assert ask(engine, "/sums") == [4000, 4000, 4000]


@ours
def test_two_greenlets_of_a_worker_cannot_deadlock_it(engine):
    """uWSGI's whole worker stops for ever (uwsgi#1990)."""
    many(engine, "/locked", 10)
    assert max(many(engine, "/locked", 1)) == 22


@ours
def test_a_lock_is_freed_when_its_holder_dies(engine):
    with HttpConnection(engine.http) as holder:
        holder.send(request_bytes("GET", "/hold"))
        log = engine.wait_for_log("holding")
        with HttpConnection(engine.http, timeout=30) as waiting:
            os.kill(int(re.search(r"holding (\d+)", log)[1]), signal.SIGKILL)
            waiting.send(request_bytes("GET", "/worker"))
    wait_until(lambda: answers(engine, "/take") == "'taken'", timeout=30, what="the lock")


def answers(engine, path):
    """The body, or nothing if the worker died with the connection."""
    try:
        return get(engine.http, path).text
    except (OSError, EOFError, ValueError):
        return ""


def test_decorated_with_lock(engine):
    assert ask(engine, "/decorated") == [5, True, False]


def test_the_queue(engine):
    assert ask(engine, "/queue") == [True, True, True, b"c", b"a", b"c", b"b", None]


@ours
def test_shared_areas(engine):
    assert ask(engine, "/area") == [b"hello", 7, 70005, b"hello", "ValueError", "ValueError"]


def test_rpc_in_the_process(engine):
    assert ask(engine, "/calls") == [
        b"hello you, me",
        b"hello ",
        None,
        True,
        "unable to call rpc function",
        "Invalid lock number",
    ]


@ours
def test_shared_memory_survives_a_reload(engine):
    ask(engine, "/put")
    before = ask(engine, "/get")[1]
    engine.signal(signal.SIGHUP)
    engine.wait_for_log("(RE)spawned uWSGI master", timeout=30)
    engine.wait_for_log("killed successfully", timeout=30)
    assert ask(engine, "/get")[1] == before


@ours
def test_shared_memory_survives_a_reload_without_a_master(start_engine):
    engine = start_engine("--module", "shares", *OPTIONS)
    ask(engine, "/put")
    engine.signal(signal.SIGHUP)
    engine.wait_for_log("binary reloading", timeout=30)
    assert ask(engine, "/get") == [1, b"1"]


@ours
def test_options_that_make_no_sense_end_the_start():
    from tests.support.engine_process import run_engine

    done = run_engine(
        "--http-socket", "127.0.0.1:0", "--module", "routes", "--cache2", "name=x,items=3,bitmap=1"
    )
    assert done.returncode == 1
    assert "bitmap mode is not supported" in done.stderr
