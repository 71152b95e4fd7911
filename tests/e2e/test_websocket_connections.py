"""Websockets over TLS and over either loop, and what is left when they are gone."""

from __future__ import annotations

import signal

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from tests.support.certificates import Authority
from tests.support.http_client import get
from tests.support.ports import free_port
from tests.support.waiting import wait_until
from tests.support.websockets import RawWebSocket, open_websocket

pytestmark = pytest.mark.engine_only("uWSGI does this otherwise")
loops = pytest.mark.parametrize("loop", ["uvloop", "asyncio"])


@loops
@pytest.mark.parametrize("app", [("--module", "ws_calls"), ("--asgi", "ws_asgi")], ids=["wsgi", "asgi"])
def test_over_tls(start_engine, tmp_path, loop, app) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.server("localhost")
    port = free_port()
    option = f"127.0.0.1:{port},{certificate},{key}"
    start_engine("--https-socket", option, "--loop-backend", loop, *app, addresses=[("127.0.0.1", port)])
    context = authority.client_context()
    url = f"wss://localhost:{port}"
    with connect(url + "/echo", ssl=context, proxy=None, max_size=None, open_timeout=15) as client:
        for message in ("hello", b"\0" * 500_000):
            client.send(message)
            assert client.recv(timeout=10) == message
        client.send(b"x" * (1024 * 1024 + 1))
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)
        assert client.close_code == 1009


@loops
def test_either_loop(start_engine, loop) -> None:
    engine = start_engine("--module", "ws_calls", "--loop-backend", loop)
    with open_websocket(engine.http, "/polled") as client:
        for number in range(50):
            client.send(f"{number}")
        assert [client.recv(timeout=10) for _ in range(50)] == [f"1 {number}" for number in range(50)]
    with open_websocket(engine.http, "/late", compression=None) as client:
        client.send("sleep")
        for _ in range(20):
            client.send(b"x" * 500_000)
        client.send("end")
        assert client.recv(timeout=20) == str(20 * 500_000)


def test_nothing_is_left_of_clients_that_came_and_went(start_engine) -> None:
    engine = start_engine("--module", "ws_calls")
    count = lambda: int(get(engine.http, "/descriptors").body)  # noqa: E731
    with RawWebSocket(engine.http, "/polled") as client:  # the loop keeps some from the first on
        client.send(Opcode.TEXT, b"x")
        client.receive()
        before = count()
    for number in range(30):
        with RawWebSocket(engine.http, "/polled") as client:
            client.send(Opcode.TEXT, b"x")
            client.receive()
            if number % 2:
                client.send(Opcode.CLOSE, b"\x03\xe8")
                assert client.close_code() == 1000
    wait_until(lambda: count() <= before, timeout=15, what="the descriptors of the clients to be closed")


def test_a_client_that_sends_pings_and_reads_no_pongs_is_not_read_any_more(start_engine) -> None:
    engine = start_engine("--module", "ws_calls")
    pings = Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 500
    with RawWebSocket(engine.http, "/polled") as client:
        client.sock.settimeout(1.0)
        before, sent = engine.rss(), 0
        try:
            while sent < 200 << 20:
                client.sock.sendall(pings)
                sent += len(pings)
        except TimeoutError:
            pass
        assert sent < 100 << 20  # what the kernel's buffers take, and not much more
        assert engine.rss() - before < 20 << 20
    with open_websocket(engine.http, "/echo") as client:
        client.send("others")
        assert client.recv(timeout=10) == "others"


def test_messages_from_shared_areas(start_engine) -> None:
    engine = start_engine("--module", "ws_calls", "--sharedarea", "1")
    with open_websocket(engine.http, "/from_area") as client:
        assert [client.recv(timeout=10) for _ in range(2)] == ["shared text", b"text"]


def test_hanging_up_says_goodbye(start_engine) -> None:
    engine = start_engine("--module", "ws_calls")
    with RawWebSocket(engine.http, "/hangs_up") as client:
        assert client.close_code() == 1000
    engine.wait_for_log("hung up: unable to send websocket message")
    assert "connected True" in engine.log()


def test_a_deadline_of_its_own_ends_a_websocket(start_engine) -> None:
    engine = start_engine("--module", "ws_calls", "--harakiri", "60")
    with RawWebSocket(engine.http, "/deadline") as client:
        assert client.close_code() == 1011
    engine.wait_for_log("HARAKIRI")


def test_calls_for_a_request_that_is_over_are_oserrors(start_engine) -> None:
    engine = start_engine("--module", "ws_calls")
    with open_websocket(engine.http, "/elsewhere") as client:
        assert client.recv(timeout=10) == "from here"
    log = engine.wait_for_log("later: unable to receive websocket message")
    wait_until(lambda: engine.log().count("later:") == 2, timeout=10, what="both calls")
    assert "Traceback" not in log


def test_a_worker_that_stops_does_not_wait_for_clients_that_do_not_answer(start_engine) -> None:
    engine = start_engine("--module", "ws_calls", "--reload-mercy", "20")
    with RawWebSocket(engine.http, "/idle") as client:
        engine.signal(signal.SIGTERM)
        assert client.close_code() == 1001
        assert engine.wait_exit(timeout=15) == 0
    assert "NO MERCY" not in engine.log()


def test_kill_on_disconnect_ends_a_request_that_does_not_listen(start_engine) -> None:
    engine = start_engine("--module", "ws_calls", "--kill-on-disconnect", "--gevent", "1")
    with RawWebSocket(engine.http, "/deaf"):
        pass
    assert get(engine.http, "/refused").status == 200
