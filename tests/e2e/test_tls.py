"""TLS listeners: certificates by name, client certificates, renewal, and what requests learn of it."""

import hashlib
import json
import os
import signal
import socket
import ssl
import threading
from contextlib import ExitStack

import pytest

from tests.support.certificates import Authority, TlsConnection
from tests.support.curl import Curl, curl_path
from tests.support.engine_process import EngineProcess, run_engine
from tests.support.http_client import HttpConnection, get
from tests.support.ports import free_port
from tests.support.responses import ResponseReader
from tests.support.waiting import wait_until
from tests.support.websockets import open_websocket

pytestmark = pytest.mark.engine_only("the uwsgi program of the tests may lack SSL")

loops = pytest.mark.parametrize("loop", ["uvloop", "asyncio"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def files(authority):
    return authority.server("localhost")


@pytest.fixture
def start_tls(start_engine, files):
    """Start an engine with one HTTPS socket; ``tail`` follows ADDRESS,CERT,KEY."""

    def start(*args, tail="", cert=None, key=None, app="routes"):
        port = free_port()
        certificate = f"{cert or files[0]},{key or files[1]}"
        option = f"127.0.0.1:{port},{certificate}{tail}"
        return start_engine("--https-socket", option, "--module", app, *args, addresses=[("127.0.0.1", port)])

    return start


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def tls_routes(request, apps, files):
    port = free_port()
    with EngineProcess(
        *("--https-socket", f"127.0.0.1:{port},{files[0]},{files[1]}"),
        *("--chdir", str(apps), "--module", "routes", "--gevent", "20", "--loop-backend", request.param),
        addresses=[("127.0.0.1", port)],
    ) as engine:
        yield engine.wait_ready()


@pytest.fixture
def https(tls_routes, authority):
    with TlsConnection(tls_routes.http, authority.client_context()) as connection:
        yield connection


def environ_of(connection):
    return json.loads(connection.get("/environ").body)


def test_requests_learn_that_they_came_over_tls(https):
    environ = environ_of(https)
    assert environ["HTTPS"] == "on"
    assert environ["wsgi.url_scheme"] == "https"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["SSL_PROTOCOL"] == https.tls.version() == "TLSv1.3"
    assert environ["SSL_CIPHER"] == https.tls.cipher()[0]
    assert environ["SSL_CLIENT_VERIFY"] == "NONE"
    assert "HTTPS_DN" not in environ


def test_a_connection_is_kept_and_pipelined_requests_are_answered_in_order(https):
    https.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /single HTTP/1.1\r\nHost: a\r\n\r\n")
    assert https.reader.read().body == b"hello"
    assert https.reader.read().body == b"one item, no length"
    assert https.get("/items").body.startswith(b"item 0")


def test_bodies_of_many_megabytes_in_both_directions(https):
    body = os.urandom(8 << 20)
    assert (
        hashlib.sha256(https.request("POST", "/echo", body=body).body).digest()
        == hashlib.sha256(body).digest()
    )
    assert https.get("/big/16").body == bytes(16 << 20)


def test_items_arrive_when_they_are_yielded(https, tls_routes, authority):
    https.send_request("GET", "/stream/gate/tls")
    response = https.reader.read_head()
    assert response.status == 200
    pieces = https.reader.iter_body(response)
    assert next(pieces).data == b"first\n"
    with TlsConnection(tls_routes.http, authority.client_context()) as other:
        other.get("/open/tls")
    assert b"".join(piece.data for piece in pieces) == b"second\n"


def test_a_refused_request_gets_its_error_page(https):
    https.send(b"BROKEN\r\n\r\n")
    assert https.reader.read().status == 400


def test_plain_http_on_a_tls_port_harms_nobody(tls_routes, https):
    with HttpConnection(tls_routes.http) as plain:
        plain.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try:
            assert not plain.sock.recv(100).startswith(b"HTTP/")  # an alert, or nothing
        except ConnectionResetError:
            pass
    assert https.get("/hello").body == b"hello"


def test_http_1_1_is_chosen_by_alpn(tls_routes, authority):
    with TlsConnection(tls_routes.http, authority.client_context(alpn=("h9", "http/1.1"))) as connection:
        assert connection.tls.selected_alpn_protocol() == "http/1.1"
        assert connection.get("/hello").body == b"hello"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_1_1_is_refused(tls_routes, authority):
    context = authority.client_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        TlsConnection(tls_routes.http, context)


@pytest.mark.skipif(curl_path() is None, reason="curl is not installed")
def test_curl(tls_routes, authority):
    port = tls_routes.http[1]
    with Curl(
        f"https://localhost:{port}/hello",
        *("--cacert", str(authority.ca_file), "--resolve", f"localhost:{port}:127.0.0.1"),
    ) as curl:
        assert curl.wait() == 0
        assert curl.output == b"hello"


@loops
def test_a_handshake_that_does_not_end_is_cut(start_tls, authority, loop):
    engine = start_tls("--ssl-handshake-timeout", "0.3", "--ssl-verbose", "--loop-backend", loop)
    with HttpConnection(engine.http) as silent:
        assert silent.is_closed_by_server()
    engine.wait_for_log("TLS handshake on 127.0.0.1")
    with TlsConnection(engine.http, authority.client_context()) as connection:
        assert connection.get("/hello").body == b"hello"


@loops
def test_patched_applications_have_tls_too(start_tls, authority, loop):
    engine = start_tls("--loop-backend", loop, "--gevent-early-monkey-patch")
    with TlsConnection(engine.http, authority.client_context()) as connection:
        assert environ_of(connection)["HTTPS"] == "on"


def test_the_host_name_chooses_the_certificate(start_tls, authority, tmp_path):
    def option(host):
        cert, key = authority.server(host)
        return f"{host} {cert},{key}"

    site = authority.server("dir.example")
    for path in site:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    engine = start_tls(
        *("--sni", option("one.example"), "--sni", option("*.many.example"), "--sni-dir", str(tmp_path))
    )
    for host in ("localhost", "one.example", "dir.example"):
        with TlsConnection(engine.http, authority.client_context(), host) as connection:
            assert connection.common_name() == host
            assert environ_of(connection)["SSL_TLS_SNI"] == host
    with TlsConnection(engine.http, authority.client_context(), "a.many.example") as connection:
        assert connection.common_name() == "*.many.example"
    context = authority.client_context()
    context.check_hostname = False
    with TlsConnection(engine.http, context, "other.example") as connection:
        assert connection.common_name() == "localhost"
    later = authority.server("later.example")  # a site that comes while the server runs
    for path in later:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with TlsConnection(engine.http, authority.client_context(), "later.example") as connection:
        assert connection.common_name() == "later.example"


@loops
@pytest.mark.parametrize("must", ["", "!"])
def test_clients_show_certificates(start_tls, authority, tmp_path, loop, must):
    engine = start_tls("--loop-backend", loop, tail=f",,{must}{authority.ca_file}")
    with TlsConnection(engine.http, authority.client_context("alice@example.com")) as connection:
        environ = environ_of(connection)
        assert environ["SSL_CLIENT_VERIFY"] == "SUCCESS"
        assert environ["HTTPS_DN"].endswith("/CN=alice@example.com")
        assert environ["SSL_CLIENT_S_DN_CN"] == "alice@example.com"
        assert environ["SSL_CLIENT_S_DN"].startswith("CN=alice@example.com,")
        assert r"O=Clients\, Inc." in environ["SSL_CLIENT_S_DN"]
        assert environ["HTTPS_CC"].startswith("-----BEGIN CERTIFICATE-----\n")
        assert environ["SSL_CLIENT_CERT"] == environ["HTTPS_CC"]
    strangers = tmp_path / "strangers"
    strangers.mkdir()
    stranger = Authority(strangers).client_context("mallory@example.com")
    authority.ca.configure_trust(stranger)
    assert no_answer(engine, stranger)
    if must:
        assert no_answer(engine, authority.client_context())
    else:
        with TlsConnection(engine.http, authority.client_context()) as connection:
            assert environ_of(connection)["SSL_CLIENT_VERIFY"] == "NONE"


@loops
@pytest.mark.parametrize(
    ("depth", "answered"), [("0", (0,)), ("1", (0, 1)), ("2", (0, 1, 2)), (None, (0, 1, 2))]
)
def test_how_far_a_client_may_be_from_the_authority(start_tls, authority, loop, depth, answered):
    options = [] if depth is None else ["--ssl-verify-depth", depth]
    engine = start_tls("--loop-backend", loop, *options, tail=f",,!{authority.ca_file}")
    issuer, seen = authority.ca, []
    for between in range(3):
        context = authority.client_context()
        issuer.issue_cert("carol@example.com").configure_cert(context)
        if not no_answer(engine, context):
            seen.append(between)
        issuer = issuer.create_child_ca()
    assert tuple(seen) == answered


def test_options_of_openssl(start_tls, authority):
    engine = start_tls("--ssl-option", "OP_NO_TLSv1_3", "--ssl-option", str(int(ssl.OP_NO_TICKET)))
    with TlsConnection(engine.http, authority.client_context()) as connection:
        assert connection.tls.version() == "TLSv1.2"
        assert connection.get("/hello").status == 200
        assert not connection.tls.session.has_ticket
    context = authority.client_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(ssl.SSLError):
        TlsConnection(engine.http, context)


def no_answer(engine, context, host="localhost"):
    """TLS 1.3: a client learns that its certificate is refused when it reads."""
    try:
        with TlsConnection(engine.http, context, host) as connection:
            connection.send_request("GET", "/hello")
            return connection.sock.recv(100) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def test_one_site_asks_for_certificates_and_another_does_not(start_tls, authority):
    cert, key = authority.server("closed.example")
    engine = start_tls("--sni", f"closed.example {cert},{key},,!{authority.ca_file}")
    with TlsConnection(engine.http, authority.client_context()) as connection:
        assert connection.get("/hello").status == 200
    assert no_answer(engine, authority.client_context(), "closed.example")
    with TlsConnection(
        engine.http, authority.client_context("bob@example.com"), "closed.example"
    ) as connection:
        environ = json.loads(connection.request("GET", "/environ", [("Host", "closed.example")]).body)
        assert environ["SSL_CLIENT_S_DN_CN"] == "bob@example.com"


def test_a_client_of_one_site_is_none_of_another(start_tls, authority):
    """SNI names a site that asks for no certificate, Host one that does."""
    cert, key = authority.server("closed.example")
    engine = start_tls("--sni", f"closed.example {cert},{key},,!{authority.ca_file}")
    with TlsConnection(engine.http, authority.client_context()) as connection:
        assert connection.request("GET", "/hello", [("Host", "localhost:1")]).status == 200
        assert connection.request("GET", "/hello", [("Host", "Closed.example:1")]).status == 421
        assert connection.is_closed_by_server()


@loops
@pytest.mark.parametrize("shape", [[], ["--master", "-p", "2"]], ids=["alone", "2 workers"])
def test_new_certificates_without_a_reload(start_tls, authority, tmp_path, loop, shape):
    old, new = authority.server("old.example"), authority.server("new.example")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def install(files):
        cert.write_bytes(files[0].read_bytes())
        key.write_bytes(files[1].read_bytes())

    def shown():
        context = authority.client_context()
        context.check_hostname = False
        with TlsConnection(engine.http, context, "x.example") as connection:
            return connection.common_name()

    install(old)
    engine = start_tls("--ssl-watch", "0.05", "--loop-backend", loop, *shape, cert=cert, key=key)
    context = authority.client_context()
    with TlsConnection(engine.http, context, "old.example") as kept:
        assert kept.get("/hello").body == b"hello"
        # The key alone fits nothing: the old pair stays until the other file has come too.
        key.write_bytes(new[1].read_bytes())
        engine.wait_for_log("stays in use")
        assert shown() == "old.example"
        install(new)
        workers = 2 if shape else 1
        wait_until(lambda: engine.log().count("again") >= workers, timeout=10, what="new certificates")
        assert shown() == "new.example"
        assert kept.get("/hello").body == b"hello"
    assert engine.log().count("*** Starting") == 1


def test_the_fifo_asks_for_new_certificates(start_tls, authority, tmp_path):
    cert, key = authority.server("localhost", name="fifo")
    fifo = tmp_path / "fifo"
    engine = start_tls("--master", "--master-fifo", str(fifo), "--ssl-watch", "0", cert=cert, key=key)
    engine.wait_for_log("spawned uWSGI worker 1")
    with TlsConnection(engine.http, authority.client_context()) as before:
        first = before.tls.getpeercert(True)
    authority.server("localhost", name="fifo")
    fifo.write_text("T")
    engine.wait_for_log("again")
    with TlsConnection(engine.http, authority.client_context()) as after:
        assert after.tls.getpeercert(True) != first


def test_a_reload_answers_everybody_and_takes_new_certificates(start_tls, authority):
    cert, key = authority.server("localhost", name="reloaded")
    engine = start_tls("--master", "-p", "2", "--ssl-watch", "0", cert=cert, key=key)
    context = authority.client_context()
    stop, failures, answered = threading.Event(), [], [0]

    def ask():
        while not stop.is_set():
            try:
                with TlsConnection(engine.http, context) as connection:
                    if connection.get("/hello").body == b"hello":
                        answered[0] += 1
            except Exception as error:
                failures.append(error)

    def serial():
        with TlsConnection(engine.http, context) as connection:
            return connection.tls.getpeercert(True)

    first = serial()
    askers = [threading.Thread(target=ask) for _ in range(3)]
    for thread in askers:
        thread.start()
    try:
        authority.server("localhost", name="reloaded")
        engine.signal(signal.SIGHUP)
        wait_until(lambda: engine.log().count("*** Starting") == 2, timeout=30, what="the second start")
        wait_until(lambda: serial() != first, timeout=30, what="the new certificate")
        before = answered[0]
        wait_until(lambda: answered[0] > before + 5, timeout=30, what="more answers")
    finally:
        stop.set()
        for thread in askers:
            thread.join()
    assert not failures


@pytest.mark.parametrize("shape", [[], ["--master"]], ids=["alone", "master"])
def test_a_reload_with_a_broken_certificate_is_given_up(start_tls, authority, tmp_path, shape):
    cert, key = authority.server("localhost", name="broken")
    engine = start_tls("--ssl-watch", "0", *shape, cert=cert, key=key)
    with TlsConnection(engine.http, authority.client_context()) as connection:
        assert connection.get("/hello").body == b"hello"
    cert.write_text("broken")
    engine.signal(signal.SIGHUP)
    engine.wait_for_log("reload given up")
    with TlsConnection(engine.http, authority.client_context()) as connection:
        assert connection.get("/hello").body == b"hello"


def test_http_is_sent_to_https(start_engine, tmp_path):
    standard, other = free_port(), free_port()
    engine = start_engine(
        *("--http-to-https", f"127.0.0.1:{standard}", "--http-to-https", f"127.0.0.1:{other},8443"),
        *("--http-socket", f"{tmp_path}/app.sock", "--module", "routes"),
        addresses=[("127.0.0.1", standard), ("127.0.0.1", other)],
    )
    with HttpConnection(engine.addresses[0]) as connection:
        response = connection.request("GET", "/a/b%20c?d=e", [("Host", "Shop.example:80")])
        assert (response.status, response.header("Location")) == (301, "https://shop.example/a/b%20c?d=e")
        assert connection.is_closed_by_server()
    with HttpConnection(engine.addresses[1]) as connection:
        response = connection.request("POST", "/form", [("Host", "shop.example")], body=b"x" * 100_000)
        assert (response.status, response.header("Location")) == (308, "https://shop.example:8443/form")
    with HttpConnection(engine.addresses[1]) as connection:
        connection.send(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.reader.read().status == 400


def test_the_uwsgi_protocol_over_tls(start_engine, authority, files):
    from tests.support.uwsgi_client import encode_packet

    port = free_port()
    engine = start_engine(
        *("--suwsgi-socket", f"127.0.0.1:{port},{files[0]},{files[1]}", "--module", "routes"),
        addresses=[("127.0.0.1", port)],
    )
    with TlsConnection(engine.http, authority.client_context()) as connection:
        connection.send(
            encode_packet({"REQUEST_METHOD": "GET", "PATH_INFO": "/hello", "SERVER_PROTOCOL": "HTTP/1.1"})
        )
        assert ResponseReader(connection.sock).read().body == b"hello"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda d, f: f"{d}/none.pem,{f[1]}", "cannot read"),
        (lambda d, f: f"{f[0]},{d}/other.key", "does not belong to the certificate"),
        (lambda d, f: f"{d}/text.pem,{f[1]}", "not a certificate and its key in PEM"),
        (lambda d, f: f"{f[0]},{f[1]},NONSENSE", "no cipher fits"),
        (lambda d, f: f"{f[0]},{f[1]},,{d}/text.pem", "no certificates in PEM"),
        (lambda d, f: f"{f[0]}", "CERT,KEY is needed"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said_at_the_start(tmp_path, authority, files, apps, make, said):
    (tmp_path / "text.pem").write_text("no certificate")
    other = authority.server("other.example")[1]
    (tmp_path / "other.key").write_bytes(other.read_bytes())
    option = f"127.0.0.1:{free_port()},{make(tmp_path, files)}"
    ended = run_engine("--chdir", str(apps), "--module", "routes", "--https-socket", option)
    assert ended.returncode == 1
    assert said in ended.stdout + ended.stderr


@loops
def test_handshakes_that_take_longest_make_room(start_tls, authority, loop):
    engine = start_tls("--max-connections", "40", "--ssl-handshake-timeout", "60", "--loop-backend", loop)
    with TlsConnection(engine.http, authority.client_context()) as connection, ExitStack() as stack:
        connection.get("/sleep/0.01")
        process = engine.processes()[0]
        before = process.num_fds()
        silent = [stack.enter_context(socket.create_connection(engine.http, 10)) for _ in range(150)]
        assert silent[0].recv(1) == b""  # 64 may be in their handshakes, so this one had to go
        with TlsConnection(engine.http, authority.client_context()) as other:
            assert other.get("/hello").body == b"hello"
        wait_until(lambda: process.num_fds() <= before + 64 + 16, timeout=10, what="descriptors to be closed")
        assert connection.get("/hello").body == b"hello"


def test_a_client_that_leaves_in_the_handshake_leaves_nothing_behind(start_tls, authority):
    engine = start_tls()
    with TlsConnection(engine.http, authority.client_context()) as connection:
        connection.get("/hello")
        process = engine.processes()[0]
        before = process.num_fds()
        for _ in range(20):
            with socket.create_connection(engine.http) as sock:
                sock.sendall(b"\x16\x03\x01\x02\x00")
        wait_until(lambda: process.num_fds() <= before, timeout=10, what="descriptors to be closed")


@pytest.mark.parametrize("backend", ["uvloop", "asyncio"])
def test_asgi_applications_learn_of_it_too_and_stream_both_ways(start_tls, authority, backend):
    engine = start_tls("--loop-backend", backend, app="asgi_routes")
    with TlsConnection(engine.http, authority.client_context()) as connection:
        scope = json.loads(connection.get("/scope").body)
        assert (scope["scheme"], scope["server"]) == ("https", list(engine.http))
        assert connection.request("POST", "/echo", body=b"x" * 3_000_000).body == b"x" * 3_000_000
        assert len(connection.get("/big").body) == 64 << 20


def pem(der):
    return ssl.DER_cert_to_PEM_cert(der)


@loops
class TestAsgiExtension:
    """ASGI TLS extension 0.2."""

    def test_without_a_client_certificate(self, start_tls, authority, loop):
        engine = start_tls("--loop-backend", loop, app="asgi_routes")
        for version, number in (("TLSv1_2", 0x0303), ("TLSv1_3", 0x0304)):
            context = authority.client_context()
            context.maximum_version = context.minimum_version = ssl.TLSVersion[version]
            with TlsConnection(engine.http, context) as connection:
                told = json.loads(connection.get("/scope").body)["extensions"]["tls"]
                name = connection.tls.cipher()[0]
                suites = {each["name"]: each["id"] & 0xFFFF for each in context.get_ciphers()}
                assert told == {
                    "server_cert": pem(connection.tls.getpeercert(True)),
                    "client_cert_chain": [],
                    "client_cert_name": None,
                    "client_cert_error": None,
                    "tls_version": number,
                    "cipher_suite": suites[name],
                }
                assert json.loads(connection.get("/scope").body)["extensions"]["tls"] == told

    def test_the_chain_and_the_name_of_a_client(self, start_tls, authority, loop):
        engine = start_tls("--loop-backend", loop, app="asgi_routes", tail=f",,{authority.ca_file}")
        between = authority.ca.create_child_ca()
        leaf = between.issue_cert("d@example.com", common_name="Zo\u00eb", organization_name="Clients, Inc.")
        context = authority.client_context()
        leaf.configure_cert(context)
        with TlsConnection(engine.http, context) as connection:
            told = json.loads(connection.get("/scope").body)["extensions"]["tls"]
        assert told["client_cert_chain"] == [
            pem(ssl.PEM_cert_to_DER_cert(blob.bytes().decode())) for blob in leaf.cert_chain_pems
        ]
        assert len(told["client_cert_chain"]) == 2
        assert told["client_cert_name"].startswith("CN=Zo\u00eb,")
        assert r"O=Clients\, Inc." in told["client_cert_name"]

    def test_the_certificate_that_was_chosen_by_name(self, start_tls, authority, loop):
        cert, key = authority.server("other.example")
        engine = start_tls("--loop-backend", loop, "--sni", f"other.example {cert},{key}", app="asgi_routes")
        with TlsConnection(engine.http, authority.client_context(), "other.example") as connection:
            told = json.loads(connection.get("/scope").body)["extensions"]["tls"]
            assert told["server_cert"] == pem(connection.tls.getpeercert(True))

    def test_websockets_have_it_too(self, start_tls, authority, loop):
        engine = start_tls("--loop-backend", loop, app="ws_asgi")
        context = authority.client_context()
        with open_websocket(
            engine.http, "/facts", ssl=context, server_hostname="localhost", subprotocols=["a", "b"]
        ) as websocket:
            told = json.loads(websocket.recv())["extensions"]
        assert sorted(told) == ["tls", "websocket.http.response"]
        assert told["tls"]["tls_version"] == 0x0304


def test_there_is_no_tls_extension_without_tls(start_engine):
    engine = start_engine("--module", "asgi_routes")
    assert "tls" not in json.loads(get(engine.http, "/scope").body)["extensions"]
