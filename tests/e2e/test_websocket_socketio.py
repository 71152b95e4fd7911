"""Flask-SocketIO in both of its gevent modes, with the client of python-socketio."""

from __future__ import annotations

import queue

import pytest

from tests.support.http_client import get

socketio = pytest.importorskip("socketio")
pytest.importorskip("flask_socketio")
pytest.importorskip("websocket")

pytestmark = [
    pytest.mark.engine_only("the wheel of uWSGI has no websockets"),
    # The client's own sockets and threads: it leaves closing some of them to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
TRANSPORTS = [["websocket"], ["polling"], ["polling", "websocket"]]


class Client:
    """Remembers what it hears."""

    def __init__(self, address, transports, auth=None) -> None:
        self.heard: queue.Queue[tuple[str, object]] = queue.Queue()
        self.sio = socketio.Client(reconnection=False)
        for name in ("welcome", "message", "tick"):
            self.sio.on(name, lambda data, name=name: self.heard.put((name, data)))
        url = f"http://{address[0]}:{address[1]}"
        self.sio.connect(url, transports=transports, auth=auth, wait_timeout=15)

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        self.sio.disconnect()

    def next(self, name) -> object:
        while True:
            heard, data = self.heard.get(timeout=15)
            if heard == name:
                return data


MODES = {
    "uwsgi": {"ASYNC_MODE": "gevent_uwsgi"},
    "gevent": {"ASYNC_MODE": "gevent"},
    "gevent without gevent-websocket": {"ASYNC_MODE": "gevent", "WITHOUT": "geventwebsocket"},
    "its choice": {"ASYNC_MODE": ""},
}


@pytest.fixture(scope="module", params=list(MODES))
def server(request):
    from tests.e2e.conftest import _engine

    if request.param == "gevent":
        pytest.importorskip("geventwebsocket")
    options = ("--module", "ws_socketio", "--gevent-early-monkey-patch", "--gevent", "40")
    env = MODES[request.param]
    with _engine(*options, env=env) as engine:
        engine.wait_ready()
        engine.wait_for_log(f"async_mode is {env['ASYNC_MODE'] or 'gevent_uwsgi'}")
        yield engine
        assert "Traceback" not in engine.log()


@pytest.mark.parametrize("transports", TRANSPORTS, ids=["websocket", "polling", "upgrade"])
def test_events_answers_rooms_and_bytes(server, transports) -> None:
    with Client(server.http, transports) as one, Client(server.http, transports) as two:
        assert one.next("welcome") == one.sio.get_sid()
        assert one.sio.call("join", "blue", timeout=15) == "you are in blue"
        assert one.next("message") == "somebody joined blue"
        assert two.sio.call("join", "blue", timeout=15) == "you are in blue"
        assert one.next("message") == two.next("message") == "somebody joined blue"
        assert two.sio.call("binary", bytes(range(256)), timeout=15) == bytes(reversed(range(256)))
        assert get(server.http, "/").body == b"page"
        if transports == ["websocket"]:
            assert one.sio.transport() == "websocket"


@pytest.mark.parametrize("transports", TRANSPORTS, ids=["websocket", "polling", "upgrade"])
def test_a_background_task_sends_to_all(server, transports) -> None:
    with Client(server.http, transports) as one, Client(server.http, transports) as two:
        one.sio.emit("later", 20)
        for client in (one, two):
            assert [client.next("tick") for _ in range(20)] == list(range(20))


def test_connections_outlive_several_pings(server) -> None:
    with Client(server.http, ["websocket"]) as client:
        client.sio.sleep(2.5)
        assert client.sio.call("join", "late", timeout=15) == "you are in late"


def test_a_refused_connection(server) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        Client(server.http, ["websocket"], {"token": "wrong"})


def test_the_server_hears_of_a_client_that_leaves(server) -> None:
    with Client(server.http, ["websocket"]) as client:
        sid = client.next("welcome")
    server.wait_for_log(f"{sid} has left")
