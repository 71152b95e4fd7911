"""Field sections that are kept: a request reads the same whether its fields were seen before or not."""

from __future__ import annotations

import importlib.util
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine.protocols.http1.fields as fields_module
import engine.protocols.http1.head as head_module
from engine.errors import ProtocolError
from engine.protocols.events import BodyChunk, BodyEnd, RequestHead
from engine.protocols.http1.parser import Http1Parser
from engine.protocols.http1.request_line import parse_request_line
from engine.protocols.http1.scan import has_escape, is_one_head, line_end, rest_of
from engine.protocols.http1.usual import usual_request
from engine.protocols.limits import DEFAULT_LIMITS, Limits
from engine.protocols.sections import _MOST, KEPT, LONGEST, FieldSection
from tests.requests import INVALID, VALID
from tests.requests.replay import replay

FIELDS = b"Host: a\r\nUser-Agent: x\r\nCookie: a=1\r\n\r\n"


@pytest.fixture(autouse=True)
def nothing_kept():
    KEPT.clear()
    yield
    KEPT.clear()


def warm(fields: bytes, times: int = 2, limits: Limits = DEFAULT_LIMITS) -> None:
    """Send requests with *fields*, and the body that they announce, on one connection, as far as it lasts."""
    found = re.search(rb"content-length:[ \t]*(\d{1,4})\s", fields, re.IGNORECASE)
    missing = 0 if found is None else int(found[1]) - len(fields.partition(b"\r\n\r\n")[2])
    replay([b"GET /warm HTTP/1.1\r\n" + fields + b"x" * missing] * times, limits)


def test_kept_the_second_time_and_used_the_third():
    parser = Http1Parser()
    heads = []
    for number in range(4):
        head, _ = parser.receive(b"GET /%d HTTP/1.1\r\n" % number + FIELDS)
        parser.next_request()
        heads.append(head)
        assert len(KEPT) == (number > 0)
    assert [head.section is None for head in heads] == [True, True, False, False]
    assert heads[2].headers is heads[3].headers
    assert [head.path for head in heads] == [b"/0", b"/1", b"/2", b"/3"]
    assert heads[1] == RequestHead("GET", b"/1", b"/1", b"", heads[3].headers)


def test_kept_for_all_connections():
    warm(FIELDS)
    (head, _) = Http1Parser().receive(b"GET / HTTP/1.1\r\n" + FIELDS)
    assert head.section is KEPT[FIELDS]


def test_fields_that_differ_each_time_are_not_kept():
    parser = Http1Parser()
    for number in range(5):
        parser.receive(b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: %d\r\n\r\n" % number)
        parser.next_request()
    assert not KEPT


@pytest.mark.parametrize(
    "fields",
    [
        b"Host: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        b"Host: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
        b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Host: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"Host: a\r\nConnection: close\r\n\r\n",
        b"Host: a\r\nX: " + b"x" * LONGEST + b"\r\n\r\n",
    ],
)
def test_not_kept(fields):
    warm(fields, 3)
    assert not KEPT


@pytest.mark.parametrize("length", [0, 3])
def test_the_length_of_a_body_is_kept_with_them(length):
    fields = b"Host: a\r\nContent-Length: %d\r\n\r\n" % length
    warm(fields)
    head, *events = Http1Parser().receive(b"POST / HTTP/1.1\r\n" + fields + b"abc"[:length])
    assert head.section is KEPT[fields]
    assert (head.content_length, head.has_body) == (length, bool(length))
    assert [event.data for event in events if type(event) is BodyChunk] == [b"abc"][: bool(length)]
    assert type(events[-1]) is BodyEnd


def test_a_limit_of_bodies_is_asked_anew():
    fields = b"Host: a\r\nContent-Length: 3\r\n\r\n"
    warm(fields)
    (refusal,) = Http1Parser(Limits(body=2)).receive(b"POST / HTTP/1.1\r\n" + fields)
    assert refusal.status == 413


def test_limits_of_another_server_are_asked_anew():
    warm(FIELDS)
    (refusal,) = Http1Parser(Limits(header_count=2)).receive(b"GET / HTTP/1.1\r\n" + FIELDS)
    assert refusal.status == 431


def test_long_request_line_is_refused_whatever_is_kept():
    limits = Limits(request_line=64)
    warm(FIELDS, limits=limits)
    assert KEPT
    (refusal,) = Http1Parser(limits).receive(b"GET /" + b"x" * 64 + b" HTTP/1.1\r\n" + FIELDS)
    assert refusal.status == 414


def test_no_more_than_so_many():
    for number in range(_MOST + 10):
        warm(b"Host: a%d\r\n\r\n" % number)
    assert 0 < len(KEPT) <= _MOST


WIRES = [wire for wire, _ in VALID.values()] + [wire for wire, _, _ in INVALID.values() if len(wire) < 4000]
LINES = [
    b"GET / HTTP/1.1",
    b"GET / HTTP/1.0",
    b"GET http://b/ HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"POST /a%20b?c=d?e HTTP/1.1",
    b"M-SEARCH /? HTTP/1.1",
    b"BREW / HTTP/1.1",
    b"GET  / HTTP/1.1",
    b"GET / HTTP/1.2",
    b"GET /a#b HTTP/1.1",
    b"GET /a b HTTP/1.1",
    b"GET /\x80 HTTP/1.1",
    b"GET a HTTP/1.1",
    b" HTTP/1.1",
    b"GET HTTP/1.1",
    b"",
]


@pytest.mark.parametrize("number", range(len(WIRES)))
def test_every_wire_of_the_corpus_reads_the_same(number):
    wire = WIRES[number]
    fresh = replay([wire])
    KEPT.clear()
    for start in range(len(wire)):  # whatever may stand behind a request line in it
        if wire.startswith(b"\r\n", start):
            end = wire.find(b"\r\n\r\n", start)
            if end >= 0 and end - start < 400:
                warm(wire[start + 2 : end + 4])
    assert replay([wire]) == fresh


@given(line=st.sampled_from(LINES), wire=st.sampled_from(WIRES))
def test_every_line_before_every_section_reads_the_same(line, wire):
    KEPT.clear()
    fields = wire.partition(b"\r\n")[2]
    fresh = replay([line + b"\r\n" + fields])
    KEPT.clear()
    warm(fields.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    assert replay([line + b"\r\n" + fields]) == fresh


# -- what has a twin in the compiled build -----------------------------------------------------------

NEARLY = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"a", b"%", b" ", b"?", b"/", b"GET", b" HTTP/1.1"])
).map(b"".join)


@given(data=NEARLY, start=st.integers(0, 40))
def test_scans(data, start):
    assert line_end(data) == data.find(b"\r\n")
    assert has_escape(data) == (b"%" in data)
    assert rest_of(data, min(start, len(data))) == data[start:]
    end = data.find(b"\r\n\r\n")
    assert is_one_head(data) == (end > 0 and end + 4 == len(data) and not data.startswith(b"\r"))


@given(line=st.one_of(NEARLY, st.sampled_from(LINES), st.binary(max_size=30), st.binary(max_size=9).map(
    lambda target: b"GET /" + target + b" HTTP/1.1"
)))  # fmt: skip
def test_a_usual_request_is_what_the_general_reader_makes_of_it(line):
    section = FieldSection([(b"host", b"a")], DEFAULT_LIMITS)
    found = usual_request(line + b"\r\nHost: a\r\n\r\n", len(line), section.lines, section)
    try:
        method, target, path, query, version, authority = parse_request_line(line)
    except ProtocolError:
        assert found is None
        return
    usual = target.startswith(b"/") and version == "1.1"
    assert (found is not None) == usual
    if found is not None:
        assert authority == b""
        assert found == RequestHead(method, target, path, query, section.lines)
        assert found.section is section


# -- fields that are read without llhttp ---------------------------------------------------------------

FIELD_LINES = st.lists(
    st.sampled_from(
        [
            b"Host: a",
            b"Host:a.b:80 ",
            b"host:\t",
            b"HOST: a b",
            b"Connection: close",
            b"Connection: Keep-Alive",
            b"Connection: keep-alive, Upgrade",
            b"Upgrade: websocket",
            b"Content-Length: 0",
            b"content-length:\t007 ",
            b"Content-Length: 12345678901234567",
            b"Content-Length: " + b"9" * 30,
            b"Content-Length: +1",
            b"Content-Length:",
            b"Transfer-Encoding: chunked",
            b"Expect: 100-continue",
            b"X-A:",
            b"X-A: \t b\tc \t",
            b"X_A: spoof",
            b"X-\xe9: b",
            b"X-B: \xe9\xff",
            b"X-C: \0",
            b"X-D: \x7f",
            b"X-E: a\rb",
            b"X-F: a\nb",
            b"X-G : a",
            b" X-H: a",
            b"\tX-I: a",
            b": a",
            b"X-J",
            b"",
            b"Proxy-Connection: close",
            b"X:" + b"y" * 300,
        ]
    ),
    max_size=6,
)
HEAD_FIELDS = FIELD_LINES.map(lambda lines: b"".join(line + b"\r\n" for line in lines) + b"\r\n")


def is_compiled(module) -> bool:
    return not module.__file__.endswith(".py")


def twin_of(module):
    """The module as plain Python, whichever is imported."""
    path = str(module.__file__).partition(".")[0] + ".py"
    spec = importlib.util.spec_from_file_location("plain_twin", path)
    twin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(twin)
    return twin


PLAIN = twin_of(fields_module)


@given(line=st.sampled_from(LINES), fields=HEAD_FIELDS)
def test_twins_read_the_same_fields(line, fields):
    head = line + b"\r\n" + fields
    start = len(line) + 2
    if is_one_head(head):
        assert fields_module.plain_fields(head, start) == PLAIN.plain_fields(head, start)


@pytest.mark.skipif(is_compiled(head_module), reason="a compiled module's names cannot be replaced")
@given(
    line=st.sampled_from(LINES),
    fields=HEAD_FIELDS,
    limits=st.sampled_from([Limits(), Limits(header_count=2), Limits(body=6)]),
)
def test_llhttp_reads_the_same(line, fields, limits):
    wire = line + b"\r\n" + fields
    found = replay([wire], limits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(head_module, "plain_fields", lambda head, start: None)
        KEPT.clear()
        assert replay([wire], limits) == found


@pytest.mark.skipif(is_compiled(head_module), reason="a compiled module's names cannot be replaced")
@pytest.mark.parametrize("number", range(len(WIRES)))
def test_llhttp_reads_the_corpus_the_same(number, monkeypatch):
    found = replay([WIRES[number]])
    monkeypatch.setattr(head_module, "plain_fields", lambda head, start: None)
    assert replay([WIRES[number]]) == found
