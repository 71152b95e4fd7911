"""Libraries that speak the protocol by themselves: simple-websocket in Flask-Sock."""

from __future__ import annotations

import signal

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.certificates import Authority
from tests.support.http_client import get
from tests.support.ports import free_port
from tests.support.websockets import ended_by, open_websocket

pytest.importorskip("flask_sock")
pytestmark = pytest.mark.engine_only("uWSGI has no werkzeug.socket")
OPTIONS = ("--module", "ws_flask_sock", "--gevent-early-monkey-patch")


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def shared(request):
    from tests.e2e.conftest import _engine

    with _engine(*OPTIONS, "--loop-backend", request.param) as engine:
        yield engine.wait_ready()


def test_messages_come_back(shared) -> None:
    with open_websocket(shared.http, "/echo") as client:
        for message in ("hällo", b"\xff\0", "x" * 300_000):
            client.send(message)
            assert client.recv(timeout=10) == message
        with open_websocket(shared.http, "/echo") as other:
            other.send("beside")
            assert other.recv(timeout=10) == "beside"
        assert get(shared.http, "/").body == b"page"


def test_the_application_closes(shared) -> None:
    with open_websocket(shared.http, "/three") as client:
        assert [client.recv(timeout=10) for _ in range(3)] == ["0", "1", "2"]
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)
        assert (client.close_code, client.close_reason) == (4003, "three")
    assert "Traceback" not in shared.log()


def test_much_is_sent_in_order(shared) -> None:
    with open_websocket(shared.http, "/flood", compression=None) as client:
        assert sum(len(client.recv(timeout=10)) for _ in range(300)) == 300 * 65536


def test_the_end_of_the_worker_ends_the_connection(start_engine) -> None:
    engine = start_engine(*OPTIONS)
    ended_by(engine.http, lambda: engine.signal(signal.SIGTERM))
    assert engine.wait_exit() == 0
    assert "NO MERCY" not in engine.log()


def test_over_tls(start_engine, tmp_path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.server("localhost")
    address = ("127.0.0.1", free_port())
    start_engine(
        *("--https-socket", f"{address[0]}:{address[1]},{certificate},{key}"), *OPTIONS, addresses=[address]
    )
    with open_websocket(
        address, "/echo", ssl=authority.client_context(), server_hostname="localhost"
    ) as client:
        client.send("over TLS")
        assert client.recv(timeout=10) == "over TLS"
