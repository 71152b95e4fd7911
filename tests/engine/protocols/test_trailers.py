"""Trailer fields: which may be, for whom, and how they are written."""

from __future__ import annotations

import pytest

from engine.protocols.http1.writer import last_chunk
from engine.protocols.trailers import NEVER_TRAILERS, accepts_trailers, trailer_lines


@pytest.mark.parametrize(
    "te", ["trailers", "TRAILERS", "gzip, trailers", "trailers ,gzip;q=0.5", ",\ttrailers"]
)
def test_a_client_that_names_trailers_gets_them(te):
    assert accepts_trailers(te)


@pytest.mark.parametrize("te", ["", "gzip", "xtrailers", "trailers-x", "trailers;q=0", "chunked"])
def test_any_other_client_does_not(te):
    assert not accepts_trailers(te)


def test_lines_are_verbatim_and_in_order():
    lines = trailer_lines([("X-Sum", "1"), ("x-sum", "\xe9"), ("Server-Timing", "")])
    assert lines == b"X-Sum: 1\r\nx-sum: \xe9\r\nServer-Timing: \r\n"
    assert last_chunk(lines) == b"0\r\n" + lines + b"\r\n"
    assert trailer_lines(()) == b""


@pytest.mark.parametrize("name", sorted(NEVER_TRAILERS))
def test_what_the_head_must_say_is_refused(name):
    with pytest.raises(ValueError, match=r"hop-by-hop|trailer|Content-Length"):
        trailer_lines([(name.decode().title(), "x")])


@pytest.mark.parametrize("pair", [("X", "a\r\nb"), ("X\n", "a"), ("X", "\0"), ("", "a"), ("X", "€")])
def test_what_would_break_the_message_is_refused(pair):
    with pytest.raises(ValueError, match=r"header|latin-1"):
        trailer_lines([pair])


@pytest.mark.parametrize("pair", [(b"X", "a"), ("X", b"a"), ("X", 1)])
def test_types_other_than_str_are_refused(pair):
    with pytest.raises(TypeError, match="must be str"):
        trailer_lines([pair])
