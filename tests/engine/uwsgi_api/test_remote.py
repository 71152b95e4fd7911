"""Packets of remote calls."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.uwsgi_api.remote import decode_array, encode_array, encode_result


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_an_array_survives_its_block(items: list[bytes]) -> None:
    assert decode_array(encode_array(items)) == items


@given(st.binary(max_size=40))
def test_rubbish_is_refused_or_read(block: bytes) -> None:
    try:
        items = decode_array(block)
    except ValueError:
        return
    assert encode_array(items) == block


def test_what_does_not_fit_into_a_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 65535 fit"):
        encode_array([b"x" * 40000, b"x" * 40000])


@pytest.mark.parametrize(("size", "form"), [(0, 0), (65535, 0), (65536, 5)])
def test_a_large_result_tells_its_length_in_a_variable(size: int, form: int) -> None:
    answer = encode_result(b"x" * size)
    modifier1, length, modifier2 = struct.unpack_from("<BHB", answer)
    assert (modifier1, modifier2) == (173, form)
    if form:
        assert answer[4 : 4 + length].endswith(b"65536")
    else:
        assert length == size
    assert answer.endswith(b"x" * size)
    assert len(answer) == 4 + size + (length if form else 0)
