"""Websockets over HTTP/2 (RFC 8441), with ASGI and with each of the WSGI interfaces."""

from __future__ import annotations

import json
import signal
from contextlib import ExitStack
from importlib.util import find_spec

import pytest

from tests.e2e.conftest import APPS, _engine
from tests.http2.conftest import HERE
from tests.support.certificates import Authority
from tests.support.chromium import Chromium, chromium_path
from tests.support.http2_client import Http2Client
from tests.support.ports import free_port
from tests.support.waiting import wait_until

pytest.importorskip("wsproto")
pytest.importorskip("websockets")

from wsproto.events import CloseConnection

from tests.support.http2_websocket import Http2WebSocket


@pytest.fixture
def start():
    with ExitStack() as stack:

        def start(app, *args):
            options = ["--chdir", str(APPS), "--module", app, "--http2", "on", *args]
            return stack.enter_context(_engine(*options)).wait_ready()

        yield start


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def asgi(request):
    options = ["--loop-backend", request.param, "--socket-timeout", "4", "--lifespan", "off"]
    with _engine("--chdir", str(APPS), "--asgi", "ws_asgi", "--http2", "on", *options) as engine:
        yield engine.wait_ready()


@pytest.fixture
def client(asgi):
    with Http2Client(asgi.http) as client:
        yield client


def told(server):
    """What the application has noted since the last time."""
    with Http2Client(server.http) as other:
        return json.loads(other.get("/").body)


def wait_told(server):
    return wait_until(lambda: told(server), timeout=5, what="the application to note something")


class TestAsgi:
    def test_the_handshake(self, client):
        websocket = Http2WebSocket(
            client, "/facts?a=b", [("sec-websocket-protocol", "one, two"), ("origin", "http://localhost")]
        )
        headers = websocket.reply.headers
        assert websocket.reply.status == 200
        assert headers["sec-websocket-protocol"] == "two"
        assert (headers["x-from"], headers["set-cookie"]) == ("application", "a=b")
        assert not {"sec-websocket-accept", "upgrade", "connection", "content-length"} & set(headers)
        shown = json.loads(websocket.message())
        assert shown["type"] == "websocket"
        assert (shown["path"], shown["query_string"]) == ("/facts", "a=b")
        assert (shown["method"], shown["subprotocols"]) == (None, ["one", "two"])
        end = websocket.answer_close()
        assert (end.code, end.reason) == (4002, "shown")

    def test_messages_both_ways_and_the_end(self, asgi, client):
        told(asgi)
        websocket = Http2WebSocket(client, "/echo")
        for message in ("text", b"bytes", "", "\N{SNOWMAN}" * 1000, b"x" * 1_000_000):
            websocket.send(message)
            assert websocket.message() == message
        assert websocket.ping(b"there?") == b"there?"
        assert websocket.close(3001).code == 3001
        wait_until(lambda: client.get("/hello").status == 200, timeout=5, what="the connection to go on")
        assert told(asgi) in ([], [{"type": "websocket.disconnect", "code": 3001, "reason": ""}])

    def test_compressed_messages(self, client):
        websocket = Http2WebSocket(client, "/echo", deflate=True)
        assert websocket.is_compressed
        for message in ("a" * 100_000, b"\0" * 300_000, "short"):
            websocket.send(message)
            assert websocket.message() == message
        websocket.close()

    def test_many_on_one_connection_beside_requests(self, client):
        websockets = [Http2WebSocket(client, "/echo") for _ in range(20)]
        for number, websocket in enumerate(websockets):
            websocket.send(f"this is {number}")
        assert client.get("/").status == 200
        for number, websocket in reversed(list(enumerate(websockets))):
            assert websocket.message() == f"this is {number}"
        for websocket in websockets:
            websocket.close()
        assert client.get("/").status == 200

    def test_a_sender_and_a_receiver(self, client):
        websocket = Http2WebSocket(client, "/pushes")
        websocket.send(b"back")
        assert [websocket.message() for _ in range(101)] == [*map(str, range(100)), b"back"]

    def test_what_comes_before_the_answer_is_kept(self, client):
        frame = bytes.fromhex("8185") + b"\0\0\0\0" + b"early"
        websocket = Http2WebSocket(client, "/echo", early=frame)
        assert websocket.message() == "early"
        websocket.close()

    def test_refusals(self, client):
        refused = Http2WebSocket(client, "/refused")
        assert client.finish(refused.number).status == 403
        denied = Http2WebSocket(client, "/denied")
        reply = client.finish(denied.number)
        assert (reply.status, bytes(reply.body)) == (418, b"short and stout")
        fails = Http2WebSocket(client, "/fails_before")
        assert client.finish(fails.number).status == 500
        assert client.get("/").status == 200

    def test_an_exception_closes_with_1011(self, client):
        assert Http2WebSocket(client, "/fails_after").answer_close().code == 1011

    def test_the_application_returns(self, client):
        assert Http2WebSocket(client, "/returns").answer_close().code == 1000

    @pytest.mark.parametrize("how", ["reset", "end", "connection"])
    def test_a_client_that_leaves_without_a_word(self, asgi, how):
        told(asgi)
        with Http2Client(asgi.http) as client:
            websocket = Http2WebSocket(client, "/echo")
            websocket.send("there")
            assert websocket.message() == "there"
            if how == "reset":
                client.h2.reset_stream(websocket.number, 8)
                client.flush()
            elif how == "end":
                client.send(websocket.number, b"", end=True)
                client.finish(websocket.number)
        heard = wait_told(asgi)
        assert [each["type"] for each in heard] == ["websocket.disconnect"]
        assert heard[0]["code"] in (1005, 1006)

    def test_a_client_that_reads_nothing_makes_the_application_wait(self, asgi):
        told(asgi)
        with Http2Client(asgi.http, takes=False) as client:
            Http2WebSocket(client, "/flood")
            heard = wait_told(asgi)
        assert heard[0]["count"] < 20

    def test_pongs_that_nobody_reads_do_not_pile_up(self, asgi):
        """Who takes no answers is not read: its window does not open again."""
        with Http2Client(asgi.http, window=0) as client:
            websocket = Http2WebSocket(client, "/echo")
            ping = bytes.fromhex("89fd00000000") + b"p" * 125
            sent = 0
            client.sock.settimeout(0.5)
            try:
                while sent < 4 << 20:
                    while client.room(websocket.number) < len(ping):
                        client.receive()
                    client.h2.send_data(websocket.number, ping)
                    client.flush()
                    sent += len(ping)
            except TimeoutError:
                pass
            assert sent < 1 << 20


class TestTheRequest:
    """RFC 8441 section 4."""

    def ask(self, client, *changes, end=False):
        pseudo = {
            ":method": "CONNECT",
            ":protocol": "websocket",
            ":scheme": "https",
            ":path": "/echo",
            ":authority": "localhost",
            **dict(changes),
        }
        usual = [(name, value) for name, value in pseudo.items() if value is not None]
        number = client.start("", "", [("sec-websocket-version", "13")], end=end, pseudo=usual)
        client.receive_until(lambda: client.replies[number].headers or client.replies[number].is_over(), "")
        return client.replies[number]

    @pytest.mark.parametrize(
        "change",
        [(":method", "GET"), (":scheme", None), (":path", None), (":protocol", "")],
        ids=["GET", "no scheme", "no path", "empty protocol"],
    )
    def test_malformed(self, client, change):
        assert self.ask(client, change).reset == 1

    def test_that_ends_at_once(self, client):
        assert self.ask(client, end=True).reset == 1

    def test_other_protocols(self, client):
        assert self.ask(client, (":protocol", "connect-udp")).status == 501

    def test_plain_connect(self, client):
        assert self.ask(client, (":protocol", None), (":scheme", None), (":path", None)).status >= 400

    def test_another_version_of_the_protocol(self, client):
        websocket = Http2WebSocket(client, "/echo", version="8")
        assert (websocket.reply.status, websocket.reply.headers["sec-websocket-version"]) == (400, "13")


def test_uwsgis_functions(start):
    engine = start("ws_calls")
    with Http2Client(engine.http) as client:
        for path, form in (("/echo", "{}"), ("/polled", "1 {}")):  # the second gives select() the descriptor
            websocket = Http2WebSocket(client, path, [("sec-websocket-protocol", "chat")])
            assert websocket.reply.headers["sec-websocket-protocol"] == "chat"
            for message in ("one", "two"):
                websocket.send(message)
                assert websocket.message() == form.format(message), engine.log()
            websocket.close()


def test_gevent_websockets_environ(start):
    engine = start("ws_environ")
    with Http2Client(engine.http) as client:
        websocket = Http2WebSocket(client, "/echo")
        websocket.send("text")
        assert websocket.message() == "text"
        websocket.send(b"bytes")
        assert websocket.message() == b"bytes"
        websocket.close()
        assert Http2WebSocket(client, "/forbidden").reply.status == 403


@pytest.mark.skipif(find_spec("flask_sock") is None, reason="flask_sock is not installed")
def test_flask_sock_which_speaks_the_protocol_itself(start):
    engine = start("ws_flask_sock:app", "--gevent-early-monkey-patch")
    with Http2Client(engine.http) as client:
        websocket = Http2WebSocket(client, "/echo")
        assert websocket.reply.status == 200
        assert not {"sec-websocket-accept", "upgrade", "connection"} & set(websocket.reply.headers)
        for message in ("text", "x" * 200_000):
            websocket.send(message)
            assert websocket.message() == message
        websocket.close()
        assert client.get("/").status == 200


@pytest.mark.skipif(find_spec("flask_socketio") is None, reason="Flask-SocketIO is not installed")
@pytest.mark.parametrize("mode", ["gevent", "gevent_uwsgi"])
def test_flask_socketio(start, monkeypatch, mode):
    monkeypatch.setenv("ASYNC_MODE", mode)
    engine = start("ws_socketio", "--gevent-early-monkey-patch")
    with Http2Client(engine.http) as client:
        websocket = Http2WebSocket(client, "/socket.io/?EIO=4&transport=websocket")
        assert str(websocket.message()).startswith('0{"sid":')
        websocket.send("40")
        assert "welcome" in str(websocket.message())


@pytest.mark.parametrize(
    ("package", "app", "path", "sent", "heard"),
    [
        ("fastapi", "ws_starlette", "/echo", b"hello", b"hello"),
        ("quart", "ws_quart", "/chat/zoe", "hello", "zoe: hello"),
    ],
)
def test_frameworks(start, package, app, path, sent, heard):
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    engine = start(f"asgi:{app}:app")
    with Http2Client(engine.http) as client:
        websocket = Http2WebSocket(client, path)
        websocket.send(sent)
        assert websocket.message() == heard
        websocket.close()


def test_the_server_stops(asgi_alone):
    engine = asgi_alone
    with Http2Client(engine.http) as client:
        websocket = Http2WebSocket(client, "/echo")
        websocket.send("there")
        assert websocket.message() == "there"
        engine.signal(signal.SIGTERM)
        event = websocket.receive()
        assert isinstance(event, CloseConnection)
        assert event.code == 1001
        websocket.send_event(event.response())
        assert client.receive_end() == 0


@pytest.fixture
def asgi_alone():
    with _engine("--chdir", str(APPS), "--asgi", "ws_asgi", "--http2", "on", "--lifespan", "off") as engine:
        yield engine.wait_ready()


def test_a_client_that_answers_no_ping_is_cut_off(start):
    engine = start("ws_asgi", "--websockets-ping-freq", "1", "--websockets-pong-tolerance", "1")
    with Http2Client(engine.http) as client:
        websocket = Http2WebSocket(client, "/echo")
        assert client.finish(websocket.number).is_over()
        assert client.get("/").status == 200


def test_without_the_library_nothing_is_announced(start):
    """Browsers use HTTP/1.1 for a websocket then, and get the error page that says what is missing."""
    from engine.net.http2_frames import Frames
    from engine.protocols.limits import Limits

    frames = Frames(Limits(), 100, websockets=False)
    assert not frames.local_settings.enable_connect_protocol


@pytest.mark.slow
@pytest.mark.skipif(chromium_path() is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("app", ["browser_ws", "asgi:browser_ws:asgi"])
def test_a_browser_uses_the_connection_it_has(app, tmp_path):
    """Chromium opens a websocket on an HTTP/2 connection when the settings say that it may."""
    port = free_port()
    authority = Authority(tmp_path)
    cert, key = authority.server("localhost")
    with _engine(
        *("--https-socket", f"127.0.0.1:{port},{cert},{key}", "--chdir", str(HERE / "apps"), "--module", app),
        addresses=[("127.0.0.1", port)],
    ) as engine:
        engine.wait_ready()
        with Chromium(tmp_path, "--ignore-certificate-errors") as browser:
            page = browser.open(f"https://localhost:{port}/")
            page.wait_for("document.title == 'open'")
            page.run("socket.send('hello')")
            page.wait_for("document.body.innerText.includes('hello')")
            said = page.run("document.body.innerText")
            page.run("socket.close(3000)")
            page.wait_for("document.title == 'closed with 3000'")
    assert said.splitlines()[0] == "2"
