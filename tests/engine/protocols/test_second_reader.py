"""What we and another reader (h11) both accept means the same to both: nothing is smuggled."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.protocols.events import BodyChunk, BodyEnd, RequestHead
from tests.requests import INVALID, VALID
from tests.requests.replay import replay

h11 = pytest.importorskip("h11")

WIRES = [case[0] for case in [*VALID.values(), *INVALID.values()] if len(case[0]) < 1000]
CONFUSING = [
    b"\r",
    b"\n",
    b"\r\n",
    b" ",
    b"\t",
    b"\0",
    b";",
    b",",
    b"0",
    b"1",
    b"+",
    b"_",
    b"chunked",
    b"\x85",
]
ALTERNATIVES = [
    b"Content-Length: 3\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
]


def ours(wire: bytes) -> list[tuple[str, bytes, bytes]]:
    """Method, target and body of each request that is complete."""
    found: list[tuple[str, bytes, bytes]] = []
    head, body = None, b""
    for event in replay([wire]):
        if type(event) is RequestHead:
            head, body = event, b""
        elif type(event) is BodyChunk:
            body += event.data
        elif type(event) is BodyEnd and head is not None:
            found.append((head.method, head.target, body))
    return found


def theirs(wire: bytes) -> list[tuple[str, bytes, bytes]]:
    """The same as h11 sees it, up to where it refuses."""
    server = h11.Connection(h11.SERVER, max_incomplete_event_size=100_000)
    server.receive_data(wire)
    found: list[tuple[str, bytes, bytes]] = []
    head, body = None, b""
    while True:
        try:
            event = server.next_event()
        except h11.RemoteProtocolError:
            return found
        if isinstance(event, h11.Request):
            head, body = event, b""
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            found.append((head.method.decode(), head.target, body))
            server.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
            server.send(h11.EndOfMessage())
            if server.our_state is h11.MUST_CLOSE:
                return found
            server.start_next_cycle()
        else:
            return found


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_both_accept_is_the_same(data):
    wire = b"".join(data.draw(st.lists(st.sampled_from(WIRES), min_size=1, max_size=3)))
    places = st.tuples(st.integers(0, len(wire)), st.integers(0, 2), st.sampled_from([b"", *CONFUSING]))
    for place, removed, added in data.draw(st.lists(places, max_size=3)):
        wire = wire[:place] + added + wire[place + removed :]
    if data.draw(st.booleans()):
        lines = wire.split(b"\r\n")
        line = data.draw(st.integers(1, max(1, len(lines) - 1)))
        lines[line:line] = [data.draw(st.sampled_from(ALTERNATIVES))[:-2]]
        wire = b"\r\n".join(lines)
    for mine, other in zip(ours(wire), theirs(wire), strict=False):
        assert mine == other
