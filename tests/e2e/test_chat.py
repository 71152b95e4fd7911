"""``examples/chat.py`` with a real Redis: several workers, several clients, two pages of a real browser."""

from __future__ import annotations

import pytest
from websockets.sync.client import ClientConnection

from tests.support.chromium import Chromium, chromium_path
from tests.support.engine_process import REPOSITORY
from tests.support.redis import redis_server_path, running_redis
from tests.support.websockets import open_websocket

pytest.importorskip("redis")
pytestmark = pytest.mark.skipif(redis_server_path() is None, reason="no redis-server on this machine")


@pytest.fixture(params=["early", "late"])
def engine(start_engine, tmp_path, request):
    with running_redis(tmp_path) as (host, port):
        yield start_engine(
            *("--chdir", str(REPOSITORY), "--wsgi-file", "examples/chat.py"),
            *("--master", "--processes", "2"),
            "--gevent-early-monkey-patch" if request.param == "early" else "--gevent-monkey-patch",
            env={"REDIS_URL": f"redis://{host}:{port}/0"},
        )


def hear_lines(client: ClientConnection, count: int) -> list[str]:
    heard: list[str] = []
    while len(heard) < count:
        message = str(client.recv(timeout=15))
        if message.startswith("line"):
            heard.append(message)
    return heard


def test_everybody_hears_what_anybody_says(engine) -> None:
    with (
        open_websocket(engine.http, "/chat") as one,
        open_websocket(engine.http, "/chat") as two,
        open_websocket(engine.http, "/chat") as three,
    ):
        clients = [one, two, three]
        for client in clients:  # who hears has subscribed
            client.send("hello")
            client.recv(timeout=15)
        for number in range(20):
            two.send(f"line {number}")
        said = [f"line {number}" for number in range(20)]
        assert [hear_lines(client, 20) for client in clients] == [said] * 3
    assert "Traceback" not in engine.log()


@pytest.mark.slow
@pytest.mark.skipif(chromium_path() is None, reason="no Chromium on this machine")
def test_two_pages_of_a_browser_talk(engine, tmp_path) -> None:
    host, port = engine.http
    with Chromium(tmp_path) as browser:
        pages = [browser.open(f"http://{host}:{port}/") for _ in range(2)]
        for page in pages:
            page.wait_for("document.body.innerText.includes('connected')")
        for name, page in zip(("one", "two"), pages, strict=True):
            page.run(f"line.value = 'this is {name}'; document.forms[0].requestSubmit()")
            for each in pages:
                each.wait_for(f"document.body.innerText.includes('this is {name}')")
        assert pages[0].run("socket.extensions").startswith("permessage-deflate")
        pages[1].run("socket.close(1000)")
        pages[1].wait_for("document.body.innerText.includes('closed with 1000')")
