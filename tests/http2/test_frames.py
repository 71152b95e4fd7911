"""Frames that break the rules (RFC 9113 sections 3 to 6), as h2spec sends them."""

from __future__ import annotations

import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tests.support.addresses import connect
from tests.support.http2_client import Http2Client

NO_ERROR, PROTOCOL, FLOW, CLOSED, SIZE, COMPRESSION = 0, 1, 3, 5, 6, 9


def raw(kind, flags=0, stream=0, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def head(client, path="/hello", number=1, flags=("END_HEADERS", "END_STREAM"), **more):
    block = client.h2.encoder.encode(
        [(":method", "POST"), (":scheme", "http"), (":authority", "localhost"), (":path", path)]
    )
    return HeadersFrame(number, data=block, flags=list(flags), **more).serialize()


BROKEN = {
    # section 4.2, 6.x: sizes
    "frame above the size allowed": (lambda c: raw(0, 0, 1, bytes(16385)), SIZE),
    "ping of 7 bytes": (lambda c: raw(6, 0, 0, bytes(7)), SIZE),
    "settings of 5 bytes": (lambda c: raw(4, 0, 0, bytes(5)), SIZE),
    "settings ack with payload": (lambda c: raw(4, 1, 0, bytes(6)), SIZE),
    "window update of 3 bytes": (lambda c: raw(8, 0, 0, bytes(3)), SIZE),
    "reset of 3 bytes": (lambda c: head(c, "/wait/x", flags=["END_HEADERS"]) + raw(3, 0, 1, bytes(3)), SIZE),
    # section 4.3: compression
    "no HPACK": (lambda c: raw(1, 5, 1, b"\xff\xff\xff\xff\xff\xff"), COMPRESSION),
    "HPACK index that is not there": (lambda c: raw(1, 5, 1, b"\xfe"), COMPRESSION),
    # section 5.1: states
    "data on an idle stream": (lambda c: DataFrame(1, data=b"x").serialize(), PROTOCOL),
    "reset of an idle stream": (lambda c: RstStreamFrame(1).serialize(), PROTOCOL),
    "window update of an idle stream": (
        lambda c: WindowUpdateFrame(1, window_increment=1).serialize(),
        PROTOCOL,
    ),
    "continuation of nothing": (lambda c: ContinuationFrame(1, data=b"").serialize(), PROTOCOL),
    # section 5.1.1: numbers
    "stream of an even number": (lambda c: head(c, number=2), PROTOCOL),
    "stream 0": (lambda c: raw(1, 5, 0, b"\x82"), PROTOCOL),
    # section 6: where frames belong
    "data on stream 0": (lambda c: raw(0, 0, 0, b"x"), PROTOCOL),
    "settings on a stream": (lambda c: raw(4, 0, 1), PROTOCOL),
    "ping on a stream": (lambda c: raw(6, 0, 1, bytes(8)), PROTOCOL),
    "goaway on a stream": (lambda c: raw(7, 0, 1, bytes(8)), PROTOCOL),
    "reset on stream 0": (lambda c: raw(3, 0, 0, bytes(4)), PROTOCOL),
    "push from a client": (
        lambda c: (
            head(c, "/wait/x", flags=["END_HEADERS"])
            + PushPromiseFrame(1, promised_stream_id=2, data=b"\x82", flags=["END_HEADERS"]).serialize()
        ),
        PROTOCOL,
    ),
    # section 6.1, 6.2: padding
    "padding longer than the frame": (
        lambda c: head(c, "/wait/x", flags=["END_HEADERS"]) + raw(0, 8, 1, b"\x05abc"),
        PROTOCOL,
    ),
    # section 6.2, 6.10: nothing between the parts of a head
    "another frame within a head": (
        lambda c: HeadersFrame(1, data=b"\x82", flags=[]).serialize() + raw(6, 0, 0, bytes(8)),
        PROTOCOL,
    ),
    "another stream within a head": (
        lambda c: HeadersFrame(1, data=b"\x82", flags=[]).serialize() + ContinuationFrame(3).serialize(),
        PROTOCOL,
    ),
    # section 6.5.2: values
    "ENABLE_PUSH 2": (lambda c: SettingsFrame(0, settings={2: 2}).serialize(), PROTOCOL),
    "INITIAL_WINDOW_SIZE 2**31": (lambda c: SettingsFrame(0, settings={4: 1 << 31}).serialize(), FLOW),
    "MAX_FRAME_SIZE 100": (lambda c: SettingsFrame(0, settings={5: 100}).serialize(), PROTOCOL),
    # section 6.9: windows
    "window update of 0": (lambda c: raw(8, 0, 0, bytes(4)), PROTOCOL),
    "connection window above 2**31-1": (
        lambda c: WindowUpdateFrame(0, window_increment=(1 << 31) - 1).serialize(),
        FLOW,
    ),
    # section 8.1
    "trailers that do not end the stream": (
        lambda c: (
            head(c, "/wait/x", flags=["END_HEADERS"])
            + HeadersFrame(1, data=c.h2.encoder.encode([("x", "1")]), flags=["END_HEADERS"]).serialize()
        ),
        PROTOCOL,
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_connection_that_breaks_the_protocol_ends_with_its_code(client, case):
    make, code = BROKEN[case]
    client.send_raw(make(client))
    assert client.receive_end() == code


def test_more_data_than_the_stream_window(client):
    client.send_raw(head(client, "/wait/never-read", flags=["END_HEADERS"]))
    client.send_raw(b"".join(DataFrame(1, data=bytes(16384)).serialize() for _ in range(5)))
    assert client.receive_end() == FLOW


def test_a_stream_window_above_the_limit_costs_the_stream(client):
    number = client.start("GET", "/wait/window")
    client.send_raw(WindowUpdateFrame(number, window_increment=(1 << 31) - 1).serialize())
    assert client.finish(number).reset == FLOW
    assert client.get("/hello").status == 200


def test_a_number_that_was_used(client):
    assert client.get("/hello").status == 200
    client.send_raw(head(client, number=1))
    assert client.receive_end() in (PROTOCOL, CLOSED)


def test_numbers_go_up(client):
    client.send_raw(head(client, number=5) + head(client, number=3))
    assert client.receive_end() in (PROTOCOL, CLOSED)


def test_data_after_the_end_of_a_request(client):
    number = client.start("GET", "/wait/half-closed")
    client.send_raw(DataFrame(number, data=b"x").serialize())
    assert client.finish(number).reset == CLOSED


def test_frames_of_unknown_kinds_are_ignored(client):
    client.send_raw(raw(0x77, 0xFF, 0, b"what") + raw(0x78, 0, 1, b"ever"))
    assert client.get("/hello").status == 200


def test_unknown_settings_are_ignored(client):
    client.send_raw(SettingsFrame(0, settings={0x7777: 1}).serialize())
    assert client.get("/hello").status == 200


def test_priorities_are_ignored(client):
    client.send_raw(raw(2, 0, 1, bytes(4) + b"\x10"))
    number = client.h2.get_next_available_stream_id()
    client.h2.send_headers(
        number,
        [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/hello")],
        end_stream=True,
        priority_weight=5,
        priority_depends_on=0,
    )
    client.flush()
    client.receive_until(lambda: number in client.replies and client.replies[number].ended, "the reply")


def test_a_head_in_many_frames(client):
    pseudo = [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/hello")]
    block = client.h2.encoder.encode([*pseudo, ("x", "y" * 40)])
    wire = HeadersFrame(1, data=block[:10], flags=["END_STREAM"]).serialize()
    wire += ContinuationFrame(1, data=block[10:20]).serialize()
    wire += ContinuationFrame(1, data=block[20:], flags=["END_HEADERS"]).serialize()
    client.send_raw(wire)
    data = b""  # the client's h2 knows nothing of this stream
    while b"hello" not in data:
        data += client.sock.recv(65536)


def test_bytes_one_by_one(server):
    with Http2Client(server.http) as client:
        client.h2.send_headers(
            1,
            [(":method", "POST"), (":scheme", "http"), (":authority", "localhost"), (":path", "/echo")],
        )
        client.h2.send_data(1, b"slowly", end_stream=True)
        for byte in client.h2.data_to_send():
            client.sock.sendall(bytes([byte]))
        client.receive_until(lambda: 1 in client.replies and client.replies[1].ended, "the reply")
        assert client.replies[1].body == b"slowly"


@pytest.mark.parametrize(
    "preface", [b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\n\r\n\r\n\r\n\r\n"]
)
def test_what_is_almost_a_preface_is_no_http(server, preface):
    with connect(server.http, timeout=10) as sock:
        sock.sendall(preface + SettingsFrame(0).serialize())
        data = b""
        while piece := sock.recv(65536):
            data += piece
    assert data.startswith(b"HTTP/1.1 ")
    assert data.split()[1][:1] in (b"4", b"5")


def test_a_preface_in_pieces(server):
    with Http2Client(server.http) as client:
        assert client.get("/hello").status == 200
    with connect(server.http, timeout=10) as sock:
        for part in (b"PRI", b" * HTTP/2.0\r\n", b"\r\nSM\r\n\r\n", SettingsFrame(0).serialize()):
            sock.sendall(part)
        assert sock.recv(9)[3] == 4  # the server's SETTINGS


def test_http1_on_the_same_socket(server):
    with connect(server.http, timeout=10) as sock:
        sock.sendall(b"P")
        sock.sendall(b"OST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        data = b""
        while piece := sock.recv(65536):
            data += piece
    assert data.startswith(b"HTTP/1.1 200 OK")
    assert data.endswith(b"\r\n\r\nok")


def test_requests_before_a_clients_goaway_are_answered(client):
    number = client.start("GET", "/wait/goaway")
    client.send_raw(GoAwayFrame(0, last_stream_id=0).serialize())
    with Http2Client(client.sock.getpeername()) as other:
        other.get("/open/goaway")
    assert client.finish(number).body == b"waited"
    assert client.receive_end() == NO_ERROR
