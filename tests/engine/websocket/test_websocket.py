"""Bounded memory, signs of life and endings, on a connection that only remembers."""

from __future__ import annotations

import select

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from engine.errors import WebSocketClosed
from engine.protocols.websocket import WebSocketSettings
from engine.websocket.session import Session
from engine.websocket.websocket import WebSocket


class FakeCarrier:
    def __init__(self) -> None:
        self.deadline = float("inf")
        self.sent = b""
        self.full = False
        self.reads = True
        self.ended = ""

    def push(self, data: bytes) -> None:
        self.sent += data

    def is_full(self) -> bool:
        return self.full

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def close(self) -> None:
        self.ended = "closed"

    def half_close(self) -> None:
        self.ended = "half closed"

    def abort(self) -> None:
        self.ended = "aborted"

    def frames(self) -> list[tuple[Opcode, bytes]]:
        peer = Protocol(Side.CLIENT)
        peer.receive_data(self.sent)
        self.sent = b""
        return [(event.opcode, bytes(event.data)) for event in peer.events_received()]


class Rig:
    def __init__(self, deflate: bool = False, **settings: float) -> None:
        self.now = 1000.0
        self.log: list[str] = []
        self.carrier = FakeCarrier()
        extensions = [PerMessageDeflate(False, False, 12, 12)] if deflate else []
        chosen = WebSocketSettings(**settings)
        session = Session(chosen.max_size, extensions)
        self.websocket = WebSocket(session, chosen, None, self.log.append, lambda: self.now)
        self.websocket.start(self.carrier, b"")

    def sends(self, *messages: bytes) -> None:
        data = b"".join(Frame(Opcode.BINARY, each).serialize(mask=True) for each in messages)
        self.websocket.received(data)

    def closes(self, data: bytes = b"\x03\xe8") -> None:
        self.websocket.received(Frame(Opcode.CLOSE, data).serialize(mask=True))

    def expire(self) -> None:
        self.now = self.carrier.deadline
        self.websocket.expire()

    def is_readable(self) -> bool:
        return bool(select.select([self.websocket.fileno()], [], [], 0)[0])


def test_what_came_with_the_request_is_the_first_message() -> None:
    rig = Rig()
    rig.websocket = WebSocket(Session(100), WebSocketSettings(), None, rig.log.append)
    rig.websocket.start(rig.carrier, Frame(Opcode.TEXT, b"early").serialize(mask=True))
    assert rig.websocket.take() == "early"
    assert rig.websocket.take() is None


def test_the_client_waits_while_the_application_is_behind() -> None:
    rig = Rig()
    rig.sends(b"x" * 40000)
    assert rig.carrier.reads
    rig.sends(b"y" * 40000, b"z")
    assert not rig.carrier.reads
    assert rig.websocket.take() == b"x" * 40000
    assert not rig.carrier.reads  # what is left is more than half of the mark
    assert rig.websocket.take() == b"y" * 40000
    assert rig.carrier.reads
    assert rig.websocket.take() == b"z"


def test_many_messages_that_expand_are_not_all_made_at_once() -> None:
    rig = Rig(deflate=True, max_size=1 << 20)
    client = Protocol(Side.CLIENT, max_size=None)
    client.extensions = [PerMessageDeflate(False, False, 12, 12)]
    for _ in range(40):
        client.send_binary(b"\0" * (1 << 20))
    data = b"".join(client.data_to_send())
    rig.websocket.received(data)
    assert rig.websocket._inbox_size < 8 << 20
    for _ in range(40):
        assert len(rig.websocket.take() or b"") == 1 << 20
    assert rig.websocket.take() is None
    assert rig.carrier.reads


def test_messages_before_the_end_can_be_taken_after_it() -> None:
    rig = Rig()
    rig.sends(*[b"x" * 40000] * 4)
    rig.websocket.ended()
    rig.websocket.lost()
    assert [rig.websocket.take() for _ in range(4)] == [b"x" * 40000] * 4
    with pytest.raises(WebSocketClosed, match="unable to receive websocket message") as caught:
        rig.websocket.take()
    assert (caught.value.code, caught.value.reason) == (1006, "")


def test_the_descriptor_is_readable_while_there_is_something_to_take() -> None:
    rig = Rig()
    assert not rig.is_readable()
    rig.sends(b"1", b"2")
    assert rig.is_readable()
    rig.websocket.take()
    assert rig.is_readable()
    rig.websocket.take()
    assert not rig.is_readable()
    rig.closes()
    assert rig.is_readable()
    with pytest.raises(WebSocketClosed):
        rig.websocket.take()
    assert rig.is_readable()
    rig.websocket.released(False)


def test_a_descriptor_asked_for_late_is_readable_at_once() -> None:
    rig = Rig()
    rig.sends(b"1")
    assert rig.is_readable()
    rig.websocket.released(False)
    assert rig.websocket.fileno() == -1


def test_wakers_are_called_for_messages_room_and_the_end() -> None:
    rig = Rig()
    calls: list[int] = []
    rig.websocket.wakers.append(lambda: calls.append(1))
    rig.sends(b"x")
    rig.websocket.room()
    rig.websocket.lost()
    assert len(calls) == 3


def test_a_silent_client_gets_a_ping_and_then_no_mercy() -> None:
    rig = Rig(ping_interval=30, pong_tolerance=3)
    assert rig.carrier.deadline == 1030
    rig.expire()
    assert rig.carrier.frames() == [(Opcode.PING, b"")]
    assert rig.carrier.deadline == 1033
    rig.expire()
    assert rig.carrier.ended == "aborted"
    assert rig.log == ["no PONG received in 3 seconds !!!"]


def test_any_sign_of_life_is_an_answer() -> None:
    rig = Rig(ping_interval=30)
    rig.expire()
    rig.now += 1
    rig.websocket.received(Frame(Opcode.PONG, b"").serialize(mask=True))
    assert rig.carrier.deadline == rig.now + 30
    rig.expire()
    assert rig.carrier.ended == ""
    assert rig.carrier.frames() == [(Opcode.PING, b"")] * 2


def test_a_client_that_is_not_read_is_not_asked() -> None:
    rig = Rig(ping_interval=30)
    rig.sends(b"x" * 70000)
    rig.expire()
    assert rig.carrier.frames() == []
    assert rig.carrier.deadline == rig.now + 30


def test_without_pings_there_is_no_deadline() -> None:
    rig = Rig(ping_interval=0)
    rig.sends(b"x")
    assert rig.carrier.deadline == float("inf")


def test_the_end_of_the_worker_is_told_with_1001() -> None:
    rig = Rig()
    rig.sends(b"unread")
    rig.websocket.leaving()
    assert rig.carrier.frames() == [(Opcode.CLOSE, b"\x03\xe9")]
    assert rig.websocket.take() == b"unread"
    with pytest.raises(WebSocketClosed):
        rig.websocket.take()
    with pytest.raises(WebSocketClosed, match="unable to send websocket message"):
        rig.websocket.send("x", True)
    rig.closes(b"\x03\xe9")
    assert rig.carrier.ended == "closed"


@pytest.mark.parametrize(("failed", "code"), [(False, 1000), (True, 1011)])
def test_the_end_of_the_request_closes(failed: bool, code: int) -> None:
    rig = Rig()
    rig.websocket.released(failed)
    assert rig.carrier.frames() == [(Opcode.CLOSE, code.to_bytes(2, "big"))]
    rig.sends(b"nobody wants this" * 10000)
    assert rig.carrier.reads
    rig.expire()
    assert rig.carrier.ended == "aborted"


def test_closing_goes_on_although_the_application_was_behind() -> None:
    rig = Rig()
    rig.sends(*[b"x" * 70000] * 3)
    assert not rig.carrier.reads
    rig.websocket.close(1000)
    assert rig.carrier.reads
    rig.closes()
    assert rig.carrier.ended == "closed"


def test_a_client_that_breaks_the_rules_can_read_why() -> None:
    rig = Rig()
    rig.websocket.received(Frame(Opcode.TEXT, b"\xff").serialize(mask=True))
    assert [opcode for opcode, _ in rig.carrier.frames()] == [Opcode.CLOSE]
    assert rig.carrier.ended == "half closed"
    assert "UTF-8" in rig.log[0]
    rig.sends(b"more of it")
    with pytest.raises(WebSocketClosed) as caught:
        rig.websocket.take()
    assert caught.value.code == 1007
    rig.expire()
    assert rig.carrier.ended == "aborted"
