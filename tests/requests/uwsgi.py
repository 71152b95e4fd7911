"""Packets of the uwsgi protocol and what the server must make of them; bytes by hand, not by our encoder.

``VALID`` maps an id to ``(wire bytes, facts, body)``: facts are ``UwsgiHead`` attributes to
compare, ``variables`` among them.  ``INVALID`` maps an id to ``(wire bytes, status, Limits)``.
"""

from __future__ import annotations

from typing import Any

from engine.protocols.limits import Limits

__all__ = ["INVALID", "VALID", "item", "packet"]


def item(data: bytes) -> bytes:
    """A length and what it counts."""
    return len(data).to_bytes(2, "little") + data


def packet(*texts: bytes, modifier1: int = 0, modifier2: int = 0) -> bytes:
    """Header and block; ``texts`` are keys and values in turn."""
    block = b"".join(map(item, texts))
    return bytes([modifier1]) + len(block).to_bytes(2, "little") + bytes([modifier2]) + block


GET = (b"REQUEST_METHOD", b"GET", b"REQUEST_URI", b"/a%20b?x=1", b"PATH_INFO", b"/a b")
POST = (b"REQUEST_METHOD", b"POST", b"REQUEST_URI", b"/", b"CONTENT_LENGTH", b"5")
SMALL = Limits(header_bytes=100, variables=3, body=10)

VALID: dict[str, tuple[bytes, dict[str, Any], bytes]] = {
    "get": (
        packet(*GET, b"QUERY_STRING", b"x=1", b"SERVER_PROTOCOL", b"HTTP/1.1"),
        {
            "method": "GET",
            "target": b"/a%20b?x=1",
            "path": b"/a%20b",
            "query": b"x=1",
            "http_version": "1.1",
            "has_body": False,
            "keep_alive": False,
            "upgrade": None,
        },
        b"",
    ),
    "post": (packet(*POST) + b"hello", {"content_length": 5, "has_body": True}, b"hello"),
    "bytes_after_the_body_are_ignored": (packet(*POST) + b"hello and more", {"content_length": 5}, b"hello"),
    "a_packet_after_the_body_is_ignored": (packet(*POST) + b"hello" + packet(*GET), {}, b"hello"),
    "length_empty": (packet(b"CONTENT_LENGTH", b""), {"content_length": 0}, b""),
    "length_with_junk_after": (packet(b"CONTENT_LENGTH", b"2x") + b"hi", {"content_length": 2}, b"hi"),
    "length_not_a_number": (packet(b"CONTENT_LENGTH", b"x2") + b"hi", {"content_length": 0}, b""),
    "length_negative": (packet(b"CONTENT_LENGTH", b"-2") + b"hi", {"content_length": 0}, b""),
    "length_with_plus": (packet(b"CONTENT_LENGTH", b"+2") + b"hi", {"content_length": 0}, b""),
    "length_superscript": (packet(b"CONTENT_LENGTH", b"\xb2"), {"content_length": 0}, b""),
    "transfer_encoding_is_no_framing": (
        packet(*POST, b"HTTP_TRANSFER_ENCODING", b"chunked") + b"0\r\n\r\n",
        {"content_length": 5, "chunked": False},
        b"0\r\n\r\n",
    ),
    "last_of_a_repeated_key": (packet(b"A", b"1", b"A", b"2"), {"variables": {"A": "2"}}, b""),
    "empty_key_is_skipped": (packet(b"", b"x", b"B", b""), {"variables": {"B": ""}}, b""),
    "values_are_latin1": (packet(b"A", b"\xe9\xff\0\r\n"), {"variables": {"A": "\xe9\xff\0\r\n"}}, b""),
    "script_name_modifier": (packet(*GET, modifier1=30), {"modifier1": 30, "method": "GET"}, b""),
    "modifier2_is_told": (packet(*GET, modifier2=7), {"modifier2": 7}, b""),
    "ping": (packet(modifier1=100), {"modifier1": 100, "variables": {}, "block": b""}, b""),
    "signal": (packet(modifier1=110, modifier2=3), {"modifier1": 110, "modifier2": 3}, b""),
    "block_of_another_modifier_is_not_read": (
        bytes([173, 3, 0, 0]) + b"abc",
        {"modifier1": 173, "variables": {}, "block": b"abc"},
        b"",
    ),
}

INVALID: dict[str, tuple[bytes, int, Limits]] = {
    "http_get": (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, Limits()),
    "http_post": (b"POST", 400, Limits()),
    "http2_preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, Limits()),
    "tls_client_hello": (b"\x16\x03\x01\x02", 400, Limits()),
    "no_variables": (packet(), 400, Limits()),
    "key_runs_past_the_block": (b"\0\x04\0\0\xff\xffAB", 400, Limits()),
    "value_runs_past_the_block": (b"\0\x06\0\0\x01\0A\x02\0b", 400, Limits()),
    "half_a_length": (b"\0\x01\0\0\x02", 400, Limits()),
    "no_value": (b"\0\x03\0\0\x01\0A", 400, Limits()),
    "half_a_value_length": (b"\0\x04\0\0\x01\0A\x01", 400, Limits()),
    "second_pair_runs_past": (b"\0\x0a\0\0\x01\0A\x01\0b\x01\0C\x01", 400, Limits()),
    "block_beyond_its_limit": (packet(b"A", b"b" * 96), 431, SMALL),
    "block_beyond_its_limit_before_it_came": (b"\0\x65\0\0", 431, SMALL),
    "variables_beyond_their_limit": (packet(*(b"A", b"") * 4), 431, SMALL),
    "body_beyond_its_limit": (packet(b"CONTENT_LENGTH", b"11"), 413, SMALL),
    "length_of_19_digits": (packet(b"CONTENT_LENGTH", b"1" * 19), 400, Limits()),
}
