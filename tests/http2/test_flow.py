"""Flow control both ways (RFC 9113 section 5.2): bounded memory, and streams that do not wait for others."""

from __future__ import annotations

import json

from h2.settings import SettingCodes

from tests.support.http2_client import Http2Client
from tests.support.waiting import wait_until

WINDOW = 65535


def notes(server, name):
    with Http2Client(server.http) as other:
        return json.loads(other.get(f"/notes/{name}").body)


def test_a_client_may_send_no_more_than_the_window_before_the_application_reads(server, client):
    number = client.start("POST", "/read/10/unread-window", end=False)
    client.send(number, bytes(WINDOW))
    wait_until(lambda: notes(server, "unread-window") == ["read 10"], timeout=10, what="the first read")
    assert client.room(number) == 0
    assert client.get("/hello").status == 200  # reads what the server has sent
    assert client.h2.local_flow_control_window(number) == 0
    client.get("/open/unread-window")
    client.send(number, bytes(200_000), end=True)
    assert client.finish(number).body == str(WINDOW + 200_000).encode()


def test_uploads_that_nobody_reads_do_not_hold_up_others(client):
    stuck = [client.start("POST", "/read/0/many-stuck", end=False) for _ in range(15)]
    for number in stuck:
        client.send(number, bytes(WINDOW))
    body = bytes(300_000)
    assert client.request("POST", "/echo", body=body).body == body
    client.get("/open/many-stuck")
    for number in stuck:
        client.send(number, b"", end=True)
        assert client.finish(number).body == str(WINDOW).encode()


def test_padding_is_given_back(client):
    number = client.start("POST", "/echo", end=False)
    for _ in range(1000):
        client.receive_until(lambda: client.room(number) > 300, "room")
        client.h2.send_data(number, b"x", pad_length=255)
        client.flush()
    client.send(number, b"", end=True)
    assert client.finish(number).body == b"x" * 1000


def test_greenlets_may_write_one_reply_together(client):
    body = bytes(client.get("/together").body)
    pieces = [body[start : start + 100_000] for start in range(0, len(body), 100_000)]
    assert sorted(pieces) == [letter * 100_000 for letter in (b"a", b"b", b"c")]


def test_after_a_write_that_ended_halfway_the_stream_is_broken(server, client):
    with Http2Client(server.http, takes=False) as slow:
        reply = slow.get("/impatient")
        assert (len(reply.body), reply.ended, reply.reset) == (WINDOW, False, 2)
        assert slow.get("/status/204").status == 204
    assert client.get("/hello").status == 200


def test_a_closed_window_parks_the_application(server):
    with Http2Client(server.http, takes=False) as client:
        number = client.start("GET", "/big/parked/100")
        reply = client.replies[number]
        client.receive_until(lambda: len(reply.body) == WINDOW, "a full window")
        taken = len(notes(server, "parked"))
        assert taken <= WINDOW // 10_000 + 1
        client.h2.increment_flow_control_window(20_000, number)
        client.h2.increment_flow_control_window(20_000)
        client.flush()
        client.receive_until(lambda: len(reply.body) == WINDOW + 20_000, "more")
        client.takes = True
        client.h2.increment_flow_control_window(2_000_000, number)
        client.h2.increment_flow_control_window(2_000_000)
        client.flush()
        assert len(client.finish(number).body) == 1_000_000


def test_other_streams_go_on_while_one_is_full(server):
    with Http2Client(server.http, takes=False) as client:
        client.h2.increment_flow_control_window(1_000_000)
        full = client.start("GET", "/big/other/100")
        client.receive_until(lambda: len(client.replies[full].body) == WINDOW, "a full window")
        assert client.get("/block/50000").ended
        assert client.get("/hello").body == b"hello"


def test_a_window_that_is_opened_by_settings(server):
    with Http2Client(server.http, window=0, takes=False) as client:
        number = client.start("GET", "/hello")
        reply = client.replies[number]
        client.receive_until(lambda: reply.headers, "the head")
        assert not reply.body
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 2})
        client.flush()
        client.receive_until(lambda: reply.body == b"he", "two bytes")
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 100})
        client.flush()
        assert client.finish(number).body == b"hello"


def test_streams_share_the_connections_window(server):
    with Http2Client(server.http, window=1 << 20) as client:
        numbers = [client.start("GET", f"/big/shared-{number}/40") for number in range(8)]
        assert [len(client.finish(number).body) for number in numbers] == [400_000] * 8


def test_a_client_that_takes_nothing_is_given_up(start_http2):
    server = start_http2("--socket-timeout", "1")
    with Http2Client(server.http, takes=False) as client:
        number = client.start("GET", "/big/never/100")
        assert client.finish(number).reset == 2
        assert notes(server, "never")[-1] in ("WriteTimeout", "GeneratorExit")
        assert client.get("/status/204").status == 204
    server.wait_for_log("the client took nothing for 1 seconds")


def test_a_body_that_does_not_come_gets_408(start_http2):
    server = start_http2("--socket-timeout", "1")
    with Http2Client(server.http) as client:
        number = client.start("POST", "/echo", end=False)
        client.send(number, b"a")
        assert client.finish(number).status == 408
        assert client.get("/hello").status == 200


def test_a_page_that_nobody_waits_for_is_given_up_too(start_http2):
    server = start_http2("--socket-timeout", "1")
    with Http2Client(server.http, window=0) as client:
        number = client.start("GET", "/hello", [("expect", "miracles")])
        assert client.replies[number].status in (0, 417)
        assert client.finish(number).reset == 8
        assert client.replies[number].status == 417
