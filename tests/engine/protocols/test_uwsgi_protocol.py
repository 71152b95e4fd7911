"""The uwsgi packet: what nginx sends, any fragmentation, faults with advice, responses."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ProtocolError
from engine.protocols.events import BadRequest, BodyChunk, BodyEnd, PeerClosed, UwsgiHead
from engine.protocols.http1.framing import NONE, UNTIL_CLOSE
from engine.protocols.limits import Limits
from engine.protocols.uwsgi.packet import encode_packet
from engine.protocols.uwsgi.pairs import read_pairs
from engine.protocols.uwsgi.protocol import UwsgiParser, response_head
from engine.protocols.uwsgi.variables import VARIABLES, VariableReader
from tests.requests.replay import merged, pieces_of

# nginx with its uwsgi_params file, in its order, for a GET and for a chunked POST.
NGINX_GET = [
    ("QUERY_STRING", "x=1"),
    ("REQUEST_METHOD", "GET"),
    ("CONTENT_TYPE", ""),
    ("CONTENT_LENGTH", ""),
    ("REQUEST_URI", "/a%20b?x=1"),
    ("PATH_INFO", "/a b"),
    ("DOCUMENT_ROOT", "/usr/share/nginx/html"),
    ("SERVER_PROTOCOL", "HTTP/1.1"),
    ("REQUEST_SCHEME", "http"),
    ("REMOTE_ADDR", "127.0.0.1"),
    ("REMOTE_PORT", "51234"),
    ("SERVER_PORT", "8080"),
    ("SERVER_NAME", "localhost"),
    ("HTTP_HOST", "localhost:8080"),
    ("HTTP_USER_AGENT", "curl/8.5.0"),
    ("HTTP_ACCEPT", "*/*"),
]
NGINX_POST = [
    ("REQUEST_METHOD", "POST"),
    ("CONTENT_TYPE", "text/plain"),
    ("CONTENT_LENGTH", "5"),
    ("REQUEST_URI", "/up"),
    ("SERVER_PROTOCOL", "HTTP/1.1"),
    ("HTTP_HOST", "localhost"),
    ("HTTP_TRANSFER_ENCODING", "chunked"),
    ("HTTP_CONTENT_TYPE", "text/plain"),
]


def run(pieces, limits=None):
    parser = UwsgiParser(limits or Limits())
    return merged(event for piece in pieces for event in parser.receive(piece))


def test_nginx_get():
    head, end = run([encode_packet(NGINX_GET)])
    assert type(end) is BodyEnd
    assert head.variables == dict(NGINX_GET)
    assert (head.modifier1, head.modifier2, head.content_length, head.has_body) == (0, 0, 0, False)
    assert (head.method, head.target, head.path, head.query) == ("GET", b"/a%20b?x=1", b"/a%20b", b"x=1")
    assert head.http_version == "1.1"
    assert head.headers == [(b"host", b"localhost:8080"), (b"user-agent", b"curl/8.5.0"), (b"accept", b"*/*")]
    assert (head.keep_alive, head.chunked, head.expect_continue, head.upgrade) == (False, False, False, None)


def test_nginx_chunked_post_is_not_dechunked_again():
    head, chunk, end = run([encode_packet(NGINX_POST) + b"hello"])
    assert (head.content_length, head.chunked) == (5, False)
    assert (chunk, type(end)) == (BodyChunk(b"hello"), BodyEnd)
    assert (b"content-length", b"5") in head.headers
    assert [name for name, _ in head.headers].count(b"content-type") == 1


def test_layout_of_the_packet():
    assert encode_packet([("AB", "c")]) == b"\x00\x07\x00\x00" + b"\x02\x00AB\x01\x00c"
    assert encode_packet([], 100, 7) == b"\x64\x00\x00\x07"
    with pytest.raises(ValueError, match="at most 65535"):
        encode_packet([("A", "x" * 70000)])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=10))
def test_any_cut_gives_the_same_events(cuts):
    wire = encode_packet(NGINX_POST) + b"hello, and more"
    assert run(pieces_of(wire, cuts)) == run([wire])


def test_byte_by_byte():
    wire = encode_packet(NGINX_POST) + b"hello"
    assert run([bytes([byte]) for byte in wire]) == run([wire])


def test_of_a_repeated_key_the_last_value_wins():
    assert run([encode_packet([("A", "1"), ("B", "2"), ("A", "3")])])[0].variables == {"A": "3", "B": "2"}


def test_values_are_latin1_and_an_empty_key_is_skipped():
    assert run([encode_packet([("A", "\xe9\xff"), ("", "x"), ("B", "")])])[0].variables == {
        "A": "\xe9\xff",
        "B": "",
    }


@pytest.mark.parametrize(
    ("value", "size"), [("", 0), ("5", 5), ("5x", 5), ("-5", 0), ("x5", 0), (" 5", 0), ("007", 7), ("²", 0)]
)
def test_content_length_is_its_leading_digits(value, size):
    assert run([encode_packet([("CONTENT_LENGTH", value)])])[0].content_length == size


def test_surplus_bytes_are_ignored():
    parser = UwsgiParser()
    events = parser.receive(encode_packet([("CONTENT_LENGTH", "2")]) + b"abcd")
    assert events[1:] == [BodyChunk(b"ab"), BodyEnd()]
    assert parser.receive(b"more") == []
    assert parser.is_done()
    assert not parser.should_pause()
    assert parser.receive(b"") == [PeerClosed(True)]


@pytest.mark.parametrize(
    ("wire", "status", "words"),
    [
        pytest.param(b"GET / HTTP/1.1\r\n", 400, "HTTP request on a uwsgi port", id="http-get"),
        pytest.param(b"POST", 400, "HTTP request on a uwsgi port", id="http-post"),
        pytest.param(b"PRI * HTTP/2.0", 400, "HTTP request on a uwsgi port", id="http2"),
        pytest.param(b"\x16\x03\x01\x02", 400, "TLS", id="tls"),
        pytest.param(
            encode_packet([("A", "b" * 96)]), 431, "101 bytes, at most 100: raise buffer-size", id="size"
        ),
        pytest.param(
            encode_packet([("A", "")] * 4), 431, "4 variables.*at most 3: raise max-vars", id="count"
        ),
        pytest.param(encode_packet([]), 400, "without variables", id="empty"),
        pytest.param(b"\0\x05\0\0\x02\0ABC", 400, "variable 1 .* runs past", id="no-value-length"),
        pytest.param(b"\0\x01\0\0\x02", 400, "variable 1 .* runs past", id="half-a-length"),
        pytest.param(b"\0\x04\0\0\xff\xffAB", 400, "variable 1 .* runs past", id="key-runs-past"),
        pytest.param(b"\0\x0a\0\0\x01\0A\x01\0b\x01\0C\x01", 400, "runs past", id="second-runs-past"),
        pytest.param(b"\0\x06\0\0\x01\0A\x02\0b", 400, "runs past", id="value-runs-past"),
        pytest.param(
            encode_packet([("CONTENT_LENGTH", "11")]), 413, "11 is above the limit of 10", id="body"
        ),
        pytest.param(encode_packet([("CONTENT_LENGTH", "1" * 19)]), 400, "too many digits", id="digits"),
    ],
)
@pytest.mark.parametrize("bytewise", [False, True])
def test_faults_say_what_to_do(wire, status, words, bytewise):
    limits = Limits(header_bytes=100, variables=3, body=10)
    pieces = pieces_of(wire, range(len(wire))) if bytewise else [wire]
    (event,) = run([*pieces, b"", b"x"], limits)
    assert event.status == status
    assert re.search(words, event.detail)


def test_the_largest_block_is_accepted():
    limits = Limits(header_bytes=100)
    assert type(run([encode_packet([("A", "b" * 95)])], limits)[0]) is UwsgiHead


@pytest.mark.parametrize(
    ("modifier1", "payload"), [(100, b""), (110, b""), (173, b"\x03\x00foo"), (5, b"junk")]
)
def test_other_modifiers_are_handed_over_raw(modifier1, payload):
    wire = bytes([modifier1, len(payload), 0, 9]) + payload
    assert run([wire]) == [UwsgiHead(modifier1, 9, {}, 0, payload), BodyEnd()]


@given(st.lists(st.integers(1, 400), max_size=8), st.binary(max_size=300))
def test_a_cache_command_comes_whole_with_its_value(cuts, value):
    fields = {"cmd": "set", "key": "k\u00fc", "size": str(len(value)), "cache": "pages"}
    wire = encode_packet(fields.items(), 111, 17) + value + b"surplus"
    head = UwsgiHead(111, 17, fields, 0, value)
    assert run(pieces_of(wire, cuts)) == [head, BodyEnd()]


def test_a_cache_command_without_a_value_waits_for_none():
    fields = {"cmd": "get", "key": "k", "size": "9999"}
    assert run([encode_packet(fields.items(), 111, 17)]) == [UwsgiHead(111, 17, fields), BodyEnd()]


@pytest.mark.parametrize("size", ["17000000", "-1", "x", "9" * 30])
def test_a_cache_value_of_nonsensical_size_is_refused(size):
    (event,) = run([encode_packet([("cmd", "set"), ("key", "k"), ("size", size)], 111, 17)])
    assert (type(event), event.status) == (BadRequest, 413)


@pytest.mark.parametrize(
    ("sent", "clean"),
    [
        (b"", True),
        (b"\0", False),
        (encode_packet([("A", "b")])[:-1], False),
        (encode_packet(NGINX_POST) + b"he", False),
    ],
)
def test_end_of_file(sent, clean):
    parser = UwsgiParser()
    if sent:
        parser.receive(sent)
    assert parser.receive(b"") == [PeerClosed(clean)]
    assert parser.is_closed()
    assert parser.receive(b"x") == []


def test_states():
    parser = UwsgiParser()
    assert parser.is_idle()
    parser.receive(b"\0")
    assert parser.in_head()
    assert repr(parser) == "<UwsgiParser HEAD, 1 bytes kept>"
    parser.receive(encode_packet(NGINX_POST)[1:])
    assert parser.in_body()
    parser.receive(b"hello")
    assert parser.is_done()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5), st.booleans())
def test_random_bytes_never_crash(pieces, web):
    run([b"\0", *pieces] if web else pieces, Limits(header_bytes=50))


@given(
    st.dictionaries(
        st.text("ABC_\xe9", min_size=1, max_size=300), st.text("x\xff\0", max_size=300), max_size=9
    )
)
def test_variables_survive_a_round_trip(variables):
    block = encode_packet(variables.items())[4:]
    assert VARIABLES.read(block, 100) == read_pairs(block, 100) == variables


@pytest.mark.parametrize(
    "fresh", [lambda: VariableReader().read, lambda: read_pairs], ids=["shared", "plain"]
)
@given(
    packets=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["", "A", "AB", "HTTP_COOKIE"]),
                st.sampled_from(["", "x", "y\xff", "z" * 1500]),
            ),
            max_size=6,
        ),
        max_size=6,
    )
)
def test_what_came_before_changes_nothing(fresh, packets):
    read = fresh()
    for pairs in packets:
        block = encode_packet(pairs)[4:]
        expected = {key: value for key, value in pairs if key}
        assert read(block, 100) == expected
        if pairs:
            with pytest.raises(ProtocolError, match=f"{len(pairs)} variables"):
                read(block, len(pairs) - 1)
        ends = [len(encode_packet(pairs[:number])) - 4 for number in range(len(pairs) + 1)]
        for size in range(max(0, len(block) - 12), len(block)):
            whole = sum(end <= size for end in ends) - 1
            if size in ends:
                assert read(block[:size], 100) == {key: value for key, value in pairs[:whole] if key}
            else:
                with pytest.raises(ProtocolError, match=f"variable {whole + 1} .* past its {size} bytes"):
                    read(block[:size], 100)


def test_target_is_rebuilt_when_the_front_end_sends_no_request_uri():
    head = UwsgiHead(0, 0, {"PATH_INFO": "/a", "QUERY_STRING": "b"})
    assert (head.target, head.http_version) == (b"/a?b", "1.0")


class TestResponseHead:
    def test_nothing_is_added(self):
        data, framing = response_head("200 OK", [("A", "b")], "GET", "HTTP/1.1")
        assert data == b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
        assert (framing.kind, framing.length, framing.keep_alive) == (UNTIL_CLOSE, None, False)

    def test_announced_length_is_kept_and_told(self):
        data, framing = response_head("200", [("Content-Length", "3")], "GET")
        assert data == b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n"
        assert (framing.kind, framing.length) == (UNTIL_CLOSE, 3)

    @pytest.mark.parametrize(("method", "status"), [("HEAD", "200 OK"), ("GET", "204 x"), ("GET", "304 x")])
    def test_no_body_where_none_belongs(self, method, status):
        assert response_head(status, [], method)[1].kind == NONE

    @pytest.mark.parametrize("protocol", ["", "HTTP/1.1\r\nX: y", "FTP/1"])
    def test_an_odd_protocol_becomes_http10(self, protocol):
        assert response_head("200 OK", [], "GET", protocol)[0] == b"HTTP/1.0 200 OK\r\n\r\n"

    def test_line_breaks_are_refused(self):
        with pytest.raises(ValueError, match="contains"):
            response_head("200 OK", [("A", "b\r\nC: d")], "GET")

    def test_interim_status_is_refused(self):
        with pytest.raises(ValueError, match="interim"):
            response_head("100 Continue", [], "GET")


def test_a_refusal_is_the_last_event():
    parser = UwsgiParser()
    assert type(parser.receive(b"GET ")[0]) is BadRequest
    assert parser.receive(b"") == []
