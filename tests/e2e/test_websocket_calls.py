"""Websockets through the ``uwsgi`` module, with real clients."""

from __future__ import annotations

import re
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from tests.support.http_client import HttpConnection, get
from tests.support.websockets import RawWebSocket, ended_by, open_websocket, upgrade_request

ours = pytest.mark.engine_only("uWSGI does not check this, or does it otherwise")


@pytest.fixture(scope="module")
def shared(request):
    from tests.e2e.conftest import _engine

    with _engine("--module", "ws_calls") as engine:
        yield engine.wait_ready()


@pytest.mark.parametrize("compression", ["deflate", None])
def test_messages_of_all_kinds_and_sizes_come_back(shared, compression) -> None:
    with open_websocket(shared.http, "/echo", compression=compression) as client:
        for message in [
            "hällo",
            b"\1\2\xff",
            "x" * 125,
            "y" * 126,
            "z" * 65535,
            b"\0" * 65536,
            "w" * 900_000,
        ]:
            client.send(message)
            assert client.recv(timeout=10) == message


@ours
def test_messages_in_pieces(shared) -> None:
    with open_websocket(shared.http, "/echo") as client:
        client.send(["in ", "three ", "pieces"])
        assert client.recv(timeout=10) == "in three pieces"
        assert client.ping().wait(10)


def test_the_answer_names_origin_and_subprotocol(shared) -> None:
    with open_websocket(shared.http, "/echo", origin="http://page.example", subprotocols=["only"]) as client:
        assert client.response.headers["Sec-WebSocket-Origin"] == "http://page.example"
        assert client.subprotocol == "only"
    with open_websocket(shared.http, "/chosen", subprotocols=["first", "second"]) as client:
        assert client.subprotocol == "second"


@ours
def test_of_several_subprotocols_the_first_is_chosen(shared) -> None:
    with open_websocket(shared.http, "/echo", subprotocols=["first", "second"]) as client:
        assert client.subprotocol == "first"


@ours
def test_the_classic_loop_over_a_descriptor(shared) -> None:
    with open_websocket(shared.http, "/polled") as client:
        for number in range(20):
            client.send(f"m{number}")
        assert [client.recv(timeout=10) for _ in range(20)] == [f"1 m{number}" for number in range(20)]


def test_a_greenlet_that_listens_for_the_others(shared) -> None:
    with open_websocket(shared.http, "/listened") as client:
        for number in range(50):
            client.send(f"{number}")
        assert [client.recv(timeout=10) for _ in range(50)] == [f"{number}" for number in range(50)]


@ours
def test_another_greenlet_sends_and_the_end_of_the_application_closes(shared) -> None:
    with open_websocket(shared.http, "/ticker") as client:
        assert [client.recv(timeout=10) for _ in range(3)] == ["0", "1", "2"]
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)
        assert client.close_code == 1000


@ours
def test_bytes_that_come_with_the_request_are_not_lost(shared) -> None:
    early = Frame(Opcode.TEXT, b"early").serialize(mask=True)
    with RawWebSocket(shared.http, "/echo", early) as client:
        assert bytes(client.receive().data) == b"early"
        client.send(Opcode.PING, b"payload")
        frame = client.receive()
        assert (frame.opcode, bytes(frame.data)) == (Opcode.PONG, b"payload")


@ours
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (Frame(Opcode.TEXT, b"\xff").serialize(mask=True), 1007),
        (Frame(Opcode.TEXT, b"x").serialize(mask=False), 1002),
        (Frame(Opcode.BINARY, b"x" * (1024 * 1024 + 1)).serialize(mask=True), 1009),
        (Frame(Opcode.CLOSE, b"\x0f\xa0bye").serialize(mask=True), 4000),
    ],
    ids=["text", "mask", "size", "close"],
)
def test_the_client_learns_why_it_was_closed(shared, data, code) -> None:
    with RawWebSocket(shared.http, "/echo") as client:
        client.sock.sendall(data)
        assert client.close_code() == code
        assert client.receive() is None


@ours
def test_requests_that_are_no_handshake(shared) -> None:
    assert get(shared.http, "/refused").body == b"no websocket"
    assert shared.wait_for_log("refused: unable to complete websocket handshake")
    response = get(shared.http, "/echo")
    assert (response.status, b"Upgrade: websocket" in response.body) == (400, True)
    with HttpConnection(shared.http) as connection:
        connection.send(upgrade_request("/echo").replace(b"Version: 13", b"Version: 8"))
        response = connection.reader.read()
        assert (response.status, response.header("Sec-WebSocket-Version")) == (400, "13")


@ours
def test_an_application_that_fails_closes_with_1011(shared) -> None:
    with open_websocket(shared.http, "/fails") as client:
        client.send("x")
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)
        assert client.close_code == 1011
    assert shared.wait_for_log("the application is broken")


@ours
def test_a_client_that_reads_nothing_makes_the_application_wait_and_then_fail(start_engine) -> None:
    engine = start_engine("--module", "ws_calls", "--socket-timeout", "1")
    with RawWebSocket(engine.http, "/flood"):
        engine.wait_for_log("flood ended after", timeout=20)
        found = re.search(r"flood ended after (\d+): unable to send websocket message", engine.log())
        count = int(found.group(1))
        assert count < 500  # of 64 KiB: what the kernel takes, and not much more


def test_an_application_that_takes_nothing_makes_the_client_wait(shared) -> None:
    with open_websocket(shared.http, "/late", compression=None) as client:
        client.send("sleep")
        for _ in range(64):
            client.send(b"x" * 500_000)
        client.send("end")
        assert client.recv(timeout=20) == str(64 * 500_000)


@ours
def test_a_silent_client_is_asked_and_then_given_up(start_engine) -> None:
    engine = start_engine(
        "--module", "ws_calls", "--websockets-ping-freq", "1", "--websockets-pong-tolerance", "1"
    )
    with RawWebSocket(engine.http, "/idle") as client:
        assert client.receive().opcode is Opcode.PING
        assert engine.wait_for_log("idle ended: unable to receive websocket message", timeout=10)
        assert "no PONG received in 1 seconds !!!" in engine.log()


@ours
def test_a_client_that_answers_stays(start_engine) -> None:
    engine = start_engine(
        "--module", "ws_calls", "--websockets-ping-freq", "1", "--websockets-pong-tolerance", "1"
    )
    with RawWebSocket(engine.http, "/echo") as client:
        for _ in range(2):
            assert client.receive().opcode is Opcode.PING
            client.send(Opcode.PONG, b"")
        client.send(Opcode.TEXT, b"still here")
        assert bytes(client.receive().data) == b"still here"


@ours
def test_the_limit_of_a_message(start_engine) -> None:
    engine = start_engine("--module", "ws_calls", "--websockets-max-size", "2")
    with open_websocket(engine.http, "/echo") as client:
        client.send("x" * 2048)
        assert len(client.recv(timeout=10)) == 2048
        client.send("x" * 2049)
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)
        assert client.close_code == 1009


@ours
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["stop", "reload"])
def test_clients_are_told_1001_when_the_worker_ends(start_engine, number) -> None:
    engine = start_engine("--module", "ws_calls", "--master", "--reload-mercy", "8")
    assert ended_by(engine.http, lambda: engine.signal(number)) == 1001
    if number == signal.SIGHUP:
        with open_websocket(engine.http, "/echo") as again:
            again.send("new worker")
            assert again.recv(timeout=10) == "new worker"
    assert "NO MERCY" not in engine.log()


@ours
def test_a_websocket_has_no_deadline(start_engine) -> None:
    engine = start_engine("--module", "ws_calls", "--harakiri", "1")
    with open_websocket(engine.http, "/late") as client:
        for message in ("sleep", "x", "sleep", "end"):  # longer than a request may take
            client.send(message)
        assert client.recv(timeout=10) == "1"
    assert "HARAKIRI" not in engine.log()


@ours
def test_a_websocket_is_logged_as_one_request(start_engine) -> None:
    engine = start_engine("--module", "ws_calls")
    with open_websocket(engine.http, "/echo") as client:
        client.send("x")
        client.recv(timeout=10)
    engine.wait_for_log("GET /echo")
    assert re.search(r"GET /echo => generated \d+ bytes .*\(HTTP/1.1 101\)", engine.log())
    assert "Traceback" not in engine.log()


@ours
def test_websockets_that_last_are_no_slow_requests_and_their_ends_no_errors(start_engine) -> None:
    engine = start_engine("--module", "ws_calls", "--disable-logging", "--log-slow", "100", "--log-ioerror")
    with open_websocket(engine.http, "/late") as client:
        client.send("sleep")
        client.send("end")
        client.recv(timeout=10)
    with open_websocket(engine.http, "/idle"):
        pass
    engine.wait_for_log("idle ended")
    with open_websocket(engine.http, "/echo"):
        pass
    assert get(engine.http, "/refused").status == 200
    assert "GET /" not in engine.log()


def test_many_clients_at_once(start_engine) -> None:
    engine = start_engine("--module", "ws_calls", "--gevent", "60")

    def talk(number: int) -> list[str]:
        with open_websocket(engine.http, "/echo") as client:
            heard = []
            for turn in range(20):
                client.send(f"{number}.{turn}")
                heard.append(client.recv(timeout=15))
            return heard

    with ThreadPoolExecutor(50) as pool:
        for number, heard in enumerate(pool.map(talk, range(50))):
            assert heard == [f"{number}.{turn}" for turn in range(20)]


def test_plain_requests_are_served_beside(shared) -> None:
    with open_websocket(shared.http, "/echo"):
        assert get(shared.http, "/refused").status == 200


@ours
def test_after_a_refused_handshake_the_connection_serves_on(shared) -> None:
    with HttpConnection(shared.http) as connection:
        connection.send(upgrade_request("/ticker").replace(b"Version: 13", b"Version: 8"))
        assert connection.reader.read().status == 400
        assert connection.get("/refused").status == 200
