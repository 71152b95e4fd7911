"""The field list of an HTTP/2 request, without a connection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProtocolError
from engine.protocols.events import RequestHead
from engine.protocols.http2.head import MalformedRequest, read_head, read_trailers
from engine.protocols.limits import Limits

USUAL = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a.example"), (b":path", b"/p?q=1")]


def read(*fields, ended=True, pseudo=USUAL, limits=None):
    return read_head([*pseudo, *fields], ended, limits or Limits())


def test_a_request_becomes_the_same_head_as_over_http1():
    head = read((b"accept", b"*/*"), (b"cookie", b"a=1"), (b"x", b"y"), (b"cookie", b"b=2"))
    assert head == RequestHead(
        "GET",
        b"/p?q=1",
        b"/p",
        b"q=1",
        [(b"host", b"a.example"), (b"accept", b"*/*"), (b"x", b"y"), (b"cookie", b"a=1; b=2")],
        "2.0",
    )
    assert not head.has_body


def test_without_a_length_the_body_ends_with_the_stream():
    head = read(ended=False)
    assert (head.chunked, head.has_body, head.content_length) == (True, True, None)


def test_a_length_of_nothing_is_no_body():
    assert not read((b"content-length", b"0"), ended=False).has_body


def test_names_with_underscores_are_dropped():
    assert read((b"x_forwarded_for", b"1")).headers == [(b"host", b"a.example")]


def test_the_asterisk_is_for_options():
    pseudo = [(b":method", b"OPTIONS"), *USUAL[1:3], (b":path", b"*")]
    assert read(pseudo=pseudo).path == b"*"


def test_host_may_repeat_authority_in_other_letters():
    assert read((b"host", b"A.example")).headers == [(b"host", b"a.example")]


def test_only_what_waits_for_a_body_expects_100():
    assert read((b"expect", b"100-continue"), ended=False).expect_continue
    assert not read((b"expect", b"100-continue")).expect_continue


@pytest.mark.parametrize(
    "values", [[b"100-continue"] * 3, [b"100-Continue, 100-continue"], [b"100-continue", b""]]
)
def test_one_expectation_may_be_said_several_times(values):
    assert read(*[(b"expect", value) for value in values], ended=False).expect_continue


@pytest.mark.parametrize("other", [b"tea", b"100-continue;q=1"])
def test_an_expectation_beside_it_is_a_417(other):
    with pytest.raises(ProtocolError) as refusal:
        read((b"expect", b"100-continue"), (b"expect", b"100-continue"), (b"expect", other), ended=False)
    assert refusal.value.status == 417


def test_sizes():
    with pytest.raises(ProtocolError) as caught:
        read((b"x", b"y" * 90), limits=Limits(header_bytes=90))
    assert caught.value.status == 431
    assert not isinstance(caught.value, MalformedRequest)


def test_trailers_that_belong_into_a_head_are_left_out():
    assert read_trailers([(b"x-sum", b"1"), (b"authorization", b"me"), (b"a_b", b"1")]) == ((b"x-sum", b"1"),)
    with pytest.raises(MalformedRequest):
        read_trailers([(b":path", b"/")])
    with pytest.raises(MalformedRequest):
        read_trailers([(b"Upper", b"1")])


_NAMES = st.sampled_from(
    [b":method", b":path", b":scheme", b":authority", b"host", b"te", b"x", b"cookie", b""]
)
_FIELDS = st.lists(st.tuples(_NAMES | st.binary(max_size=5), st.binary(max_size=9)), max_size=6)


@given(_FIELDS, st.booleans(), st.booleans())
def test_any_fields_give_a_head_or_a_refusal(fields, ended, usual):
    try:
        head = read_head([*(USUAL if usual else []), *fields], ended, Limits())
    except ProtocolError:
        return
    assert head.headers[0][0] == b"host"
    for name, value in head.headers:
        assert name == name.lower()
        assert not set(b"\r\n\0") & set(value)
