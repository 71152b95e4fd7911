"""One running request from inside: the page ``/tree`` of the stats server.

``UPDATE_SCREENSHOT=1`` writes the picture that docs/how-to/watch-a-server.md shows, taken by Chromium from
``examples/way_of_a_request.py``.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import contextmanager

import psutil
import pytest

from tests.support.chromium import Chromium, chromium_path
from tests.support.engine_process import REPOSITORY
from tests.support.http_client import HttpConnection, request_bytes
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI has no such page")

SCREENSHOT = REPOSITORY / "docs/how-to/request.png"
EXAMPLE = ["--asgi", str(REPOSITORY / "examples/way_of_a_request.py")]


@pytest.fixture
def start(start_engine, address):
    def start(*options, where=None):
        stats = ["--stats", where or f"{address[0]}:{address[1]}", "--stats-http"]
        engine = start_engine(*stats, "--worker-reload-mercy", "1", "--gevent", "4", *options)
        wait_until(lambda: ask(address, "/ready").status == 200, timeout=20, what="the workers")
        return engine

    return start


@contextmanager
def running(engine, target="/"):
    """A request that lasts."""
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", target))
        yield


def ask(address, target, *headers):
    headers = headers if any(name == "Host" for name, _ in headers) else (("Host", "localhost"), *headers)
    with HttpConnection(address) as connection:
        return connection.request("GET", target, headers)


def core_of(address):
    """Wait until one request runs; return worker and core."""

    def look():
        for worker in json.loads(ask(address, "/").body)["workers"]:
            for core in worker["cores"]:
                if core["in_request"]:
                    return worker["id"], core["id"]
        return None

    return wait_until(look, timeout=10, what="a running request")


def flat(node):
    return [node, *(inner for each in node["waits_for"] for inner in flat(each))]


def test_the_way_through_tasks_and_greenlets(start, address):
    engine = start(*EXAMPLE)
    with running(engine, "/?<b>"):
        worker, core = core_of(address)
        reply = ask(address, f"/tree?worker={worker}&core={core}")
    assert reply.header("access-control-allow-origin") is None
    told = json.loads(reply.body)
    assert (told["method"], told["uri"], told["task"], told["core"]) == ("GET", "/?<b>", True, 4)
    nodes = {node["label"].rpartition(" ")[2]: node for node in flat(told["tree"])}
    assert [nodes[name]["kind"] for name in ("reviews", "price_in_stock", "exchange_rate", "warehouse")] == [
        "Task",
        "Greenlet",
        "Task",
        "Greenlet",
    ]
    assert nodes["price_in_stock"]["waits_for"][0]["label"].endswith("exchange_rate")
    assert nodes["warehouse"]["state"].startswith("waiting for timer")
    assert nodes["reviews"]["notes"][0].startswith("limited by asyncio.timeout")
    lines = [frame["text"] for frame in nodes["price_in_stock"]["stack"] if not frame["library"]]
    assert lines == ['rate = bridge.wait(exchange_rate("EUR"))']


def test_a_request_on_a_core(start, address):
    engine = start("--module", "routes", "-p", "2")
    with running(engine, "/sleep/20"):
        worker, core = core_of(address)
        told = json.loads(ask(address, f"/tree?worker={worker}&core={core}").body)
    assert (told["task"], told["tree"]["kind"]) == (False, "Greenlet")
    assert told["tree"]["state"].startswith("waiting for timer")
    assert any("routes.py" in frame["file"] and not frame["library"] for frame in told["tree"]["stack"])


def test_questions_without_an_answer(start, address):
    start("--module", "routes")
    for query, status, said in (
        ("worker=1&core=0", 404, "no request runs there"),
        ("worker=7&core=0", 404, "there is no worker 7"),
        ("worker=x&core=0", 400, "worker=NUMBER"),
        ("", 400, "worker=NUMBER"),
    ):
        reply = ask(address, f"/tree?{query}")
        assert reply.status == status
        assert said in json.loads(reply.body)["error"]


def test_who_may_not_look(start, address):
    start("--module", "routes")
    for header in (
        ("Host", "evil.example"),
        ("Host", "evil.example:80"),
        ("Host", "10.0.0.1"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("Forwarded", "for=10.0.0.1"),
        ("Via", "1.1 proxy"),
    ):
        for accept in ("text/html", "*/*"):
            reply = ask(address, "/tree?worker=1&core=0", header, ("Accept", accept))
            assert reply.status == 403, header
            assert b"on this machine only" in reply.body
    for host in ("localhost", "localhost:9191", "127.0.0.1", "[::1]:9191", "127.0.0.2:80"):
        assert ask(address, "/tree?worker=1&core=0", ("Host", host)).status == 404, host


def test_other_machines_may_not_look(start, address):
    others = [
        each.address
        for name, addresses in psutil.net_if_addrs().items()
        for each in addresses
        if each.family == socket.AF_INET and not each.address.startswith("127.")
    ]
    if not others:
        pytest.skip("this machine has no address but loopback")
    start("--module", "routes", where=f"0.0.0.0:{address[1]}")
    reply = ask((others[0], address[1]), "/tree?worker=1&core=0", ("Host", "localhost"))
    assert (reply.status, b"ssh -L" in reply.body) == (403, True)
    assert ask(address, "/tree?worker=1&core=0").status == 404


def test_not_with_stats_no_cores(start, address):
    start("--module", "routes", "--stats-no-cores")
    assert ask(address, "/tree?worker=1&core=0").status == 403


def test_a_worker_that_does_not_answer(start, address):
    engine = start("--module", "stubborn")
    with running(engine, "/native/8"):
        reply = wait_until(
            lambda: (reply := ask(address, "/tree?worker=1&core=0")).status == 504 and reply,
            timeout=15,
            what="the loop to stand still",
        )
    assert "something holds its loop" in json.loads(reply.body)["error"]


@pytest.mark.slow
@pytest.mark.skipif(chromium_path() is None, reason="no Chromium on this machine")
def test_in_a_browser(start, address, tmp_path):
    engine = start(*EXAMPLE)
    with Chromium(tmp_path) as browser:
        target = "/tea" if os.environ.get("UPDATE_SCREENSHOT") else "/tea?<b>milk</b>"
        with running(engine, target):
            page = browser.open(f"http://{address[0]}:{address[1]}/")
            page.wait_for("document.querySelector('#requests a') !== null", timeout=20)
            page.run("document.querySelector('#requests a').click()")
            page.wait_for("document.querySelectorAll('.node').length === 7")
            assert page.run("document.getElementById('request').innerText") == f"GET {target}"
            assert page.run("document.getElementById('trouble').hidden") is True
            text = page.run("document.getElementById('tree').innerText")
            assert "price_in_stock" in text
            assert "_park" not in text
            page.run("document.getElementById('all').click()")
            assert "_park" in page.run("document.getElementById('tree').innerText")
            page.run("document.getElementById('all').click()")
            if os.environ.get("UPDATE_SCREENSHOT"):
                page.screenshot(SCREENSHOT)
        engine.stop()
        page.wait_for("document.getElementById('trouble').hidden === false", timeout=20)
