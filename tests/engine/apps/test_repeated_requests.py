"""What is kept of requests shows in none: each reads as it would on the first connection of a new server.

Parsers keep field sections, spellings of names and the last host; environs keep the variables of sections and
names.  Here connections share all of that, with applications that change what they are given; the same bytes
then go to a new parser for each request, with nothing kept.
"""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.apps.asgi.scope import ScopeBuilder
from engine.apps.wsgi.environ import EnvironBuilder
from engine.protocols.events import BodyChunk, RequestHead
from engine.protocols.http1.names import LOWER
from engine.protocols.http1.parser import Http1Parser
from engine.protocols.limits import Limits
from engine.protocols.sections import KEPT, LONGEST
from engine.pywsgi.request import fill_environ
from engine.request.body import EMPTY_BODY
from engine.request.exchange import Exchange
from tests.engine.request.fakes import FakeLink
from tests.requests.replay import pieces_of

LIMITS = [Limits(), Limits(header_count=5), Limits(header_bytes=120), Limits(request_line=32, body=4)]
FACTS = {"SERVER_NAME": "n", "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "SSL_CLIENT": "x"}


class Reader:
    """Reads connections; remembers each request as an application sees it."""

    def __init__(self, limits: Limits, environs: EnvironBuilder) -> None:
        self.limits = limits
        self.environs = environs
        self.scopes = ScopeBuilder("", False, {})
        self.template = FACTS
        self.seen: list[object] = []
        self.reusable = True

    def take(self, events) -> None:
        for event in events:
            if type(event) is RequestHead:
                self.reusable = event.keep_alive
                self.seen.append(self.told(event))
            elif type(event) is BodyChunk and self.seen and type(self.seen[-1]) is bytes:
                self.seen[-1] += event.data
            else:
                self.seen.append(event.data if type(event) is BodyChunk else event)

    def told(self, head: RequestHead) -> object:
        """All that a server and its applications find out about a request; the latter are careless."""
        told = [getattr(head, name) for name in RequestHead.__slots__ if name not in ("headers", "section")]
        told += head.headers
        link = FakeLink()
        link.memo = (None, None, "http", None)
        exchange = Exchange(link, head, EMPTY_BODY)
        size = exchange.request_bytes()
        environ = self.environs.build(exchange, self.template)
        plain = {k: v if isinstance(v, str | bool | tuple) else type(v) for k, v in environ.items()}
        environ["HTTP_ADDED"] = "by an application"
        environ.pop("HTTP_HOST", None)
        scope = self.scopes.build(head, link)
        fields = list(scope["headers"])
        scope["headers"].append((b"added", b"by an application"))
        return told, plain, fields, size

    def read(self, pieces, late: bool) -> None:
        """Read a connection, cut in pieces; answer at once, or when all has arrived."""
        self.reusable = True
        parser = Http1Parser(self.limits)
        for piece in pieces:
            self.take(parser.receive(piece))
            if not late:
                self.answer(parser)
        self.answer(parser)

    def answer(self, parser: Http1Parser) -> None:
        while parser.is_done() and self.reusable:
            events = parser.next_request()
            self.take(events)
            if not events:
                break


def read_one_by_one(wire: bytes, limits: Limits) -> list[object]:
    """What each request of a connection is where nothing came before."""
    seen: list[object] = []
    while wire:
        KEPT.clear()
        LOWER.clear()
        reader = Reader(limits, EnvironBuilder(multiprocess=False))
        parser = Http1Parser(limits)
        reader.take(parser.receive(wire))
        seen += reader.seen
        if not (parser.is_done() and reader.reusable):
            break
        wire = parser.take_remaining()
    return seen


def section(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n"


USUAL = st.sampled_from(
    [
        b"User-Agent: x",
        b"user-agent:  x \t",
        b"Cookie: a=1",
        b"Cookie: b=2",
        b"Connection: keep-alive",
        b"Accept:",
        b"TE: trailers",
        b"Content-Type: a/b",
        b"content-type: c/d",
        b"X_A: spoof",
        b"X-A: \xe9\t\xff",
        b"x-a: 2",
        b"ADDED: 1",
        b"Range: bytes=0-1",
        b"Upgrade: websocket",
    ]
)
SPECIAL = st.sampled_from(
    [
        b"Host: b",
        b"Host: a b",
        b"Connection: close",
        b"Connection: Upgrade",
        b"Upgrade: h2c",
        b"Expect: 100-continue",
        b"Content-Length: 0",
        b"Content-Length: 3",
        b"Transfer-Encoding: chunked",
        b"X-\xe9: a",
        b"X: \0",
        b"X : a",
        b" folded",
        b"X",
        b"X: a\nY: b",
        *(b"X: " + b"y" * (LONGEST - size) for size in (12, 13, 14, 15, 16, 17)),
    ]
)
HOSTS = st.sampled_from([b"Host: a", b"host: A:80", b"HOST:a", b"Host: [::1]"])
SECTIONS = st.tuples(
    HOSTS.map(lambda host: [host]),
    st.lists(USUAL, max_size=5),
    st.sampled_from([0, 0, 0, 1]).flatmap(lambda number: st.lists(SPECIAL, min_size=number, max_size=number)),
).flatmap(lambda parts: st.permutations([line for part in parts for line in part]))
TARGETS = [b"/", b"/a%20b?c=d?e", b"*", b"http://b/x", b"/" + b"z" * 30, b"/a#b", b"", b"/a b"]
REQUESTS = st.builds(
    lambda method, target, version: method + b" " + target + b" HTTP/" + version,
    st.sampled_from([b"GET"] * 5 + [b"POST", b"POST", b"OPTIONS", b"BREW"]),
    st.sampled_from([b"/"] * 9 + TARGETS),
    st.sampled_from([b"1.1"] * 15 + [b"1.0", b"1.2"]),
)
BODIES = st.sampled_from([b""] * 9 + [b"abc", b"3\r\nabc\r\n0\r\nX-A: 1\r\n\r\n", b"0\r\n\r\n", b"\r\n"])
EDITS = [b"", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b":", b"\0", b"_", b"A", b"\xff", b"HTTP/1.1"]


@st.composite
def connections(draw) -> list[tuple[bytes, Limits]]:
    """Some connections and the limits of their servers; the few field sections are mostly repeated."""
    sections = [section(lines) for lines in draw(st.lists(SECTIONS, min_size=1, max_size=3))]
    rows = st.tuples(st.sampled_from(sections), st.lists(st.tuples(REQUESTS, BODIES), min_size=3, max_size=6))
    made = []
    for limits in draw(st.lists(st.sampled_from(LIMITS), min_size=1, max_size=3)):
        wire = b""
        for fields, requests in draw(st.lists(rows, min_size=1, max_size=3)):
            wire += b"".join(line + b"\r\n" + fields + body for line, body in requests)
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
            place, removed = draw(st.integers(0, len(wire))), draw(st.integers(0, 2))
            wire = wire[:place] + draw(st.sampled_from(EDITS)) + wire[place + removed :]
        made.append((wire, limits))
    return made


@settings(deadline=None, max_examples=300)
@given(connections(), st.lists(st.integers(0, 400), max_size=8), st.booleans())
def test_what_came_before_does_not_show(made, cuts, late):
    expected = [read_one_by_one(wire, limits) for wire, limits in made]
    KEPT.clear()
    LOWER.clear()
    environs = EnvironBuilder(multiprocess=False)
    for (wire, limits), fresh in zip(made, expected, strict=True):
        reader = Reader(limits, environs)
        reader.read(pieces_of(wire, cuts), late)
        assert reader.seen == fresh


@pytest.mark.parametrize("server", ["engine", "pywsgi"])
@pytest.mark.parametrize("size", [20, 40000])
def test_names_that_clients_make_up_do_not_fill_the_memory(server, size):
    environs = EnvironBuilder(multiprocess=False)
    template = FACTS

    def serve(number: int) -> None:
        name = b"X-" + b"%0*d" % (size, number)
        (head, _) = Http1Parser().receive(b"GET / HTTP/1.1\r\nHost: a\r\n%b: v\r\n\r\n" % name)
        if server == "engine":
            environ = environs.build(Exchange(FakeLink(), head, EMPTY_BODY), template)
        else:
            environ = {}
            fill_environ(environ, head, ("127.0.0.1", 1))
        assert environ["HTTP_" + name.decode().replace("-", "_")] == "v"

    serve(0)
    tracemalloc.start()
    try:
        for number in range(1, 3000 if size < 100 else 200):
            serve(number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1 << 20
    for name in (b"Content-Type", b"Content-Length"):  # still not HTTP_CONTENT_TYPE
        (head, *_) = Http1Parser().receive(b"GET / HTTP/1.1\r\nHost: a\r\n%b: 1\r\n\r\n" % name)
        environ = environs.build(Exchange(FakeLink(), head, EMPTY_BODY), template)
        assert environ[name.decode().upper().replace("-", "_")] == "1"
