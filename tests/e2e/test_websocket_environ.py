"""``environ["wsgi.websocket"]``, as applications for gevent-websocket use it."""

from __future__ import annotations

import ast

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.http_client import get
from tests.support.websockets import open_websocket

pytestmark = pytest.mark.engine_only("uWSGI has no wsgi.websocket")


@pytest.fixture(scope="module")
def shared():
    from tests.e2e.conftest import _engine

    with _engine("--module", "ws_environ") as engine:
        yield engine.wait_ready()


def test_text_is_str_and_binary_is_bytes(shared) -> None:
    with open_websocket(shared.http, "/echo") as client:
        for message in ("hällo", b"\xff\0", "", "x" * 300_000):
            client.send(message)
            assert client.recv(timeout=10) == message
    shared.wait_for_log("end True")


def test_what_the_request_said(shared) -> None:
    options = {"origin": "http://a.example", "subprotocols": ["one", "two"]}
    with open_websocket(shared.http, "/facts", **options) as client:
        facts = ast.literal_eval(client.recv(timeout=10))
        assert facts == ["/facts", "http://a.example", "13", "one, two"]
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)
        assert (client.close_code, client.close_reason) == (4001, "enough")


def test_receive_gives_none_once_and_then_raises(shared) -> None:
    with open_websocket(shared.http, "/errors"):
        pass
    error = "engine.apps.wsgi.websocket"
    shared.wait_for_log(
        f"None | {error}: Connection is already closed | {error}: Socket is dead | True", timeout=10
    )


def test_the_exception_is_that_of_gevent_websocket_where_it_is_used(start_engine) -> None:
    pytest.importorskip("geventwebsocket")
    engine = start_engine("--module", "ws_environ", env={"WS_IMPORT": "geventwebsocket"})
    with open_websocket(engine.http, "/errors"):
        pass
    engine.wait_for_log("| geventwebsocket.exceptions: Socket is dead |", timeout=10)


def test_one_greenlet_sends_while_another_receives(shared) -> None:
    with open_websocket(shared.http, "/pushes") as client:
        heard = [client.recv(timeout=10)]
        client.send(b"binary")
        heard += [client.recv(timeout=10) for _ in range(3)]
        assert sorted(map(str, heard)) == sorted(["b'got binary'", "push 0", "push 1", "push 2"])


def test_a_request_may_be_refused_before_the_handshake(shared) -> None:
    with pytest.raises(InvalidStatus) as caught:
        open_websocket(shared.http, "/forbidden")
    assert caught.value.response.status_code == 403


def test_accepting_by_hand(shared) -> None:
    with open_websocket(shared.http, "/chosen", subprotocols=["first", "second"]) as client:
        assert client.subprotocol == "second"
        assert client.response.headers["Set-Cookie"] == "a=b"


def test_other_requests_have_none(shared) -> None:
    assert get(shared.http, "/").body == b"no websocket"


def test_applications_of_gevent_websocket(start_engine) -> None:
    pytest.importorskip("geventwebsocket")
    engine = start_engine("--module", "ws_resource")
    with open_websocket(engine.http, "/echo") as client:
        assert client.recv(timeout=10) == "open"
        client.send(b"\1")
        assert client.recv(timeout=10) == b"\1"
    engine.wait_for_log("resource: closed")
    assert get(engine.http, "/").body == b"page"
    assert "Traceback" not in engine.log()
