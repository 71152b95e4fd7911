"""Response heads, framing, chunks and error pages."""

from __future__ import annotations

import pytest

from engine.protocols.http1.framing import CHUNKED, NONE, TO_LENGTH, UNTIL_CLOSE, decide
from engine.protocols.http1.writer import (
    CONTINUE,
    LAST_CHUNK,
    encode_chunk,
    error_page,
    interim_head,
    response_head,
)

DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"


def head(headers=(), status="200 OK", method="GET", version="1.1", keep=True, **more):
    return response_head(status, list(headers), method, version, keep, DATE, **more)


def lines(*args, **more):
    data, _ = head(*args, **more)
    assert data.endswith(b"\r\n\r\n")
    return data[:-4].split(b"\r\n")


def test_headers_are_written_verbatim_and_in_order():
    data, framing = head([("X-b", "2"), ("x-A", "1"), ("X-b", ""), ("Content-Length", "5")])
    assert data == (
        b"HTTP/1.1 200 OK\r\nX-b: 2\r\nx-A: 1\r\nX-b: \r\nContent-Length: 5\r\nDate: " + DATE + b"\r\n\r\n"
    )
    assert (framing.kind, framing.length, framing.keep_alive) == (TO_LENGTH, 5, True)


@pytest.mark.parametrize(
    ("version", "keep", "length", "kind", "alive", "added"),
    [
        ("1.1", True, None, CHUNKED, True, [b"Transfer-Encoding: chunked"]),
        ("1.1", False, None, CHUNKED, False, [b"Transfer-Encoding: chunked", b"Connection: close"]),
        ("1.1", True, "3", TO_LENGTH, True, []),
        ("1.1", False, "3", TO_LENGTH, False, [b"Connection: close"]),
        ("1.0", True, None, UNTIL_CLOSE, False, [b"Connection: close"]),
        ("1.0", False, None, UNTIL_CLOSE, False, [b"Connection: close"]),
        ("1.0", True, "3", TO_LENGTH, True, [b"Connection: keep-alive"]),
        ("1.0", False, "3", TO_LENGTH, False, [b"Connection: close"]),
    ],
)
def test_framing_follows_version_reuse_and_length(version, keep, length, kind, alive, added):
    headers = [("Content-Length", length)] if length else []
    data, framing = head(headers, version=version, keep=keep)
    assert (framing.kind, framing.keep_alive) == (kind, alive)
    own = [line for line in data[:-4].split(b"\r\n")[1:] if not line.startswith((b"Date", b"Content-Length"))]
    assert own == added


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304 Not Modified")]
)
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_responses_without_body_keep_the_connection(method, status, version):
    data, framing = head(method=method, status=status, version=version, known_length=0)
    assert (framing.kind, framing.keep_alive, framing.has_body()) == (NONE, True, False)
    assert b"Transfer-Encoding" not in data
    assert b"Content-Length" not in data


def test_content_length_stays_for_head_and_304_and_goes_for_204():
    length = [("Content-Length", "7")]
    assert b"Content-Length: 7" in lines(length, method="HEAD")
    assert b"Content-Length: 7" in lines(length, status="304 Not Modified")
    assert b"Content-Length: 7" not in lines(length, status="204 No Content")


def test_known_length_is_added_unless_the_application_announced_one():
    assert b"Content-Length: 9" in lines(known_length=9)
    data, framing = head([("content-length", "4")], known_length=9)
    assert framing.length == 4
    assert data.lower().count(b"content-length") == 1


def test_date_and_server_of_the_application_win():
    own = [("Date", "then"), ("Server", "mine")]
    assert lines(own, known_length=0, server=b"ours") == [
        b"HTTP/1.1 200 OK",
        b"Date: then",
        b"Server: mine",
        b"Content-Length: 0",
    ]
    assert b"Server: ours" in lines(server=b"ours")
    assert not [line for line in lines() if line.startswith(b"Server")]


def test_connection_close_of_the_application_is_honoured_once():
    data, framing = head([("Connection", "Close"), ("Content-Length", "1")])
    assert framing.keep_alive is False
    assert data.lower().count(b"connection: close") == 1


def test_connection_keep_alive_of_the_application_changes_nothing():
    data, framing = head([("Connection", "keep-alive"), ("Content-Length", "1")], keep=False)
    assert framing.keep_alive is False
    assert b"keep-alive" not in data


@pytest.mark.parametrize(
    "name",
    ["Transfer-Encoding", "transfer-encoding", "Keep-Alive", "TE", "Upgrade", "Proxy-Connection"],
)
def test_hop_by_hop_headers_are_refused(name):
    with pytest.raises(ValueError, match="hop-by-hop"):
        head([(name, "chunked")])


def test_other_connection_options_are_refused():
    with pytest.raises(ValueError, match="hop-by-hop"):
        head([("Connection", "upgrade")])


@pytest.mark.parametrize("name", ["", "A B", "A:", "A\r\n", "Ä", "A\0", "A(", " A"])
def test_names_that_are_no_tokens_are_refused(name):
    with pytest.raises(ValueError, match="not a token"):
        head([(name, "v")])


@pytest.mark.parametrize("char", ["\r", "\n", "\0", "\x0b", "\x1f", "\x7f"])
@pytest.mark.parametrize("name", ["X", "Content-Length", "Connection", "Set-Cookie"])
def test_control_characters_in_values_are_refused(name, char):
    with pytest.raises(ValueError, match="contains"):
        head([(name, f"1{char}")])


def test_every_other_latin1_character_is_let_through():
    value = "a\tb" + "".join(map(chr, [*range(0x20, 0x7F), *range(0x80, 0x100)]))
    assert b"X: " + value.encode("latin-1") in lines([("X", value)])


@pytest.mark.parametrize("value", ["日本", "€", "\u2028", "\ud800"])
def test_values_beyond_latin1_are_refused_and_named(value):
    with pytest.raises(ValueError, match=r"'X: .*does not fit latin-1"):
        head([("A", "b"), ("X", value), ("C", "d")])


@pytest.mark.parametrize("pair", [(b"X", "v"), ("X", b"v"), ("X", 1), (None, "v"), ("X", None)])
def test_types_other_than_str_are_refused(pair):
    with pytest.raises(TypeError, match="must be str"):
        head([pair])


@pytest.mark.parametrize("value", ["", "+1", "-1", "1.0", "1, 1", "0x1", "٣", "1" * 19])
def test_content_length_must_be_a_decimal_number(value):
    with pytest.raises(ValueError, match="Content-Length"):
        head([("Content-Length", value)])


def test_two_content_lengths_are_refused():
    with pytest.raises(ValueError, match="more than one"):
        head([("Content-Length", "1"), ("content-length", "1")])
    with pytest.raises(ValueError, match="more than one"):
        head([("Content-Length", "1"), ("content-length", "1")], status="204 No Content")


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("404 Not Found", b"HTTP/1.1 404 Not Found"),
        ("404", b"HTTP/1.1 404 Not Found"),
        ("404 ", b"HTTP/1.1 404 Not Found"),
        ("799", b"HTTP/1.1 799 Unknown"),
        ("200 Très bien", "HTTP/1.1 200 Très bien".encode("latin-1")),
    ],
)
def test_status_lines(status, line):
    assert lines(status=status)[0] == line


@pytest.mark.parametrize(
    "status", ["", "20", "2000 OK", "OK", "200\r\nX: y", "200 a\nb", "099 x", "٢٠٠ OK", "200-OK"]
)
def test_bad_statuses_are_refused(status):
    with pytest.raises(ValueError, match="status"):
        head(status=status)


def test_status_must_be_str():
    with pytest.raises(TypeError, match="status must be str"):
        head(status=b"200 OK")


def test_interim_status_cannot_end_a_request():
    with pytest.raises(ValueError, match="interim"):
        head(status="103 Early Hints")


def test_interim_head():
    assert (
        interim_head("103 Early Hints", [("Link", "</a>")])
        == b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    )
    assert interim_head("100 Continue") == CONTINUE
    for status in ("200 OK", "101 Switching Protocols"):
        with pytest.raises(ValueError, match="not an interim"):
            interim_head(status)


def test_chunks():
    assert encode_chunk(b"a" * 26) == b"1a\r\n" + b"a" * 26 + b"\r\n"
    assert encode_chunk(b"") == b""
    assert LAST_CHUNK == b"0\r\n\r\n"


@pytest.mark.parametrize("status", [400, 408, 413, 414, 417, 431, 500, 501, 503, 505])
def test_error_page_is_complete_and_closes(status):
    page = error_page(status, "why", DATE)
    top, _, body = page.partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close" in top
    assert b"\r\nDate: " + DATE in top
    assert b"\r\nContent-Length: %d" % len(body) in top
    assert body.endswith(b"\nwhy\n")
    assert error_page(status, "why", DATE, head_only=True) == top + b"\r\n\r\n"


def test_error_page_escapes_what_is_not_printable_ascii():
    assert error_page(400, "a\r\n\0é").endswith(b"\na\\r\\n\\x00\\xe9\n")
    assert b"Date" not in error_page(400)


def test_framing_explains_itself():
    assert repr(decide("GET", "1.1", True, 200, 3)) == "<Framing TO_LENGTH length=3 keep_alive=True>"


@pytest.mark.parametrize(
    ("version", "keep", "last"),
    [("1.1", True, []), ("1.1", False, [b"Connection: close"]), ("1.0", True, [b"Connection: keep-alive"])],
)
@pytest.mark.parametrize("headers", [[], [("Content-Length", "5")]])
def test_205_says_that_it_is_empty(version, keep, last, headers):
    data, framing = head(headers, status="205 Reset Content", version=version, keep=keep)
    assert (framing.kind, framing.keep_alive) == (NONE, keep)
    assert data[:-4].split(b"\r\n")[1:] == [b"Content-Length: 0", *last, b"Date: " + DATE]


def test_trailer_fields_may_be_announced():
    assert b"Trailer: X-Sum" in lines([("Trailer", "X-Sum")])


# -- what is remembered between two replies -------------------------------------------------------


def lines_of(*headers) -> bytes:
    return head(headers)[0]


@pytest.mark.parametrize("bad", ["a\r\nX: y", "a\n", "\0", "\x7f"])
def test_a_good_value_does_not_vouch_for_the_next(bad):
    assert b"X-Kept: a\r\n" in lines_of(("X-Kept", "a"))
    with pytest.raises(ValueError, match="X-Kept"):
        lines_of(("X-Kept", bad))
    assert b"X-Kept: a\r\n" in lines_of(("X-Kept", "a"))


def test_values_take_turns():
    for value in ("a", "b", "a", "b" * 100, "a", "b" * 100):
        assert f"X-Turns: {value}\r\n".encode() in lines_of(("X-Turns", value))
    both = lines_of(("X-Turns", "c"), ("X-Turns", "d"))
    assert b"X-Turns: c\r\nX-Turns: d\r\n" in both


def test_lengths_take_turns():
    for length in ("1", "20", "1", "20"):
        data, framing = head([("Content-Length", length)])
        assert framing.length == int(length)
        assert f"Content-Length: {length}\r\n".encode() in data


class Loud(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


def test_a_value_that_claims_to_be_equal_is_judged_itself():
    lines_of(("X-Loud", "a"))
    assert b"X-Loud: b\r\n" in lines_of(("X-Loud", Loud("b")))
    with pytest.raises(ValueError, match="X-Loud"):
        lines_of(("X-Loud", Loud("b\r\nSet-Cookie: c")))
