"""Requests of the wire corpus in any sequence, cut anywhere: a real server answers each once."""

from __future__ import annotations

import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.protocols.events import BadRequest, BodyEnd, RequestHead
from engine.protocols.limits import DEFAULT_LIMITS
from tests.e2e.conftest import APPS
from tests.requests import INVALID, VALID
from tests.requests.replay import pieces_of, replay
from tests.support.engine_process import EngineProcess
from tests.support.http_client import HttpConnection, request_bytes

pytestmark = pytest.mark.engine_only("uWSGI closes after each request")

GOOD = [case[0] for case in VALID.values() if len(case[0]) < 2000]
BAD = [case[0] for case in INVALID.values() if case[2] is DEFAULT_LIMITS and len(case[0]) < 2000]


@pytest.fixture(scope="module")
def server():
    options = ["--chdir", str(APPS), "--gevent", "4", "--socket-timeout", "5", "--module", "replies"]
    with EngineProcess(*options) as engine:
        yield engine.wait_ready()


def expected_replies(wire: bytes) -> tuple[list[tuple[str, int]], bool]:
    """Method and status of each reply to come, and whether the connection stays open."""
    replies: list[tuple[str, int]] = []
    head: RequestHead | None = None
    for event in replay([wire]):
        if type(event) is RequestHead:
            head = event
        elif type(event) is BodyEnd:
            assert head is not None
            replies.append((head.method, 200))
            if not head.keep_alive:
                return replies, False
            head = None
        elif type(event) is BadRequest:
            method = head.method if head is not None else "HEAD" if event.head_only else "GET"
            replies.append((method, event.status))
            return replies, False
    return replies, True


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_request_of_a_sequence_gets_its_reply_and_nothing_else_does(server, data):
    wires = data.draw(st.lists(st.sampled_from(GOOD), min_size=1, max_size=5))
    if data.draw(st.booleans()):
        wires.insert(data.draw(st.integers(0, len(wires))), data.draw(st.sampled_from(BAD)))
    wire = b"".join(wires)
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=6))
    half_close = data.draw(st.booleans())
    replies, stays_open = expected_replies(wire)
    with HttpConnection(server.http) as client:
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces_of(wire, cuts):
                client.send(piece)
            if half_close:
                client.sock.shutdown(socket.SHUT_WR)
        except OSError:
            assert not stays_open
        for method, status in replies:
            response = client.reader.read(method=method)
            assert (response.status, response.complete) == (status, True)
        if stays_open and not half_close:
            client.send(request_bytes("GET", "/no-length/299"))
            assert client.reader.read().status == 299
        else:
            assert client.is_closed_by_server()
