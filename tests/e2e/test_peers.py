"""Who the client is, where a proxy speaks for it: header fields of trusted peers, PROXY headers."""

import json
import socket

import pytest

from tests.support.certificates import Authority, TlsConnection
from tests.support.http_client import HttpConnection, request_bytes
from tests.support.ports import free_port
from tests.support.responses import ResponseReader
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI trusts everybody")

loops = pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
V1 = b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n"
V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\x12\x67\x01\xbb"


def environ(connection, *headers):
    return json.loads(connection.request("GET", "/environ", headers).body)


def test_nobody_is_believed_by_default(start_engine):
    engine = start_engine("--module", "routes")
    with HttpConnection(engine.http) as connection:
        seen = environ(connection, ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https"))
    assert seen["REMOTE_ADDR"] == "127.0.0.1"
    assert seen["wsgi.url_scheme"] == "http"


@loops
def test_a_trusted_proxy_speaks_for_its_clients(start_engine, loop):
    engine = start_engine(
        "--module", "routes", "--forwarded-allow-ips", "127.0.0.0/8,10.0.0.0/8", "--loop-backend", loop
    )
    with HttpConnection(engine.http) as connection:
        first = environ(
            connection,
            ("X-Forwarded-For", "6.6.6.6, 192.0.2.1, 10.0.0.1"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "evil.example"),
        )
        second = environ(connection, ("X-Forwarded-For", "192.0.2.2:4711"))
        third = environ(connection)
    assert (first["REMOTE_ADDR"], first["wsgi.url_scheme"], first["HTTPS"]) == ("192.0.2.1", "https", "on")
    assert first["HTTP_HOST"] == "test.example"
    assert (second["REMOTE_ADDR"], second["REMOTE_PORT"]) == ("192.0.2.2", "4711")
    assert second["wsgi.url_scheme"] == "http"
    assert "HTTPS" not in second
    assert third["REMOTE_ADDR"] == "127.0.0.1"
    engine.wait_for_log("192.0.2.1 ()")  # the request log has the client too


def test_other_fields_count_if_they_are_named(start_engine):
    engine = start_engine(
        *("--module", "routes", "--forwarded-allow-ips", "127.0.0.1"),
        *("--forwarded-headers", "Forwarded,X-Forwarded-Host,X-Forwarded-Port"),
    )
    with HttpConnection(engine.http) as connection:
        seen = environ(connection, ("X-Forwarded-Host", "shop.example"), ("X-Forwarded-Port", "8443"))
        assert (seen["HTTP_HOST"], seen["SERVER_PORT"]) == ("shop.example", "8443")
        seen = environ(connection, ("Forwarded", "for=192.0.2.1;proto=https;host=other.example"))
        assert (seen["REMOTE_ADDR"], seen["HTTP_HOST"]) == ("192.0.2.1", "other.example")


def test_a_proxy_behind_a_unix_socket(start_engine, tmp_path):
    path = tmp_path / "http.sock"
    engine = start_engine(
        *("--http-socket", str(path), "--module", "routes", "--forwarded-allow-ips", "unix"),
        addresses=[path],
    )
    with HttpConnection(engine.http) as connection:
        assert environ(connection, ("X-Forwarded-For", "192.0.2.1"))["REMOTE_ADDR"] == "192.0.2.1"
        assert environ(connection)["REMOTE_ADDR"] == ""


@loops
@pytest.mark.parametrize("header", [V1, V2], ids=["1", "2"])
def test_a_proxy_header(start_engine, loop, header):
    engine = start_engine("--module", "routes", "--enable-proxy-protocol", "--loop-backend", loop)
    with HttpConnection(engine.http) as connection:
        connection.send(header + request_bytes("GET", "/environ"))
        seen = json.loads(connection.reader.read().body)
        assert (seen["REMOTE_ADDR"], seen["REMOTE_PORT"]) == ("192.0.2.1", "4711")
        assert environ(connection)["REMOTE_ADDR"] == "192.0.2.1"
    with HttpConnection(engine.http) as slow:
        for byte in header:
            slow.send(bytes([byte]))
        assert environ(slow)["REMOTE_ADDR"] == "192.0.2.1"
    with HttpConnection(engine.http) as plain:
        plain.send_request("GET", "/hello")
        assert plain.is_closed_by_server()
    engine.wait_for_log("no PROXY header")


@loops
def test_a_proxy_header_before_tls(start_engine, tmp_path, loop):
    authority = Authority(tmp_path)
    cert, key = authority.server("localhost")
    port = free_port()
    engine = start_engine(
        *("--https-socket", f"127.0.0.1:{port},{cert},{key}", "--module", "routes", "--loop-backend", loop),
        "--enable-proxy-protocol",
        addresses=[("127.0.0.1", port)],
    )
    with HttpConnection(engine.http) as plain:
        plain.send(V2)
        with authority.client_context().wrap_socket(plain.sock, server_hostname="localhost") as sock:
            sock.sendall(request_bytes("GET", "/environ"))
            seen = json.loads(ResponseReader(sock).read().body)
    assert (seen["REMOTE_ADDR"], seen["HTTPS"]) == ("192.0.2.1", "on")


def test_only_named_proxies_send_headers(start_engine):
    engine = start_engine(
        "--module", "routes", "--enable-proxy-protocol", "--proxy-protocol-allow-ips", "10.0.0.0/8"
    )
    with HttpConnection(engine.http) as connection:
        assert environ(connection)["REMOTE_ADDR"] == "127.0.0.1"
    with HttpConnection(engine.http) as liar:
        liar.send(V1 + request_bytes("GET", "/environ"))
        assert liar.reader.read().status == 400


def test_a_proxy_header_that_does_not_end_leaves_nothing_behind(start_engine):
    engine = start_engine("--module", "routes", "--enable-proxy-protocol")
    with HttpConnection(engine.http) as connection:
        connection.send(V1)
        connection.get("/sleep/0.01")
        process = engine.processes()[0]
        before = process.num_fds()
        for _ in range(10):
            with socket.create_connection(engine.http) as sock:
                sock.sendall(b"PROXY TCP4 192.")
        wait_until(lambda: process.num_fds() <= before, timeout=10, what="descriptors to be closed")


def test_tls_facts_are_the_connections_own(start_engine, tmp_path):
    """A proxy that is reached over TLS may say that its client was not."""
    authority = Authority(tmp_path)
    cert, key = authority.server("localhost")
    port = free_port()
    engine = start_engine(
        *("--https-socket", f"127.0.0.1:{port},{cert},{key}", "--module", "routes"),
        *("--forwarded-allow-ips", "*"),
        addresses=[("127.0.0.1", port)],
    )
    with TlsConnection(engine.http, authority.client_context()) as connection:
        seen = environ(connection, ("X-Forwarded-Proto", "http"))
        assert seen["wsgi.url_scheme"] == "http"
        assert "HTTPS" not in seen
        assert environ(connection)["HTTPS"] == "on"
