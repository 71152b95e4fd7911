"""Greenlets and tasks of one worker that use the same objects."""

from __future__ import annotations

import threading
import time
from importlib.util import find_spec

import pytest

from tests.support.http_client import get

pytestmark = [
    pytest.mark.engine_only("uWSGI has no ASGI"),
    pytest.mark.skipif(find_spec("aiohttp") is None, reason="aiohttp is not installed"),
]

MOUNTS = ["--mount", "/new=shared_pool:asgi", "--mount", "/=shared_pool:wsgi", "--gevent-early-monkey-patch"]


def at_once(engine, targets):
    """Ask for all of them at the same time; return the bodies in their order."""
    bodies = {}

    def ask(number, target):
        bodies[number] = get(engine.http, target).text

    threads = [threading.Thread(target=ask, args=each) for each in enumerate(targets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [bodies[number] for number in range(len(targets))]


@pytest.mark.parametrize("backend", ["uvloop", "asyncio"])
def test_one_aiohttp_session_serves_both(start_engine, backend):
    engine = start_engine(*MOUNTS, "--loop-backend", backend)
    url = f"http://{engine.http[0]}:{engine.http[1]}/new/hello"
    began = time.monotonic()
    bodies = at_once(engine, [f"/fetch?{url}", f"/new/fetch?{url}"] * 24)
    assert bodies == ["hello"] * 48
    assert time.monotonic() - began < 0.3 * 48, "they waited for one another"


def test_a_greenlet_waits_for_a_task_of_another_request(start_engine):
    engine = start_engine(*MOUNTS)
    assert at_once(engine, ["/ask", "/new/answer"]) == ["answered by a task", "answered"]


def test_one_lock_keeps_both_kinds_apart(start_engine):
    engine = start_engine(*MOUNTS)
    at_once(engine, ["/locked", "/new/locked"] * 5)
    words = get(engine.http, "/order").text.split()
    pairs = [words[at : at + 4] for at in range(0, len(words), 4)]
    assert len(pairs) == 10
    assert all(
        pair in (["task", "in", "task", "out"], ["greenlet", "in", "greenlet", "out"]) for pair in pairs
    )


@pytest.mark.skipif(find_spec("asyncpg") is None, reason="asyncpg is not installed")
def test_one_pool_of_asyncpg_serves_both(start_engine, postgres):
    engine = start_engine(*MOUNTS, env=postgres.env)
    assert at_once(engine, ["/query", "/new/query"] * 4) == ["wsgi", "asgi"] * 4
