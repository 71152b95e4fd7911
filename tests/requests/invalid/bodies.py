"""Chunked bodies; rows of the smuggling table are in smuggling.py."""

CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

CASES = {
    "chunk_size_empty": (CHUNKED + b"\r\n", 400),
    "chunk_size_only_extension": (CHUNKED + b";a\r\n", 400),
    "chunk_size_plus": (CHUNKED + b"+3\r\nabc\r\n0\r\n\r\n", 400),
    "chunk_size_underscore": (CHUNKED + b"1_0\r\n", 400),
    "chunk_size_not_hex": (CHUNKED + b"g\r\n", 400),
    "chunk_size_space_before": (CHUNKED + b" 3\r\nabc\r\n0\r\n\r\n", 400),
    "chunk_size_space_after": (CHUNKED + b"3 \r\nabc\r\n0\r\n\r\n", 400),
    "chunk_size_beyond_64_bit": (CHUNKED + b"10000000000000003\r\nabc\r\n0\r\n\r\n", 400),
    "chunk_size_unicode_digit": (CHUNKED + "٣\r\n".encode(), 400),
    "chunk_size_bare_cr": (CHUNKED + b"3\rabc\r\n0\r\n\r\n", 400),
    "chunk_data_longer": (CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", 400),
    "chunk_data_ends_with_bare_lf": (CHUNKED + b"3\r\nabc\n0\r\n\r\n", 400),
    "chunk_data_ends_with_two_cr": (CHUNKED + b"3\r\nabc\r\r\n0\r\n\r\n", 400),
    "extension_with_bare_lf": (CHUNKED + b"3;a\nabc\r\n0\r\n\r\n", 400),
    "extension_with_bare_cr": (CHUNKED + b"3;a\rb\r\nabc\r\n0\r\n\r\n", 400),
    "extension_with_nul": (CHUNKED + b"3;a\0\r\nabc\r\n0\r\n\r\n", 400),
    "last_chunk_bare_lf": (CHUNKED + b"0\n\r\n", 400),
    "trailer_section_bare_lf": (CHUNKED + b"0\r\n\n", 400),
    "trailer_bare_lf": (CHUNKED + b"0\r\nA: b\n\r\n", 400),
    "trailer_without_colon": (CHUNKED + b"0\r\nA\r\n\r\n", 400),
    "trailer_folded": (CHUNKED + b"0\r\nA: b\r\n c\r\n\r\n", 400),
    "trailer_space_before_colon": (CHUNKED + b"0\r\nA : b\r\n\r\n", 400),
    "trailer_with_nul": (CHUNKED + b"0\r\nA: \0\r\n\r\n", 400),
    "request_after_missing_last_line": (CHUNKED + b"0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
}
