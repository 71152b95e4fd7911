"""Websockets of ASGI applications, with and without frameworks."""

from __future__ import annotations

import json
import signal

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Opcode

from tests.support.http_client import HttpConnection, get
from tests.support.waiting import wait_until
from tests.support.websockets import RawWebSocket, ended_by, open_websocket, upgrade_request

pytestmark = pytest.mark.engine_only("uWSGI has no ASGI")


@pytest.fixture(scope="module")
def shared():
    from tests.e2e.conftest import _engine

    with _engine("--asgi", "ws_asgi", "--socket-timeout", "1") as engine:
        yield engine.wait_ready()


@pytest.fixture
def clean(shared):
    get(shared.http, "/")
    return shared


def told(engine):
    """What the application was told last, once it was told something."""
    return wait_until(lambda: json.loads(get(engine.http, "/").body), timeout=10, what="news")


def status_of(engine, path):
    with pytest.raises(InvalidStatus) as caught, open_websocket(engine.http, path):
        pass
    return caught.value.response.status_code, caught.value.response.body


@pytest.mark.parametrize("compression", ["deflate", None])
def test_messages_come_back(clean, compression) -> None:
    with open_websocket(clean.http, "/echo", compression=compression) as client:
        for message in ("hällo", b"\xff\0", "", b"", "x" * 900_000):
            client.send(message)
            assert client.recv(timeout=10) == message
        client.close(4000, "bye")
    assert told(clean) == [{"type": "websocket.disconnect", "code": 4000, "reason": "bye"}]


def test_the_scope_and_the_answer(clean) -> None:
    with open_websocket(clean.http, "/facts?a=b", subprotocols=["one", "two"]) as client:
        assert client.subprotocol == "two"
        assert client.response.headers["X-From"] == "application"
        assert client.response.headers["Set-Cookie"] == "a=b"
        assert json.loads(client.recv(timeout=10)) == {
            "type": "websocket",
            "scheme": "ws",
            "path": "/facts",
            "root_path": "",
            "subprotocols": ["one", "two"],
            "extensions": {"websocket.http.response": {}},
            "method": None,
            "query_string": "a=b",
        }
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)
        assert (client.close_code, client.close_reason) == (4002, "shown")
    assert told(clean) == [{"type": "websocket.disconnect", "code": 4002, "reason": "shown"}]


def test_a_handshake_that_is_closed_gets_403(clean) -> None:
    assert status_of(clean, "/refused") == (403, b"")
    assert told(clean) == [{"type": "websocket.disconnect", "code": 1006, "reason": ""}]


def test_a_refusal_may_be_any_reply(clean) -> None:
    assert status_of(clean, "/denied") == (418, b"short and stout")


def test_after_a_refusal_the_connection_serves_on(clean) -> None:
    with HttpConnection(clean.http) as connection:
        for path, status in (("/denied", 418), ("/refused", 403)):
            connection.send(upgrade_request(path))
            assert connection.reader.read().status == status
        assert connection.get("/").status == 200


@pytest.mark.parametrize("path", ["/silent", "/fails_before", "/wrong"])
def test_an_application_that_does_not_answer_gets_500(clean, path) -> None:
    assert status_of(clean, path)[0] == 500


def test_no_handshake_never_reaches_the_application(clean) -> None:
    with HttpConnection(clean.http) as connection:
        connection.send(upgrade_request("/fails_before").replace(b"Version: 13", b"Version: 7"))
        response = connection.reader.read()
        assert (response.status, response.header("Sec-WebSocket-Version")) == (400, "13")


@pytest.mark.parametrize(("path", "code"), [("/fails_after", 1011), ("/returns", 1000)])
def test_the_end_of_the_application_closes(clean, path, code) -> None:
    with open_websocket(clean.http, path) as client:
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)
        assert client.close_code == code


def test_after_the_end_sending_is_an_oserror_and_receiving_says_it_again(clean) -> None:
    with RawWebSocket(clean.http, "/sends_too_late"):
        pass
    first = told(clean)
    second = told(clean) if len(first) == 1 else first[1:]
    assert first[0] == {"error": "unable to send websocket message", "code": 1006}
    assert second == [{"type": "websocket.disconnect", "code": 1006, "reason": ""}]


def test_a_client_that_does_not_wait_for_the_handshake(clean) -> None:
    with HttpConnection(clean.http) as connection:
        connection.send(upgrade_request("/never_accepts"))
    assert told(clean) == [{"type": "websocket.disconnect", "code": 1006, "reason": ""}]


def test_one_task_sends_while_another_receives(clean) -> None:
    with open_websocket(clean.http, "/pushes") as client:
        client.send(b"last")
        assert [client.recv(timeout=10) for _ in range(101)] == [*map(str, range(100)), b"last"]


def test_a_client_that_reads_nothing_makes_the_application_wait_and_then_fail(clean) -> None:
    with RawWebSocket(clean.http, "/flood"):
        (news,) = told(clean)
        assert news["error"].startswith("the client took nothing for 1 second")
        assert news["count"] < 500


def test_clients_are_told_1001_when_the_worker_ends(start_engine) -> None:
    engine = start_engine("--asgi", "ws_asgi")
    assert ended_by(engine.http, lambda: engine.signal(signal.SIGTERM)) == 1001
    assert engine.wait_exit() == 0
    assert "Traceback" not in engine.log()


def test_pings_are_answered_with_what_they_carry(clean) -> None:
    with RawWebSocket(clean.http, "/echo") as client:
        client.send(Opcode.PING, b"?")
        assert bytes(client.receive().data) == b"?"


def test_in_a_green_task_gevent_may_block(start_engine) -> None:
    engine = start_engine("--mount", "/=asgi+green:ws_green")
    with open_websocket(engine.http, "/") as one, open_websocket(engine.http, "/") as two:
        for client in (one, two):
            client.send("green")
            assert client.recv(timeout=10) == "green"
    assert "Traceback" not in engine.log()


# -- frameworks


@pytest.fixture(scope="module")
def starlette():
    pytest.importorskip("starlette")
    from tests.e2e.conftest import _engine

    with _engine("--asgi", "ws_starlette:app") as engine:
        yield engine.wait_ready()


def test_starlette_endpoints(starlette) -> None:
    with open_websocket(starlette.http, "/echo") as client:
        client.send(b"bytes")
        assert client.recv(timeout=10) == b"bytes"
        client.close(4100)
    starlette.wait_for_log("starlette: closed with 4100")
    assert get(starlette.http, "/").body == b"http"


def test_starlette_disconnect_that_nobody_catches_is_no_error(starlette) -> None:
    with open_websocket(starlette.http, "/uncaught", subprotocols=["chat"]) as client:
        assert client.subprotocol == "chat"
        client.send("up")
        assert client.recv(timeout=10) == "UP"
    starlette.wait_for_log("GET /uncaught")
    assert "Traceback" not in starlette.log()


def test_starlette_denial(starlette) -> None:
    assert status_of(starlette, "/denial") == (402, b"not today")
    assert status_of(starlette, "/no-such-route")[0] == 403


def test_fastapi(starlette) -> None:
    assert status_of(starlette, "/api/items/7")[0] == 403
    with open_websocket(starlette.http, "/api/items/7?token=t") as client:
        client.send('["a"]')
        assert json.loads(client.recv(timeout=10)) == {"item": 7, "token": "t", "said": ["a"]}


def test_quart(start_engine) -> None:
    pytest.importorskip("quart")
    engine = start_engine("--asgi", "ws_quart:app")
    with open_websocket(engine.http, "/chat/ada") as client:
        client.send("hello")
        assert client.recv(timeout=10) == "ada: hello"
    assert status_of(engine, "/private")[0] == 401
