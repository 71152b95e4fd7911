"""Options about replies and bodies: collected headers, limits, the head at once, chunked_read."""

from __future__ import annotations

import pytest

from tests.support.engine_process import run_engine
from tests.support.http_client import HttpConnection, get, request_bytes

pytestmark = pytest.mark.engine_only("wording")

APP = """
import uwsgi
from gevent.event import Event

go_on = Event()

def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/")
    headers = [("Content-Type", "text/plain"), ("X-User", "ann")]
    if name == "go":
        go_on.set()
    if name == "long":
        headers.append(("X-Long", "x" * 300))
    if name == "pieces":
        pieces = list(iter(uwsgi.chunked_read, b""))
        start_response("200 OK", headers)
        return [repr([len(piece) for piece in pieces]).encode()]
    if name == "read":
        body = environ["wsgi.input"]
        size = -1 if environ["QUERY_STRING"] == "whole" else 65536
        sizes = [len(part) for part in iter(lambda: body.read(size), b"")]
        start_response("200 OK", headers)
        return [str(sum(sizes)).encode()]
    if name == "impatient":
        try:
            uwsgi.chunked_read(float(environ["QUERY_STRING"] or 0))
        except OSError as error:
            start_response("200 OK", headers)
            return [str(error).encode()]
    start_response("200 OK", headers)
    if name == "wait":
        go_on.wait(10)
    return [b"hello"]
"""
ASGI = """
async def application(scope, receive, send):
    long = b"x" * (300 if scope["path"] == "/long" else 1)
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"X-User", b"ann"), (b"x-long", long)]})
    await send({"type": "http.response.body", "body": b"hello"})
"""


@pytest.fixture
def start(start_engine, tmp_path):
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "aapp.py").write_text(ASGI)
    return lambda *options: start_engine("--chdir", str(tmp_path), *options)


@pytest.mark.parametrize("app", ["--module=app", "--asgi=aapp"])
def test_a_header_of_the_reply_becomes_a_variable_of_the_request(start, app):
    engine = start(
        app, "--collect-header=X-User USER", "--del-header=x-user", "--log-format=user is %(var.USER)"
    )
    assert get(engine.http).header("X-User") is None
    engine.wait_for_log("user is ann")


@pytest.mark.parametrize("app", ["--module=app", "--asgi=aapp"])
def test_a_reply_with_too_long_headers_is_refused(start, app):
    engine = start(app, "--response-headers-limit=200")
    assert get(engine.http).status == 200
    assert get(engine.http, "/long").status == 500
    engine.wait_for_log("more than --response-headers-limit 200")


def test_the_head_goes_out_at_once(start):
    engine = start("--module=app", "--start_response-nodelay")
    with HttpConnection(engine.http) as connection:
        connection.send_request("GET", "/wait")
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.sock.recv(4096)
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"hello" not in head
        assert get(engine.http, "/go").text == "hello"
        rest = b""
        while not rest.endswith(b"0\r\n\r\n"):
            rest += connection.sock.recv(4096)
        assert b"hello" in rest


def test_chunked_read_returns_no_more_than_the_limit(start):
    engine = start("--module=app", "--chunked-input-limit=1000")
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("POST", "/pieces", [], b"x" * 2500))
        sizes = eval(connection.reader.read().text)
    assert sum(sizes) == 2500
    assert max(sizes) <= 1000


@pytest.mark.parametrize("query", ["", "?0.1"], ids=["option", "argument"])
def test_chunked_read_waits_as_long_as_told(start, query):
    engine = start("--module=app", "--chunked-input-timeout=" + ("60" if query else "0.1"))
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("POST", "/impatient" + query, [("Transfer-Encoding", "chunked")]))
        text = connection.reader.read().text
    assert text == "unable to receive chunked part: nothing arrived for 0.1 seconds"


def test_chunked_read_with_patience_gets_what_comes_in_time(start):
    engine = start("--module=app", "--chunked-input-timeout=10")
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("POST", "/pieces", [("Transfer-Encoding", "chunked")]))
        connection.send(b"3\r\none\r\n")
        connection.send(b"3\r\ntwo\r\n0\r\n\r\n")
        assert sum(eval(connection.reader.read().text)) == 6


def test_a_big_read_of_the_body_is_logged(start):
    engine = start("--module=app", "--body-read-warning=1")
    with HttpConnection(engine.http) as connection:
        for how in ("pieces", "whole"):
            answer = connection.request("POST", f"/read?{how}", [], b"x" * (3 << 20))
            assert answer.text == str(3 << 20)
    engine.wait_for_log("POST /read?whole: 3 MB of the body were read at once")
    assert "POST /read?pieces: " not in engine.log()


@pytest.mark.parametrize("value", ["X-User", "X-User A B"])
def test_a_collected_header_needs_a_variable(value):
    done = run_engine("--http-socket=127.0.0.1:0", "--module=app", f"--collect-header={value}")
    assert done.returncode != 0
    assert "write the header and the variable" in done.stderr
