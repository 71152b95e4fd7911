"""Any sequence of what an application can do gives a reply that another reader (h11) reads the same way."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ReplyError
from engine.request.body import EMPTY_BODY
from engine.request.exchange import Exchange
from tests.engine.request.fakes import FakeLink, get

h11 = pytest.importorskip("h11")

STATUSES = ["200 OK", "204 No Content", "205 Reset Content", "304 Not Modified", "404 Not Found", "501 Oops"]
SOUND = [("X", "1"), ("Trailer", "X-Sum"), ("Connection", "close"), ("Set-Cookie", "a=b"), ("Y", "\xe9\t")]
BROKEN = [("X", "a\r\nb"), ("X", "\0"), ("A\n", "b"), ("Transfer-Encoding", "chunked"), ("", "a"), ("X", "€")]
PIECES = st.lists(
    st.sampled_from([b"", b"a", b"bc", b"d" * 40, b"HTTP/1.1 200 OK\r\n\r\n", b"0\r\n\r\n"]), max_size=4
)
HINT = ("hint", [("Link", "</a>")])
TRAILERS = ("trailers", [("X-Sum", "1")])


@dataclass
class Reader:
    """What h11 made of the wire."""

    body: bytes = b""
    complete: bool = False
    hints: int = 0
    trailers: list = field(default_factory=list)
    status: int = 0
    rest: bytes = b""


def read(wire: bytes, method: str) -> Reader:
    """Read one reply as a client does, the end of the connection included."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(wire)
    client.receive_data(b"")
    found = Reader()
    while True:
        try:
            event = client.next_event()
        except h11.RemoteProtocolError:
            return found
        if isinstance(event, h11.InformationalResponse):
            found.hints += 1
        elif isinstance(event, h11.Response):
            found.status = event.status_code
        elif isinstance(event, h11.Data):
            found.body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            found.complete = True
            found.trailers = list(event.headers)
            found.rest = client.trailing_data[0]
            return found
        else:
            return found


def perform(exchange: Exchange, status, headers, steps, fail_at) -> BaseException | None:
    """Do as the WSGI adapter: note what goes wrong, then page or cut."""
    try:
        exchange.start_response(status, headers)
        for number, (kind, argument) in enumerate(steps):
            if number == fail_at:
                raise RuntimeError("the application failed")
            if kind == "hint":
                exchange.early_hints(argument)
            elif kind == "trailers":
                exchange.send_trailers(argument)
            elif kind == "all":
                exchange.send_all(argument)
            else:
                exchange.write(argument)
        exchange.finish()
    except Exception as error:
        if not exchange.is_sent():
            exchange.replace("500 Internal Server Error", [], b"page")
        elif not exchange.is_ended():
            exchange.cut()
        return error
    return None


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_another_reader_reads_what_the_application_meant(data):
    method = data.draw(st.sampled_from(["GET", "HEAD"]))
    status = data.draw(st.sampled_from(STATUSES))
    headers = data.draw(st.lists(st.sampled_from(SOUND), max_size=3, unique=True))
    pieces = data.draw(PIECES)
    size = len(b"".join(pieces))
    length = data.draw(st.sampled_from([None, None, size, size + 1, max(0, size - 1)]))
    if length is not None:
        headers.append(("Content-Length", str(length)))
    if data.draw(st.integers(0, 7)) == 0:
        headers.append(data.draw(st.sampled_from(BROKEN)))
    extras = data.draw(st.lists(st.sampled_from([HINT, TRAILERS]), max_size=3))
    kind = "all" if len(pieces) == 1 and data.draw(st.booleans()) else "write"
    steps = [*extras, *((kind, piece) for piece in pieces)]
    if data.draw(st.integers(0, 3)) == 0:
        steps.append(TRAILERS)
    fail_at = data.draw(st.sampled_from([None, None, 0, 1, 2]))
    keep_alive = data.draw(st.booleans())
    link = FakeLink()
    head = get(keep_alive=keep_alive)
    head.method = method
    exchange = Exchange(link, head, EMPTY_BODY)
    error = perform(exchange, status, headers, steps, fail_at)
    found = read(link.wire, method)

    assert link.wire.count(b"HTTP/1.1 ") >= 1 + found.hints
    assert found.status == (500 if b" 500 Internal" in link.wire else int(status[:3]))
    assert found.rest == b"", "bytes behind the end"
    assert found.hints <= extras.count(HINT)
    if error is None:
        assert found.complete
        silent = method == "HEAD" or status[:3] in ("204", "205", "304")
        assert found.body == (b"" if silent else b"".join(pieces))
        if found.trailers:
            assert found.trailers == [(b"x-sum", b"1")]
            assert TRAILERS in steps
    elif found.status != int(status[:3]):
        assert found.complete
        assert found.body == (b"" if method == "HEAD" else b"page")
    elif found.complete and method == "GET" and status[:3] in ("200", "404", "501"):
        # Whole all the same: too long and cut off at its length, or all of it was sent before.
        assert isinstance(error, ReplyError | RuntimeError)
        assert len(found.body) == (size if length is None and kind == "all" else length)
    if found.complete and link.ended == [True]:
        assert keep_alive
    assert len(link.ended) == 1
