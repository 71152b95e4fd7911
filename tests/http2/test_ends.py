"""How streams, connections and workers end."""

from __future__ import annotations

import json
import signal

import pytest

from tests.support.http2_client import Http2Client
from tests.support.waiting import wait_until

CANCEL = 8


def notes(server, name):
    with Http2Client(server.http) as other:
        return json.loads(other.get(f"/notes/{name}").body)


def wait_for_note(server, name, note):
    wait_until(lambda: note in str(notes(server, name)), timeout=10, what=f"{note!r} in the notes of {name}")


def test_a_reset_stream_has_lost_its_client_and_the_others_have_not(server, client):
    other = client.start("GET", "/wait/reset-other")
    number = client.start("POST", "/read/5/reset-body", end=False)
    client.send(number, b"12345")
    wait_for_note(server, "reset-body", "read 5")
    client.h2.reset_stream(number, CANCEL)
    client.flush()
    client.get("/open/reset-body")
    wait_for_note(server, "reset-body", "ClientDisconnected")
    client.get("/open/reset-other")
    assert client.finish(other).body == b"waited"


def test_a_parked_writer_hears_that_its_stream_was_reset(server):
    with Http2Client(server.http, takes=False) as client:
        number = client.start("GET", "/big/reset-writer/100")
        client.receive_until(lambda: len(client.replies[number].body) == 65535, "a full window")
        client.h2.reset_stream(number, CANCEL)
        client.flush()
        wait_for_note(server, "reset-writer", "GeneratorExit")
        assert client.get("/status/204").status == 204


def test_a_connection_that_breaks_off_takes_all_its_streams_along(server):
    with Http2Client(server.http) as client:
        for name in ("lost-a", "lost-b"):
            number = client.start("POST", f"/read/3/{name}", end=False)
            client.send(number, b"123")
            wait_for_note(server, name, "read 3")
    for name in ("lost-a", "lost-b"):
        with Http2Client(server.http) as other:
            other.get(f"/open/{name}")
        wait_for_note(server, name, "ClientDisconnected")


def test_kill_on_disconnect_ends_the_request_of_a_reset_stream(start_http2):
    server = start_http2("--kill-on-disconnect")
    with Http2Client(server.http) as client:
        number = client.start("GET", "/hold/killed")
        wait_for_note(server, "killed", "waiting")
        client.h2.reset_stream(number, CANCEL)
        client.flush()
        wait_for_note(server, "killed", "ClientLeftError")
        assert client.get("/hello").status == 200


def test_a_request_that_waits_for_a_core_and_is_reset_never_runs(start_http2):
    server = start_http2("--gevent=1")
    with Http2Client(server.http) as client:
        first = client.start("POST", "/echo", end=False)
        second = client.start("GET", "/wait/never-run")
        server.wait_for_log("async queue is full")
        client.h2.reset_stream(second, CANCEL)
        client.send(first, b"", end=True)
        assert client.finish(first).status == 200
        assert json.loads(client.get("/notes/never-run").body) == []


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_worker_that_ends_finishes_the_open_streams(start_http2, stop, loop):
    server = start_http2("--loop-backend", loop)
    with Http2Client(server.http) as client, Http2Client(server.http) as idle:
        assert idle.get("/hello").status == 200
        number = client.start("POST", "/echo", end=False)
        client.send(number, b"begun")
        server.signal(stop)
        client.receive_until(lambda: client.goaway is not None, "GOAWAY")
        assert (client.goaway, client.last_stream) == (0, number)
        later = client.start("GET", "/hello")
        assert client.finish(later).reset == 7  # REFUSED_STREAM: safe to be sent again
        client.send(number, b" and ended", end=True)
        assert client.finish(number).body == b"begun and ended"
        assert client.receive_end() == 0
        assert idle.receive_end() == 0
        assert idle.last_stream == 1
    assert server.wait_exit() == 0


def test_a_worker_that_has_served_its_requests_hands_over(start_http2):
    server = start_http2("--master", "--max-requests", "3", "--min-worker-lifetime", "0")
    seen = set()
    for _ in range(4):
        with Http2Client(server.http) as client:
            while client.goaway is None:
                number = client.start("GET", "/pid")
                try:
                    reply = client.finish(number)
                except AssertionError:
                    assert client.goaway == 0
                    assert client.last_stream < number  # so it may be sent again
                    break
                if reply.reset is None:
                    seen.add(bytes(reply.body))
                else:
                    assert reply.reset == 7
            assert client.receive_end() == 0
    assert len(seen) > 1


def test_keepalive_0_ends_the_connection_with_its_last_stream(start_http2):
    server = start_http2("--http-keepalive=0")
    with Http2Client(server.http) as client:
        number = client.start("POST", "/echo", end=False)
        assert client.get("/hello").status == 200
        client.send(number, b"", end=True)
        assert client.finish(number).status == 200
        assert client.receive_end() == 0


def test_a_client_that_has_sent_all_it_will_is_gone(server):
    """It could not open windows any more; a writer that waits for one must not wait for long."""
    with Http2Client(server.http, takes=False) as client:
        number = client.start("GET", "/big/half-closed/100")
        client.receive_until(lambda: len(client.replies[number].body) == 65535, "a full window")
        client.sock.shutdown(1)
        wait_for_note(server, "half-closed", "GeneratorExit")
        client.receive_end()


def test_a_body_that_nobody_reads_does_not_keep_the_worker(start_http2):
    server = start_http2()
    with Http2Client(server.http) as client:
        read = client.start("POST", "/unread", [("content-length", "1000")], end=False)
        assert client.finish(read).body == b"unread"
        server.signal(signal.SIGTERM)
        client.receive_until(lambda: client.replies[read].reset is not None, "RST_STREAM")
        assert client.receive_end() == 0
    assert server.wait_exit(timeout=10) == 0
