"""A case for each of h2spec 2.6's, by its number there; written anew from RFC 9113 and RFC 7541.

The program itself is in no registry that the tests may use.  Where RFC 9113 leaves a choice between an
error of the stream and of the connection, either passes, as it does in h2spec.
"""

from __future__ import annotations

import pytest
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

from tests.support.http2_wire import Composer, Wire, priority, raw, settings, window

NO_ERROR, PROTOCOL, FLOW, CLOSED, SIZE, REFUSED, COMPRESSION = 0, 1, 3, 5, 6, 7, 9
MAX = (1 << 31) - 1
PING = b"h2spec!!"

alive, closed, acked = ("is_alive",), ("is_closed",), ("has_settings_ack",)


def answered(stream=1):
    return ("is_answered", stream)


def broken(*codes):
    return ("breaks_connection", *codes)


def reset(*codes, stream=1):
    return ("breaks_stream", *codes, {"stream": stream})


def literal(text, huffman=False):
    """A string (RFC 7541 section 5.2)."""
    data = text.encode()
    if huffman:
        data = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode(data)
    return bytes([len(data) | huffman << 7]) + data


BASE = b"\x82\x86\x84\x41" + literal("localhost")  # GET http / localhost


def represented(data):
    return lambda c: [raw(1, 5, 1, BASE + data), answered()]


def resized(data):
    return lambda c: [raw(1, 5, 1, data + BASE), answered()]


def undecodable(data):
    return lambda c: [raw(1, 5, 1, data), broken(COMPRESSION)]


def malformed(*pairs):
    return lambda c: [raw(1, 5, 1, c.fields(*pairs)), reset(PROTOCOL)]


USUAL = [(":method", "GET"), (":scheme", "http"), (":path", "/hello"), (":authority", "localhost")]


def without(name):
    return malformed(*[pair for pair in USUAL if pair[0] != name])


def twice(name):
    return malformed(*[pair for pair in USUAL if pair[0] == name], *USUAL)


def body(*pieces, stream=1):
    last = len(pieces) - 1
    return b"".join(raw(0, at == last, stream, piece) for at, piece in enumerate(pieces))


def upload(c, *more, path="/echo"):
    """A request whose body is to come."""
    return c.head(1, *more, end=False, method="POST", path=path)


def split(c, *cuts, last=4):
    block = c.block()
    pieces = [block[start:end] for start, end in zip((0, *cuts), (*cuts, None), strict=True)]
    frames = [raw(1, 1, 1, pieces[0]), *(raw(9, 0, 1, piece) for piece in pieces[1:-1])]
    return b"".join(frames) + raw(9, last, 1, pieces[-1])


GENERIC = {
    "1/1": lambda c: [alive],
    "2/1": lambda c: [priority(1), alive],
    "2/2": lambda c: [c.head() + window(1, 1), answered()],
    "2/3": lambda c: [c.head() + priority(1), answered()],
    "2/4": lambda c: [c.head(path="/hello") + raw(3, 0, 1, bytes([0, 0, 0, 8])), alive],
    "2/5": lambda c: [c.head(), answered(), priority(1), alive],
    "3.1/1": lambda c: [upload(c) + body(b"test"), answered()],
    "3.1/2": lambda c: [upload(c) + body(b"te", b"st"), answered()],
    "3.1/3": lambda c: [upload(c) + raw(0, 9, 1, b"\x05test" + bytes(5)), answered()],
    "3.2/1": lambda c: [c.head(), answered()],
    "3.2/2": lambda c: [raw(1, 5 | 8, 1, b"\x05" + c.block() + bytes(5)), answered()],
    "3.2/3": lambda c: [raw(1, 5 | 0x20, 1, bytes(4) + b"\x0f" + c.block()), answered()],
    "3.3/1": lambda c: [priority(1, weight=0) + c.head(), answered()],
    "3.3/2": lambda c: [priority(1, weight=255) + c.head(), answered()],
    "3.3/3": lambda c: [priority(1, on=3) + c.head(), answered()],
    "3.3/4": lambda c: [priority(1, on=3, exclusive=True) + c.head(), answered()],
    "3.3/5": lambda c: [priority(5) + c.head(3), answered(3)],
    "3.4/1": lambda c: [upload(c) + raw(3, 0, 1, bytes([0, 0, 0, 8])), alive],
    "3.5/1": lambda c: [acked, settings((3, 100)), acked],
    "3.7/1": lambda c: [raw(6, 0, 0, PING), ("has_pong", PING)],
    "3.8/1": lambda c: [raw(7, 0, 0, bytes(8)), broken(NO_ERROR)],
    "3.9/1": lambda c: [window(1) + c.head(), answered()],
    "3.9/2": lambda c: [settings((4, 0)) + c.head(), ("has_head",), window(2, 1), ("has_data", 2)],
    "3.10/1": lambda c: [split(c, 3), answered()],
    "3.10/2": lambda c: [split(c, 3, 6, 9), answered()],
    "4/1": lambda c: [c.head(), answered()],
    "4/2": lambda c: [c.head(method="HEAD"), answered()],
    "4/3": lambda c: [upload(c) + body(b"test"), answered()],
    "4/4": lambda c: [
        upload(c) + raw(0, 0, 1, b"test") + raw(1, 5, 1, c.fields(("x-test", "ok"))),
        answered(),
    ],
    "5/1": represented(b"\x90"),
    "5/2": represented(b"\x7a" + literal("h2")),
    "5/3": represented(b"\x7a" + literal("h2", True)),
    "5/4": represented(b"\x40" + literal("x-test") + literal("h2")),
    "5/5": represented(b"\x40" + literal("x-test", True) + literal("h2", True)),
    "5/6": represented(b"\x0f\x2b" + literal("h2")),
    "5/7": represented(b"\x0f\x2b" + literal("h2", True)),
    "5/8": represented(b"\x00" + literal("x-test") + literal("h2")),
    "5/9": represented(b"\x00" + literal("x-test", True) + literal("h2", True)),
    "5/10": represented(b"\x1f\x2b" + literal("h2")),
    "5/11": represented(b"\x1f\x2b" + literal("h2", True)),
    "5/12": represented(b"\x10" + literal("x-test") + literal("h2")),
    "5/13": represented(b"\x10" + literal("x-test", True) + literal("h2", True)),
    "5/14": resized(b"\x3f\xe1\x1f"),
    "5/15": resized(b"\x20\x3f\xe1\x1f"),
}
HTTP2 = {
    "3.5/1": lambda c: [acked],
    "4.1/1": lambda c: [raw(0x16, 0, 0, bytes(8)), alive],
    "4.1/2": lambda c: [raw(6, 0x16, 0, PING), ("has_pong", PING)],
    "4.1/3": lambda c: [raw(6, 0, 1 << 31, PING), ("has_pong", PING)],
    "4.2/1": lambda c: [upload(c) + body(bytes(16384)), answered()],
    "4.2/2": lambda c: [upload(c) + body(bytes(16385)), reset(SIZE)],
    "4.2/3": lambda c: [raw(1, 5, 1, bytes(16385)), broken(SIZE)],
    "4.3/1": undecodable(b"\x40"),
    "4.3/2": lambda c: [raw(1, 1, 1, c.block()) + priority(1) + raw(9, 4, 1), broken(PROTOCOL)],
    "4.3/3": lambda c: [raw(1, 1, 1, c.block()) + c.head(3) + raw(9, 4, 1), broken(PROTOCOL)],
    "5.1/1": lambda c: [body(b"test"), broken(PROTOCOL)],
    "5.1/2": lambda c: [raw(3, 0, 1, bytes(4)), broken(PROTOCOL)],
    "5.1/3": lambda c: [window(100, 1), broken(PROTOCOL)],
    "5.1/4": lambda c: [raw(9, 4, 1, c.block()), broken(PROTOCOL)],
    "5.1/5": lambda c: [c.head() + body(b"test"), reset(CLOSED)],
    "5.1/6": lambda c: [c.head() + c.head(), reset(CLOSED)],
    "5.1/7": lambda c: [c.head() + raw(9, 4, 1, c.block()), reset(CLOSED, PROTOCOL)],
    "5.1/8": lambda c: [upload(c) + raw(3, 0, 1, bytes([0, 0, 0, 8])) + body(b"test"), reset(CLOSED)],
    "5.1/9": lambda c: [upload(c) + raw(3, 0, 1, bytes([0, 0, 0, 8])) + c.head(), reset(CLOSED)],
    "5.1/10": lambda c: [
        upload(c) + raw(3, 0, 1, bytes([0, 0, 0, 8])) + raw(9, 4, 1, c.block()),
        reset(CLOSED, PROTOCOL),
    ],
    "5.1/11": lambda c: [c.head(), answered(), body(b"test"), reset(CLOSED)],
    "5.1/12": lambda c: [c.head(), answered(), c.head(), broken(CLOSED)],
    "5.1/13": lambda c: [c.head(), answered(), raw(9, 4, 1, c.block()), broken(CLOSED, PROTOCOL)],
    "5.1.1/1": lambda c: [c.head(2), broken(PROTOCOL)],
    "5.1.1/2": lambda c: [c.head(5) + c.head(3), broken(PROTOCOL)],
    "5.1.2/1": lambda c: [
        b"".join(c.head(number, end=False, method="POST", path="/echo") for number in range(1, 203, 2)),
        reset(PROTOCOL, REFUSED, stream=201),
    ],
    "5.3.1/1": lambda c: [raw(1, 5 | 0x20, 1, bytes([0, 0, 0, 1, 15]) + c.block()), reset(PROTOCOL)],
    "5.3.1/2": lambda c: [priority(1, on=1), reset(PROTOCOL)],
    "5.4.1/1": lambda c: [raw(6, 0, 0, bytes(7)), broken(SIZE)],
    "5.5/1": lambda c: [raw(0x16, 0, 0, bytes(8)), alive],
    "5.5/2": lambda c: [raw(1, 1, 1, c.block()) + raw(0x16, 0, 1, bytes(8)), broken(PROTOCOL)],
    "6.1/1": lambda c: [c.head() + body(b"test", stream=0), broken(PROTOCOL)],
    "6.1/2": lambda c: [c.head(), answered(), body(b"test"), reset(CLOSED)],
    "6.1/3": lambda c: [upload(c) + raw(0, 9, 1, b"\x06test"), broken(PROTOCOL)],
    "6.2/1": lambda c: [raw(1, 1, 1, c.block()) + priority(1), broken(PROTOCOL)],
    "6.2/2": lambda c: [raw(1, 1, 1, c.block()) + c.head(3), broken(PROTOCOL)],
    "6.2/3": lambda c: [c.head(0), broken(PROTOCOL)],
    "6.2/4": lambda c: [raw(1, 5 | 8, 1, b"\xff" + c.block()), broken(PROTOCOL)],
    "6.3/1": lambda c: [priority(0), broken(PROTOCOL)],
    "6.3/2": lambda c: [raw(2, 0, 1, bytes(4)), reset(SIZE)],
    "6.4/1": lambda c: [raw(3, 0, 0, bytes(4)), broken(PROTOCOL)],
    "6.4/2": lambda c: [raw(3, 0, 1, bytes(4)), broken(PROTOCOL)],
    "6.4/3": lambda c: [upload(c) + raw(3, 0, 1, bytes(3)), broken(SIZE)],
    "6.5/1": lambda c: [raw(4, 1, 0, bytes(1)), broken(SIZE)],
    "6.5/2": lambda c: [raw(4, 0, 1, bytes(6)), broken(PROTOCOL)],
    "6.5/3": lambda c: [raw(4, 0, 0, bytes(3)), broken(SIZE)],
    "6.5.2/1": lambda c: [settings((2, 2)), broken(PROTOCOL)],
    "6.5.2/2": lambda c: [settings((4, 1 << 31)), broken(FLOW)],
    "6.5.2/3": lambda c: [settings((5, 16383)), broken(PROTOCOL)],
    "6.5.2/4": lambda c: [settings((5, 1 << 24)), broken(PROTOCOL)],
    "6.5.2/5": lambda c: [settings((0xFF, 1)), alive],
    "6.5.3/1": lambda c: [settings((4, 100), (4, 1)) + c.head(), ("has_data", 1)],
    "6.5.3/2": lambda c: [acked, settings(), acked],
    "6.7/1": lambda c: [raw(6, 0, 0, PING), ("has_pong", PING)],
    "6.7/2": lambda c: [raw(6, 1, 0, b"unasked!") + raw(6, 0, 0, PING), ("has_pong", PING)],
    "6.7/3": lambda c: [raw(6, 0, 1, PING), broken(PROTOCOL)],
    "6.7/4": lambda c: [raw(6, 0, 0, bytes(6)), broken(SIZE)],
    "6.8/1": lambda c: [raw(7, 0, 1, bytes(8)), broken(PROTOCOL)],
    "6.9/1": lambda c: [window(0), broken(PROTOCOL)],
    "6.9/2": lambda c: [upload(c) + window(0, 1), reset(PROTOCOL)],
    "6.9/3": lambda c: [raw(8, 0, 0, bytes(3)), broken(SIZE)],
    "6.9.1/1": lambda c: [settings((4, 1)) + c.head(), ("has_data", 1)],
    "6.9.1/2": lambda c: [window(MAX) + window(MAX), broken(FLOW)],
    "6.9.1/3": lambda c: [upload(c) + window(MAX, 1) + window(MAX, 1), reset(FLOW)],
    "6.9.2/1": lambda c: [settings((4, 0)) + c.head(), ("has_head",), settings((4, 1)), ("has_data", 1)],
    "6.9.2/2": lambda c: [
        *(settings((4, 3)) + c.head(), ("has_data", 3), settings((4, 1)), acked, alive),
        *(window(3, 1), ("has_data", 1)),
    ],
    "6.9.2/3": lambda c: [settings((4, 1 << 31)), broken(FLOW)],
    "6.10/1": lambda c: [split(c, 3, 6), answered()],
    "6.10/2": lambda c: [split(c, 3, last=0) + body(b"test"), broken(PROTOCOL)],
    "6.10/3": lambda c: [raw(1, 1, 1, c.block()) + raw(9, 4, 0, b""), broken(PROTOCOL)],
    "6.10/4": lambda c: [c.head() + raw(9, 4, 1, c.block()), broken(PROTOCOL)],
    "6.10/5": lambda c: [split(c, 3) + raw(9, 4, 1, c.block()), broken(PROTOCOL)],
    "6.10/6": lambda c: [upload(c) + raw(0, 0, 1, b"test") + raw(9, 4, 1, c.block()), broken(PROTOCOL)],
    "7/1": lambda c: [raw(7, 0, 0, bytes(4) + b"\0\0\0\xff"), broken(NO_ERROR)],
    "7/2": lambda c: [upload(c) + raw(3, 0, 1, b"\0\0\0\xff"), alive],
    "8.1/1": lambda c: [upload(c) + raw(1, 4, 1, c.fields(("x-test", "ok"))), reset(PROTOCOL)],
    "8.1.2/1": malformed(*USUAL, ("X-TEST", "ok")),
    "8.1.2.1/1": malformed(*USUAL, (":test", "ok")),
    "8.1.2.1/2": malformed(*USUAL, (":status", "200")),
    "8.1.2.1/3": lambda c: [upload(c) + raw(1, 5, 1, c.fields((":method", "GET"))), reset(PROTOCOL)],
    "8.1.2.1/4": malformed(*USUAL[:3], ("x-test", "ok"), USUAL[3]),
    "8.1.2.2/1": malformed(*USUAL, ("connection", "keep-alive")),
    "8.1.2.2/2": malformed(*USUAL, ("te", "trailers, deflate")),
    "8.1.2.3/1": malformed(*USUAL[:2], (":path", ""), USUAL[3]),
    "8.1.2.3/2": without(":method"),
    "8.1.2.3/3": without(":scheme"),
    "8.1.2.3/4": without(":path"),
    "8.1.2.3/5": twice(":method"),
    "8.1.2.3/6": twice(":scheme"),
    "8.1.2.3/7": twice(":path"),
    "8.1.2.6/1": lambda c: [upload(c, ("content-length", "1")) + body(b"test"), reset(PROTOCOL)],
    "8.1.2.6/2": lambda c: [upload(c, ("content-length", "1")) + body(b"te", b"st"), reset(PROTOCOL)],
    "8.2/1": lambda c: [upload(c) + raw(5, 4, 1, b"\0\0\0\2\x82"), broken(PROTOCOL)],
}
HPACK = {
    "2.3.3/1": undecodable(b"\xc6"),
    "2.3.3/2": undecodable(b"\x7f\x07" + literal("x")),
    "4.2/1": undecodable(BASE + b"\x3f\xe1\x1f"),
    "5.2/1": undecodable(BASE + b"\x40" + literal("x") + b"\x82\x1f\xff"),
    "5.2/2": undecodable(BASE + b"\x40" + literal("x") + b"\x81\x18"),
    "5.2/3": undecodable(BASE + b"\x40" + literal("x") + b"\x84\xff\xff\xff\xff"),
    "6.1/1": undecodable(b"\x80"),
    "6.3/1": undecodable(b"\x3f\xe2\x1f" + BASE),
}
CASES = {
    f"{group}/{number}": case
    for group, cases in (("generic", GENERIC), ("http2", HTTP2), ("hpack", HPACK))
    for number, case in cases.items()
}


@pytest.mark.parametrize("case", CASES)
def test_case(server, case):
    steps = CASES[case](Composer())
    with Wire(server.http) as wire:
        for step in steps:
            if isinstance(step, bytes):
                wire.send(step)
                continue
            name, *arguments = step
            named = arguments.pop() if arguments and isinstance(arguments[-1], dict) else {}
            getattr(wire, name)(*arguments, **named)


def test_there_are_as_many_as_in_h2spec():
    """146, less http2/3.5/2, a preface that is none: see test_frames."""
    assert len(CASES) == 145
