"""Sizes: each case is one byte, or one field, beyond its limit."""

from engine.protocols.limits import DEFAULT_LIMITS, Limits

GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
SMALL = Limits(
    request_line=40,
    header_count=4,
    header_bytes=120,
    body=10,
    chunk_line=8,
    chunk_extension_bytes=6,
    trailer_bytes=16,
)

CASES = {
    "request_line": (b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * 27), 414, SMALL),
    "request_line_default": (
        b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * (DEFAULT_LIMITS.request_line - 13)),
        414,
    ),
    "request_line_without_end": (b"GET /" + b"a" * 37, 414, SMALL),
    "field_count": (GET + b"A: b\r\n" * 4 + b"\r\n", 431, SMALL),
    "field_count_with_dropped_names": (GET + b"A_B: c\r\n" * 4 + b"\r\n", 431, SMALL),
    "field_count_default": (GET + b"A: b\r\n" * 100 + b"\r\n", 431),
    "field_bytes": (GET + b"A: %b\r\n\r\n" % (b"b" * 107), 431, SMALL),
    "field_without_end": (GET + b"A: " + b"b" * 112, 431, SMALL),
    "field_name_without_end": (GET + b"A" * 115, 431, SMALL),
    "field_bytes_default": (GET + b"A: %b\r\n\r\n" % (b"b" * 65536), 431),
    "content_length": (GET + b"Content-Length: 11\r\n\r\n", 413, SMALL),
    "chunked_body": (CHUNKED + b"8\r\n01234567\r\n3\r\n", 413, SMALL),
    "chunk_line": (CHUNKED + b"1;2345678\r\n", 400, SMALL),
    "chunk_line_without_end": (CHUNKED + b"000000001", 400, SMALL),
    "chunk_extensions_in_all": (CHUNKED + b"1;abc\r\nx\r\n1;ab\r\n", 400, SMALL),
    "trailer_bytes": (CHUNKED + b"0\r\nA: 4567890\r\nB: \r\n\r\n", 431, SMALL),
    "trailer_without_end": (CHUNKED + b"0\r\nA: 456789012345", 431, SMALL),
    "trailer_count": (CHUNKED + b"0\r\n" + b"A:\r\n" * 5 + b"\r\n", 431, Limits(header_count=4)),
}
