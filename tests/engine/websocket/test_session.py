"""Frames and messages, with the library's client side as the peer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from engine.websocket.session import Session


def frame(opcode: Opcode, data: bytes, fin: bool = True, rsv1: bool = False) -> bytes:
    """A masked frame, right or wrong; the library's own class refuses to make wrong ones."""
    first = opcode | (0x80 if fin else 0) | (0x40 if rsv1 else 0)
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return bytes([first]) + size + b"\0\0\0\0" + data


def deflate() -> PerMessageDeflate:
    return PerMessageDeflate(False, False, 12, 12)


class Peer:
    """A client that understands what a session answers."""

    def __init__(self) -> None:
        self.protocol = Protocol(Side.CLIENT)

    def take(self, data: bytes) -> list[Frame]:
        if data:
            self.protocol.receive_data(data)
        return [event for event in self.protocol.events_received() if isinstance(event, Frame)]


def test_text_is_str_and_binary_is_bytes() -> None:
    session = Session(100)
    data = frame(Opcode.TEXT, "hé".encode()) + frame(Opcode.BINARY, b"\xff") + frame(Opcode.TEXT, b"")
    assert session.receive(data) == ["hé", b"\xff", ""]


@pytest.mark.parametrize("step", [1, 2, 3, 1000])
def test_however_the_bytes_are_cut_the_messages_are_the_same(step: int) -> None:
    session = Session(100)
    data = (
        frame(Opcode.TEXT, "aé".encode()[:2], fin=False)
        + frame(Opcode.PING, b"p")
        + frame(Opcode.CONT, "é".encode()[1:], fin=True)
        + frame(Opcode.BINARY, b"", fin=False)
        + frame(Opcode.CONT, b"xy", fin=False)
        + frame(Opcode.CONT, b"")
    )
    messages = [each for at in range(0, len(data), step) for each in session.receive(data[at : at + step])]
    assert messages == ["aé", b"xy"]
    assert [(each.opcode, bytes(each.data)) for each in Peer().take(session.output())] == [
        (Opcode.PONG, b"p")
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(Opcode.TEXT, b"\xff"), 1007),
        (frame(Opcode.TEXT, b"\xc3"), 1007),
        (frame(Opcode.TEXT, b"a", fin=False) + frame(Opcode.CONT, b"\xc3\x28", fin=False), 1007),
        (Frame(Opcode.TEXT, b"not masked").serialize(mask=False), 1002),
        (frame(Opcode.TEXT, b"x", rsv1=True), 1002),
        (frame(Opcode.CONT, b"of what?"), 1002),
        (frame(Opcode.TEXT, b"a", fin=False) + frame(Opcode.TEXT, b"b"), 1002),
        (frame(Opcode.PING, b"x" * 126), 1002),
        (b"\x83\x80\x00\x00\x00\x00", 1002),
        (frame(Opcode.CLOSE, b"\x03"), 1002),
        (frame(Opcode.CLOSE, b"\x03\xed"), 1002),
        (frame(Opcode.CLOSE, b"\x03\xe8\xff"), 1007),
        (frame(Opcode.BINARY, b"x" * 201), 1009),
        (frame(Opcode.BINARY, b"x" * 110, fin=False) + frame(Opcode.CONT, b"x" * 91), 1009),
    ],
)
def test_what_breaks_the_protocol_ends_it_with_a_code(data: bytes, code: int) -> None:
    session = Session(200)
    assert session.receive(data) == []
    (answer,) = Peer().take(session.output())
    assert answer.opcode is Opcode.CLOSE
    assert int.from_bytes(bytes(answer.data)[:2], "big") == code
    assert session.wants_end
    assert session.fault
    assert not session.is_open()
    assert session.close_info()[0] == code


def test_a_small_frame_that_expands_beyond_the_limit_is_refused() -> None:
    client = Protocol(Side.CLIENT, max_size=None)
    client.extensions = [deflate()]
    client.send_binary(b"\0" * 10_000_000)
    data = b"".join(client.data_to_send())
    assert len(data) < 20_000
    session = Session(1_000_000, [deflate()])
    assert session.receive(data) == []
    assert session.close_info()[0] == 1009


def test_a_fragmented_message_that_expands_beyond_the_limit_is_refused() -> None:
    client = Protocol(Side.CLIENT, max_size=None)
    client.extensions = [deflate()]
    client.send_text(b"a" * 600_000, fin=False)
    client.send_continuation(b"a" * 600_000, fin=True)
    session = Session(1_000_000, [deflate()])
    assert session.receive(b"".join(client.data_to_send())) == []
    assert session.close_info()[0] == 1009


def test_compressed_messages_come_and_go() -> None:
    client = Protocol(Side.CLIENT)
    client.extensions = [deflate()]
    session = Session(10_000, [deflate()])
    for text in ("first" * 100, "second", ""):
        client.send_text(text.encode())
        assert session.receive(b"".join(client.data_to_send())) == [text]
        session.send(text.encode(), text=True)
        client.receive_data(session.output())
        (event,) = client.events_received()
        assert bytes(event.data).decode() == text


@pytest.mark.parametrize(("data", "code", "reason"), [(b"", 1005, ""), (b"\x0f\xa1bye", 4001, "bye")])
def test_a_close_is_answered_and_remembered(data: bytes, code: int, reason: str) -> None:
    session = Session(100)
    assert session.receive(frame(Opcode.TEXT, b"last") + frame(Opcode.CLOSE, data)) == ["last"]
    (answer,) = Peer().take(session.output())
    assert bytes(answer.data) == data
    assert session.close_info() == (code, reason)
    assert session.is_clean()
    assert session.wants_end
    assert not session.fault


def test_a_client_may_close_in_the_middle_of_a_message() -> None:
    session = Session(100)
    assert session.receive(frame(Opcode.TEXT, b"a", fin=False) + frame(Opcode.CLOSE, b"\x03\xe8")) == []
    assert session.close_info() == (1000, "")


def test_a_client_that_just_leaves_has_code_1006() -> None:
    session = Session(100)
    session.receive(frame(Opcode.TEXT, b"a", fin=False))
    session.receive_eof()
    assert session.output() == b""
    assert session.wants_end
    assert session.close_info() == (1006, "")
    assert not session.is_clean()


@pytest.mark.parametrize(
    ("code", "reason"), [(1005, ""), (1006, ""), (1015, ""), (999, ""), (1000, "é" * 62)]
)
def test_codes_and_reasons_that_may_not_be_sent(code: int, reason: str) -> None:
    with pytest.raises(ValueError, match="RFC 6455"):
        Session(100).close(code, reason)


def test_the_handshake_of_closing_begun_by_us() -> None:
    session = Session(100)
    session.close(3000, "ciao")
    session.output()
    assert not session.wants_end
    assert session.receive(frame(Opcode.TEXT, b"crossed") + frame(Opcode.CLOSE, b"\x0b\xb8")) == ["crossed"]
    assert session.output() == b""
    assert session.wants_end
    assert session.close_info() == (3000, "")


GOOD = st.builds(
    frame,
    st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.CONT, Opcode.PING, Opcode.PONG]),
    st.binary(max_size=20) | st.text(max_size=8).map(str.encode),
    st.booleans(),
)
BYTES = st.lists(GOOD | st.binary(max_size=12), max_size=8).map(b"".join)


@given(BYTES, st.lists(st.integers(1, 40), max_size=30), st.booleans())
@settings(deadline=None, max_examples=300)
def test_any_bytes_cut_in_any_way_give_the_same_and_raise_nothing(
    data: bytes, cuts: list[int], compressed: bool
) -> None:
    def run(pieces: list[bytes]) -> tuple[list[object], bool]:
        session = Session(1000, [deflate()] if compressed else [])
        messages = [message for piece in pieces if piece for message in session.receive(piece)]
        session.output()
        return messages, session.wants_end

    pieces, at = [], 0
    for size in cuts:
        pieces.append(data[at : at + size])
        at += size
    pieces.append(data[at:])
    # Which of two faults in one piece is told to the client may differ.
    assert run(pieces) == run([data])
