"""Clients that others have written, with TLS and without."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess

import httpx
import pytest

from tests.e2e.conftest import _engine
from tests.http2.conftest import HERE
from tests.support.certificates import Authority, TlsConnection
from tests.support.curl import curl_path
from tests.support.engine_process import REPOSITORY, run_engine
from tests.support.http2_client import Http2Client
from tests.support.ports import free_port


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


def start(authority, *args):
    port = free_port()
    cert, key = authority.server("localhost")
    return _engine(
        *("--https-socket", f"127.0.0.1:{port},{cert},{key}", "--chdir", str(HERE / "apps")),
        *("--module", "http2_app", *args),
        addresses=[("127.0.0.1", port)],
    )


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def tls(request, authority):
    with start(authority, "--loop-backend", request.param) as engine:
        yield engine.wait_ready()


def url(engine, path, scheme="https"):
    host = "localhost" if scheme == "https" else "127.0.0.1"
    return f"{scheme}://{host}:{engine.http[1]}{path}"


def test_httpx(tls, authority):
    with httpx.Client(http2=True, verify=authority.client_context()) as client:
        reply = client.get(url(tls, "/environ"))
        assert reply.http_version == "HTTP/2"
        environ = reply.json()
        assert environ["SERVER_PROTOCOL"] == "HTTP/2.0"
        assert (environ["wsgi.url_scheme"], environ["HTTPS"]) == ("https", "on")
        body = bytes(range(256)) * 4000
        assert client.post(url(tls, "/echo"), content=body).content == body
        assert len(client.get(url(tls, "/block/3000000")).content) == 3_000_000


def test_many_at_once_with_httpx(tls, authority):
    async def ask():
        async with httpx.AsyncClient(http2=True, verify=authority.client_context()) as client:
            replies = await asyncio.gather(*(client.get(url(tls, f"/block/{50 * n}")) for n in range(150)))
            return [len(reply.content) for reply in replies]

    assert asyncio.run(ask()) == [50 * n for n in range(150)]


def test_clients_that_do_not_offer_it_get_http1(tls, authority):
    for alpn in ((), ("http/1.1",), ("spdy/3", "http/1.1")):
        with TlsConnection(tls.http, authority.client_context(alpn=alpn)) as connection:
            assert connection.request("GET", "/hello").body == b"hello"


def test_the_end_of_a_worker_over_tls(authority):
    with start(authority) as engine:
        engine.wait_ready()
        with Http2Client(engine.http, authority.client_context(alpn=("h2",))) as client:
            number = client.start("POST", "/echo", end=False)
            client.send(number, b"begun")
            engine.signal(15)
            client.receive_until(lambda: client.goaway is not None, "GOAWAY")
            client.send(number, b" and ended", end=True)
            assert client.finish(number).body == b"begun and ended"
            assert client.receive_end() == 0
        assert engine.wait_exit() == 0


@pytest.mark.parametrize("mode", ["off", "auto", "on"])
def test_where_it_is_spoken(authority, mode):
    port = free_port()
    with start(authority, "--http2", mode, "--http-socket", f"127.0.0.1:{port}") as engine:
        engine.wait_ready()
        context = authority.client_context(alpn=("h2", "http/1.1"))
        with TlsConnection(engine.http, context) as connection:
            assert connection.tls.selected_alpn_protocol() == ("http/1.1" if mode == "off" else "h2")
        with Http2Client(("127.0.0.1", port)) as client:
            if mode == "on":
                assert client.get("/hello").status == 200
            else:
                assert client.sock.recv(100).startswith(b"HTTP/1.1 ")


def test_without_the_package(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nfrom importlib.machinery import PathFinder\n"
        "find = PathFinder.find_spec\n"
        "PathFinder.find_spec = classmethod("
        "lambda cls, name, *rest: None if name == 'h2' else find(name, *rest))\n"
    )
    path = os.pathsep.join([str(tmp_path), str(REPOSITORY)])
    options = ["--http2", "on", "--http-socket", ":0", "--gevent", "1", "--module", "http2_app"]
    done = run_engine(*options, env={"PYTHONPATH": path})
    assert done.returncode != 0
    assert "pip install gevent-bridge[http2]" in done.stdout + done.stderr


def curl(*args):
    path = curl_path()
    if path is None:
        pytest.skip("no curl here")
    if "HTTP2" not in subprocess.run([path, "--version"], capture_output=True, text=True).stdout:
        pytest.skip("this curl has no HTTP/2")
    done = subprocess.run([path, "-sS", "--max-time", "20", *args], capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_over_tls(tls, authority):
    where = ["--cacert", str(authority.ca_file), "--resolve", f"localhost:{tls.http[1]}:127.0.0.1"]
    assert curl("--http2", *where, "-w", "%{http_version}", url(tls, "/hello")) == b"hello2"
    assert curl("--http1.1", *where, "-w", "%{http_version}", url(tls, "/hello")) == b"hello1.1"


def test_curl_without_tls(server, tmp_path):
    say = ["--http2-prior-knowledge", "-w", "%{http_version}"]
    assert curl(*say, url(server, "/hello", "http")) == b"hello2"
    assert curl("-w", "%{http_version}", url(server, "/hello", "http")) == b"hello1.1"
    assert curl("--http2", "-w", "%{http_version}", url(server, "/hello", "http")) == b"hello1.1"  # h2c
    file = tmp_path / "body"
    file.write_bytes(bytes(range(256)) * 3000)
    assert curl(*say[:1], "--data-binary", f"@{file}", url(server, "/echo", "http")) == file.read_bytes()
    assert curl(*say, "-I", url(server, "/hello", "http")).startswith(b"HTTP/2 200")


def test_who_the_client_is_behind_a_proxy(start_http2):
    server = start_http2("--forwarded-allow-ips", "127.0.0.1")
    with Http2Client(server.http) as client:
        told = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https")]
        environ = json.loads(client.get("/environ", told).body)
        assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("192.0.2.1", "https")
        environ = json.loads(client.get("/environ").body)
        assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("127.0.0.1", "http")


def test_static_files(start_http2, tmp_path):
    (tmp_path / "big.bin").write_bytes(bytes(range(256)) * 4000)
    server = start_http2("--static-map", f"/static={tmp_path}")
    with Http2Client(server.http) as client:
        assert client.get("/static/big.bin").body == bytes(range(256)) * 4000
        reply = client.get("/static/big.bin", [("range", "bytes=256-511")])
        assert (reply.status, bytes(reply.body)) == (206, bytes(range(256)))


def test_asgi_applications_see_tls_and_so_do_all_streams(authority):
    port = free_port()
    cert, key = authority.server("localhost")
    with _engine(
        *("--https-socket", f"127.0.0.1:{port},{cert},{key},,{authority.ca_file}"),
        *("--asgi", "asgi_routes"),
        addresses=[("127.0.0.1", port)],
    ) as engine:
        engine.wait_ready()
        context = authority.client_context("eve@example.com")
        with httpx.Client(http2=True, verify=context) as client:
            told = [client.get(f"https://localhost:{port}/scope").json() for _ in range(2)]
    assert [each["http_version"] for each in told] == ["2", "2"]
    assert told[0]["extensions"]["tls"] == told[1]["extensions"]["tls"]
    tls = told[0]["extensions"]["tls"]
    assert tls["tls_version"] == 0x0304
    assert "BEGIN CERTIFICATE" in tls["client_cert_chain"][0]
    assert tls["client_cert_name"].startswith("CN=eve@example.com,")
