"""ASGI applications over HTTP/2."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import APPS, _engine
from tests.support.http2_client import Http2Client
from tests.support.waiting import wait_until


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def server(request):
    options = ["--http2", "on", "--socket-timeout", "3", "--loop-backend", request.param]
    with _engine("--chdir", str(APPS), "--asgi", "asgi_routes", *options) as engine:
        yield engine.wait_ready()


@pytest.fixture
def client(server):
    with Http2Client(server.http) as client:
        yield client


def events(server):
    with Http2Client(server.http) as other:
        return json.loads(other.get("/events").body)


def test_the_scope(client):
    scope = json.loads(client.get("/scope/a%20b?c=d", [("te", "trailers")]).body)
    assert scope["http_version"] == "2"
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/scope/a b", "/scope/a%20b", "c=d")
    assert scope["headers"][0] == ["host", "localhost"]
    assert set(scope["extensions"]) >= {"http.response.trailers", "http.response.early_hint"}
    assert scope["client"][0] == "127.0.0.1"


def test_bodies_both_ways(client):
    body = bytes(range(256)) * 2000
    assert client.request("POST", "/echo", body=body).body == body


def test_pieces_go_out_as_they_come(client):
    number = client.start("POST", "/stream-echo", end=False)
    reply = client.replies[number]
    for data in (b"one", b"two"):
        client.send(number, data)
        client.receive_until(lambda data=data: reply.body.endswith(data), "the echo")
    client.send(number, b"", end=True)
    assert client.finish(number).body == b"onetwo"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/items", b"".join(b"item %d\n" % number for number in range(5))),
        ("/length", b"hello"),
        ("/hints", b"hinted"),
        ("/file?300000", b"f" * 300000),
        ("/hello", b"hello"),
    ],
)
def test_replies(client, path, body):
    reply = client.get(path)
    assert (reply.status, bytes(reply.body), reply.ended) == (200, body, True)


def test_trailers_and_hints(client):
    reply = client.get("/trailers", [("te", "trailers")])
    assert (bytes(reply.body), reply.trailers) == (b"something", {"x-sum": "42"})
    assert client.get("/trailers").trailers == {}
    assert client.get("/hints").interim[0]["link"] == "</style.css>; rel=preload"


def test_a_closed_window_lets_the_task_wait(server):
    with Http2Client(server.http, takes=False) as client:
        number = client.start("GET", "/big")
        reply = client.replies[number]
        client.receive_until(lambda: len(reply.body) == 65535, "a full window")
        assert "big 1" not in events(server)
        client.takes = True
        client.h2.increment_flow_control_window(1 << 28, number)
        client.h2.increment_flow_control_window(1 << 28)
        client.flush()
        assert len(client.finish(number).body) == 64 << 20


def test_a_task_hears_that_its_stream_was_reset(server, client):
    number = client.start("GET", "/wait")
    wait_until(lambda: "waiting" in events(server), timeout=10, what="the request")
    client.h2.reset_stream(number, 8)
    client.flush()
    wait_until(lambda: "left" in events(server), timeout=10, what="http.disconnect")
    assert client.get("/hello").status == 200


def test_errors(client):
    assert client.get("/boom").status == 500
    assert client.get("/nothing").status == 500
    late = client.get("/late-boom")
    assert (bytes(late.body), late.reset) == (b"begun", 2)
    assert client.get("/hello").status == 200


def test_a_body_that_does_not_come(client):
    number = client.start("POST", "/echo", end=False)
    assert client.finish(number).status == 408
    assert client.get("/hello").status == 200
