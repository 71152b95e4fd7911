"""PROXY headers of both versions, cut anywhere, followed by what does not belong to them."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProtocolError
from engine.protocols.proxy import SIGNATURE, ProxyHeader, read_proxy_header


def version_2(command=1, family=0x11, addresses=b"", tlvs=b""):
    rest = addresses + tlvs
    return SIGNATURE + bytes([0x20 | command, family]) + len(rest).to_bytes(2, "big") + rest


FOUR = socket.inet_aton("192.0.2.1") + socket.inet_aton("198.51.100.1") + b"\x12\x67\x01\xbb"
SIX = socket.inet_pton(socket.AF_INET6, "2001:db8::1") * 2 + b"\x12\x67\x01\xbb"
CLIENT = ProxyHeader("192.0.2.1", 4711, "198.51.100.1", 443)

GOOD = [
    (b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n", CLIENT),
    (
        b"PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n",
        ProxyHeader("2001:db8::1", 4711, "2001:db8::2", 443),
    ),
    (b"PROXY UNKNOWN\r\n", ProxyHeader()),
    (b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", ProxyHeader()),
    (version_2(addresses=FOUR), CLIENT),
    (version_2(family=0x21, addresses=SIX), ProxyHeader("2001:db8::1", 4711, "2001:db8::1", 443)),
    (version_2(addresses=FOUR, tlvs=b"\x01\x00\x02h2"), CLIENT),
    (
        version_2(addresses=FOUR, tlvs=b"\x04\x00\x01x\x20\x00\x05\x01\x00\x00\x00\x00"),
        ProxyHeader("192.0.2.1", 4711, "198.51.100.1", 443, tls=True),
    ),
    (version_2(command=0, family=0), ProxyHeader()),
    (version_2(family=0x31, addresses=bytes(216)), ProxyHeader()),
]
BAD = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.1 4711\r\n",
    b"PROXY TCP4 2001:db8::1 198.51.100.1 4711 443\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.1 70000 443\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.1 04711 443\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n",
    b"PROXY TCP9 192.0.2.1 198.51.100.1 4711 443\r\n",
    b"PROXY " + b"x" * 200,
    SIGNATURE + b"\x11\x11\x00\x0c" + FOUR,
    SIGNATURE + b"\x22\x11\x00\x0c" + FOUR,
    SIGNATURE + b"\x21\x11\x00\x04" + FOUR[:4],
    SIGNATURE + b"\x21\x11\xff\xff",
]


def read(data, sizes=()):
    """Feed *data* as a socket would; return the header and what is left."""
    sizes = iter(sizes)
    reading = read_proxy_header()
    number, only_look = next(reading)
    while True:
        number = min(number, next(sizes, number))
        piece = data[:number]
        assert piece, "it waits for more"
        if not only_look:
            data = data[number:]
        try:
            number, only_look = reading.send(piece)
        except StopIteration as stop:
            return stop.value, data


@pytest.mark.parametrize(("data", "wanted"), GOOD)
def test_headers(data, wanted):
    assert read(data + b"GET / HTTP/1.1\r\n") == (wanted, b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize("data", BAD)
def test_what_is_no_header(data):
    with pytest.raises(ProtocolError):
        read(data)


@given(st.sampled_from(GOOD), st.lists(st.integers(1, 20)))
def test_cut_anywhere(case, sizes):
    data, wanted = case
    assert read(data + b"\x16\x03rest", sizes) == (wanted, b"\x16\x03rest")


@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(data):
    try:
        read(b"PROXY " + data)
    except (ProtocolError, AssertionError):
        pass
