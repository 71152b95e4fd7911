"""Clients that make work, and what it costs them."""

from __future__ import annotations

import json

import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tests.support.http2_client import Http2Client
from tests.support.waiting import wait_until

CALM = 11  # ENHANCE_YOUR_CALM
REFUSED = 7


def notes(server, name):
    with Http2Client(server.http) as other:
        return json.loads(other.get(f"/notes/{name}").body)


def end_of(client, make, count=20_000):
    """Send frames until the server has had enough; return the code of its GOAWAY."""
    try:
        for start in range(0, count, 500):
            client.send_raw(b"".join(make(number) for number in range(start, start + 500)))
    except OSError:
        pass  # it has closed
    return client.receive_end()


def still_serves(server):
    with Http2Client(server.http) as client:
        return client.get("/hello").status == 200


def block(client, path, *more):
    pseudo = [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", path)]
    return client.h2.encoder.encode([*pseudo, *more])


def ping(number):
    return PingFrame(0, opaque_data=b"12345678").serialize()


def settings(number):
    return SettingsFrame(0, settings={4: 65535 + number % 2}).serialize()


def priority(number):
    return PriorityFrame(2 * number + 1, depends_on=0, stream_weight=1).serialize()


def window(number):
    return WindowUpdateFrame(0, window_increment=1).serialize()


def unknown(number):
    return b"\0\0\0\x77\0\0\0\0\0"


FLOODS = {"ping": ping, "settings": settings, "priority": priority, "window": window, "unknown": unknown}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_of_frames_that_bring_nothing(server, client, kind):
    assert end_of(client, FLOODS[kind]) == CALM
    assert still_serves(server)


def test_a_flood_of_empty_data(server, client):
    number = client.start("POST", "/echo", end=False)
    assert end_of(client, lambda _: DataFrame(number).serialize()) == CALM
    assert still_serves(server)


def test_some_pings_are_answered(client):
    for _ in range(200):
        client.h2.ping(b"12345678")
    client.flush()
    client.receive_until(lambda: client.pongs == 200, "200 answers")


def test_rapid_reset(server, client):
    """CVE-2023-44487: open and reset; no more run at once than may be open, and then it is enough."""
    client.get("/hello")
    path = block(client, "/wait/rapid")
    seen = iter(range(3, 1 << 20, 2))

    def make(_):
        number = next(seen)
        head = HeadersFrame(number, data=path, flags=["END_HEADERS", "END_STREAM"])
        return head.serialize() + RstStreamFrame(number, error_code=8).serialize()

    assert end_of(client, make) == CALM
    assert len([note for note in notes(server, "rapid") if note == "waiting"]) <= 100
    with Http2Client(server.http) as other:
        other.get("/open/rapid")


def test_requests_of_streams_that_were_reset_count_until_they_end(start_http2):
    server = start_http2("--http2-max-streams", "4")
    with Http2Client(server.http) as client:
        for _ in range(4):
            number = client.start("GET", "/wait/counted")
            wait_until(lambda: "waiting" in notes(server, "counted"), timeout=10, what="a request")
            client.h2.reset_stream(number)
        client.flush()
        wait_until(lambda: notes(server, "counted") == ["waiting"] * 4, timeout=10, what="four requests")
        assert client.finish(client.start("GET", "/hello")).reset == REFUSED
        with Http2Client(server.http) as other:
            other.get("/open/counted")
        wait_until(
            lambda: client.finish(client.start("GET", "/hello")).status == 200, timeout=10, what="room again"
        )


def test_more_streams_than_allowed_are_refused(start_http2):
    server = start_http2("--http2-max-streams", "3")
    with Http2Client(server.http) as client:
        numbers = [client.start("GET", "/wait/four", flush=False) for _ in range(4)]
        client.flush()
        assert client.finish(numbers[3]).reset == REFUSED
        assert client.h2.remote_settings.max_concurrent_streams == 3
        with Http2Client(server.http) as other:
            other.get("/open/four")
        assert [client.finish(number).body for number in numbers[:3]] == [b"waited"] * 3
        assert client.get("/hello").status == 200


def test_thousands_of_requests_at_once(server, client):
    """More than are allowed, in one go: refused, and soon the client is told to go."""
    client.get("/hello")
    path = block(client, "/hello")
    numbers = range(3, 40_003, 2)
    heads = [HeadersFrame(n, data=path, flags=["END_HEADERS", "END_STREAM"]).serialize() for n in numbers]
    try:
        client.send_raw(b"".join(heads))
    except OSError:
        pass  # it has closed
    assert client.receive_end() in (CALM, None)
    assert still_serves(server)


def test_streams_that_the_server_is_made_to_reset(server, client):
    """CVE-2025-8671: a client breaks streams so that it is the server that resets them."""
    client.get("/hello")
    seen = iter(range(3, 1 << 20, 2))
    path = block(client, "/hello", ("X", "1"))
    head = HeadersFrame(1, data=path, flags=["END_HEADERS", "END_STREAM"])

    def make(_):
        head.stream_id = next(seen)
        return head.serialize()

    assert end_of(client, make) == CALM
    assert still_serves(server)


def test_continuation_flood(server, client):
    head = HeadersFrame(1, data=b"", flags=[]).serialize()
    client.send_raw(head)
    end_of(client, lambda _: ContinuationFrame(1, data=b"\x82").serialize(), 1000)
    assert client.goaway in (1, CALM)
    assert still_serves(server)


def test_header_lists_that_grow_when_decompressed(server, client):
    """A few bytes that stand for megabytes: one long field, and many references to it."""
    data = block(client, "/", ("x", "y" * 3000)) + b"\xbe" * 4000
    client.send_raw(HeadersFrame(1, data=data, flags=["END_HEADERS", "END_STREAM"]).serialize())
    assert client.receive_end() == CALM
    assert still_serves(server)


def test_headers_somewhat_above_the_limit_get_431(start_http2):
    server = start_http2("--buffer-size", "4096")
    with Http2Client(server.http) as client:
        assert client.get("/hello", [("x", "y" * 5000)]).status == 431
        assert client.get("/hello", [("x", "y" * 3000)]).status == 200


def test_answers_that_nobody_reads_are_not_piled_up(server):
    """Pings whose answers stay unread: the server stops reading."""
    with Http2Client(server.http, timeout=1.0) as client:
        client.sock.settimeout(1.0)
        assert end_of(client, ping, 200_000) in (CALM, None)
    assert still_serves(server)


def test_a_connection_that_says_nothing_is_closed(start_http2):
    server = start_http2("--http-headers-timeout", "1")
    with Http2Client(server.http) as client:
        assert client.receive_end() == 0


def test_an_idle_connection_is_told_and_closed(start_http2):
    server = start_http2("--http-keepalive=2")
    with Http2Client(server.http) as client:
        assert client.get("/hello").status == 200
        assert client.receive_end() == 0
        assert client.last_stream == 1


def test_a_head_that_does_not_end(start_http2):
    server = start_http2("--http-headers-timeout", "1")
    with Http2Client(server.http) as client:
        assert client.get("/hello").status == 200
        client.send_raw(HeadersFrame(3, data=block(client, "/hello"), flags=["END_STREAM"]).serialize())
        assert client.receive_end() == 0
