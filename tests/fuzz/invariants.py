"""What holds for every input; each check raises AssertionError where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.protocols.events import BadRequest, BodyChunk, BodyEnd, Event, RequestHead, UwsgiHead
from engine.protocols.grammar import FIELD_CHARS, is_token
from engine.protocols.http1.names import SPECIAL
from engine.protocols.http1.parser import Http1Parser
from engine.protocols.limits import Limits
from engine.protocols.sections import KEPT
from engine.protocols.uwsgi.protocol import UwsgiParser
from tests.fuzz.cutting import Input
from tests.requests.replay import merged, replay

__all__ = ["check_http1", "check_uwsgi"]

_STATUSES = frozenset((400, 413, 414, 417, 431, 501, 505))
_BYTEWISE_UP_TO = 300


def check_http1(data: bytes) -> None:
    """Feed one input to the HTTP parser whole, cut, byte by byte, late, and with its fields known before."""
    case = Input.decode(data)
    if case is None:
        return
    KEPT.clear()
    whole = _replay([case.wire], case)
    assert _replay(case.pieces(), case) == whole, "cut in pieces"
    assert _replay(case.pieces(), case, late=True) == whole, "answered late"
    if len(case.wire) <= _BYTEWISE_UP_TO:
        assert _replay([bytes([byte]) for byte in case.wire], case) == whole, "byte by byte"
    _make_known(case)
    assert _replay([case.wire], case) == whole, "fields known before"
    _check_requests(whole, case.limits)
    _check_memory(case)
    _check_rewritten(whole, case.limits)


def _replay(pieces: list[bytes], case: Input, late: bool = False) -> list[Event]:
    return replay(pieces + [b""] * case.eof, case.limits, late)


def _make_known(case: Input) -> None:
    """Let connections send twice whatever may be the fields of a request in the wire."""
    begin = case.wire.find(b"\r\n") + 2
    while begin >= 2:
        end = case.wire.find(b"\r\n\r\n", begin - 2) + 4
        if end < 4:
            return
        _replay([b"GET / HTTP/1.1\r\n" + case.wire[begin:end]] * 2, case)
        begin = case.wire.find(b"\r\n", max(end, begin)) + 2


def _check_requests(events: list[Event], limits: Limits) -> None:
    head: RequestHead | None = None
    size = 0
    for event in events:
        if type(event) is RequestHead:
            head, size = event, 0
            _check_head(head, limits)
        elif type(event) is BodyChunk:
            assert event.data
            size += len(event.data)
            assert not limits.body or size <= limits.body
        elif type(event) is BodyEnd:
            assert head is not None
            assert head.chunked or size == (head.content_length or 0)
            for name, value in event.trailers:
                _check_field(name, value)
                assert name not in SPECIAL
        elif type(event) is BadRequest:
            assert event.status in _STATUSES
            assert event.detail.isprintable()


def _check_head(head: RequestHead, limits: Limits) -> None:
    assert head.method.isascii()
    assert head.target.isascii()
    assert not set(head.target) & set(b" \t\r\n\0#")
    assert len(head.target) <= limits.request_line
    assert len(head.headers) <= limits.header_count
    for name, value in head.headers:
        _check_field(name, value)
    names = [name for name, _ in head.headers]
    assert names.count(b"host") <= 1
    assert head.http_version == "1.0" or b"host" in names
    assert not (head.chunked and head.content_length is not None)
    assert not (head.chunked and head.http_version == "1.0")
    assert names.count(b"content-length") <= 1
    assert (head.content_length is not None) == (b"content-length" in names)
    assert head.chunked == (b"transfer-encoding" in names)


def _check_field(name: bytes, value: bytes) -> None:
    assert is_token(name)
    assert name == name.lower()
    assert b"_" not in name
    assert value == value.strip(b" \t")
    assert not value.translate(None, FIELD_CHARS)


def _check_memory(case: Input) -> None:
    """Never more kept than one head or one line, plus what one receive brought."""
    limits = case.limits
    most = limits.request_line + limits.header_bytes + 8
    parser = Http1Parser(limits)
    reusable = True
    for piece in case.pieces():
        if parser.should_pause():
            break  # the server stops reading here
        reusable = _may_go_on(parser.receive(piece), reusable)
        kept = parser.kept_bytes()
        assert kept <= most + len(piece), f"{parser!r} keeps {kept} bytes"
        while parser.is_done() and reusable:
            events = parser.next_request()
            reusable = _may_go_on(events, reusable)
            if not events:
                break


def _may_go_on(events: list[Event], before: bool) -> bool:
    """Whether another request may follow, as the last head says."""
    for event in events:
        if type(event) is RequestHead:
            before = event.keep_alive
    return before


def _check_rewritten(events: list[Event], limits: Limits) -> None:
    """Written out plainly, an accepted request is accepted again and means the same.

    What a proxy would do with it; a field that smuggles something would show here.
    """
    for index, event in enumerate(events):
        if type(event) is not RequestHead or limits.body:  # small limits: rewritten it may be longer
            continue
        body = b"".join(e.data for e in _body_of(events, index))
        again = replay([_rewrite(event, body)])
        head = again[0]
        assert type(head) is RequestHead, (head, _rewrite(event, body))
        assert head == event
        assert sum(type(e) is RequestHead for e in again) == 1
        assert b"".join(e.data for e in again if type(e) is BodyChunk) == body


def _body_of(events: list[Event], index: int) -> Iterable[BodyChunk]:
    for event in events[index + 1 :]:
        if type(event) is not BodyChunk:
            return
        yield event


def _rewrite(head: RequestHead, body: bytes) -> bytes:
    lines = [b"%b %b HTTP/%b" % (head.method.encode(), head.target, head.http_version.encode())]
    lines += [b"%b: %b" % pair for pair in head.headers]
    if head.chunked:
        body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    return b"\r\n".join([*lines, b"", body])


def check_uwsgi(data: bytes) -> None:
    """Feed one input to the uwsgi parser whole, cut and byte by byte."""
    case = Input.decode(data)
    if case is None:
        return
    whole = _run_uwsgi([case.wire], case)
    assert _run_uwsgi(case.pieces(), case) == whole, "cut in pieces"
    if len(case.wire) <= _BYTEWISE_UP_TO:
        assert _run_uwsgi([bytes([byte]) for byte in case.wire], case) == whole, "byte by byte"
    _check_packet(whole, case.limits)


def _run_uwsgi(pieces: list[bytes], case: Input) -> list[Event]:
    parser = UwsgiParser(case.limits)
    events: list[Event] = []
    for piece in pieces:
        events += parser.receive(piece)
        kept = parser.kept_bytes()
        assert kept <= case.limits.header_bytes + 4 + len(piece), f"{parser!r} keeps {kept} bytes"
    if case.eof:
        events += parser.receive(b"")
        assert parser.receive(b"") == []
    return merged(events)


def _check_packet(events: list[Event], limits: Limits) -> None:
    grammar: dict[type, Callable[[Event], bool]] = {
        UwsgiHead: lambda event: event is events[0],
        BadRequest: lambda event: event is events[0],
    }
    for event in events:
        assert grammar.get(type(event), lambda _: True)(event)
        if type(event) is BadRequest:
            assert event.status in _STATUSES
    if events and type(events[0]) is UwsgiHead:
        head = events[0]
        assert len(head.variables) <= limits.variables
        assert not limits.body or head.content_length <= limits.body
        size = sum(len(event.data) for event in events if type(event) is BodyChunk)
        assert size <= head.content_length
        ended = any(type(event) is BodyEnd for event in events)
        assert ended == (size == head.content_length)
        # Questions the server asks of any head must have an answer.
        assert isinstance((head.method, head.target, head.path, head.query, head.headers), tuple)
