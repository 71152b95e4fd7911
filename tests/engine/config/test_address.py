"""Addresses: what is accepted, and what an error says."""

from __future__ import annotations

import pytest

from engine.address import AbstractUnixAddress, InheritedFd, TcpAddress, UnixAddress, parse_address
from engine.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":8000", TcpAddress("", 8000)),
        ("127.0.0.1:0", TcpAddress("127.0.0.1", 0)),
        ("localhost:65535", TcpAddress("localhost", 65535)),
        ("[::1]:80", TcpAddress("::1", 80)),
        ("[::]:80", TcpAddress("::", 80)),
        ("/run/app.sock", UnixAddress("/run/app.sock")),
        ("/run/a:b.sock", UnixAddress("/run/a:b.sock")),
        ("app.sock", UnixAddress("app.sock")),
        ("./9116", UnixAddress("./9116")),
        ("@app", AbstractUnixAddress("app")),
        ("@a:1", AbstractUnixAddress("a:1")),
        ("fd://3", InheritedFd(3)),
    ],
)
def test_an_address_is_read_and_written_back(text, address):
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty", ":PORT"]),
        ("9116", [":9116", "./9116"]),
        ("*:80", [":80", "IPv4"]),
        ("::1:80", ["[::1]:80"]),
        ("[localhost]:80", ["IPv6", "[::1]:8000"]),
        ("host:port", ["host:port", "0 to 65535", "fd://N"]),
        (":65536", ["0 to 65535"]),
        (":-1", ["0 to 65535"]),
        (":", ["0 to 65535"]),
        (":\u0663", ["0 to 65535"]),
        ("http://host:80", ["not a host"]),
        ("fd://x", ["fd://3"]),
        ("@", ["after @"]),
        ("/" + "x" * 107, ["107 bytes"]),
        ("@" + "x" * 108, ["107 bytes"]),
    ],
)
def test_what_is_no_address_says_what_is(text, words):
    with pytest.raises(ConfigError) as error:
        parse_address(text)
    for word in words:
        assert word in str(error.value)
