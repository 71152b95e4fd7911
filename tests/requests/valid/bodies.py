"""Bodies by length and by chunks, expectations, trailers, upgrades with a body."""

POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

CASES = {
    "length": (
        POST + b"Content-Length: 5\r\n\r\nhello",
        [{"content_length": 5, "has_body": True, "body": b"hello"}],
    ),
    "length_zero": (POST + b"Content-Length: 0\r\n\r\n", [{"content_length": 0, "has_body": False}]),
    "length_with_leading_zeros": (
        POST + b"Content-Length: 0005\r\n\r\nhello",
        [{"content_length": 5, "body": b"hello"}],
    ),
    "length_with_space_after": (
        POST + b"Content-Length: 5 \r\n\r\nhello",
        [{"content_length": 5, "body": b"hello"}],
    ),
    "body_that_looks_like_a_request": (
        POST + b"Content-Length: 28\r\n\r\nGET /x HTTP/1.1\r\nHost: b\r\n\r\n",
        [{"body": b"GET /x HTTP/1.1\r\nHost: b\r\n\r\n"}],
    ),
    "length_with_tab_before": (
        POST + b"Content-Length:\t5\r\n\r\nhello",
        [{"content_length": 5, "body": b"hello"}],
    ),
    "neither_length_nor_coding_is_no_body": (
        POST + b"\r\n",
        [{"content_length": None, "chunked": False, "has_body": False}],
    ),
    "head_with_body": (
        b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
        [{"method": "HEAD", "body": b"hi"}],
    ),
    "delete_with_chunks": (
        b"DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        [{"method": "DELETE", "body": b"x"}],
    ),
    "underscore_transfer_encoding_is_dropped": (
        POST + b"Transfer_Encoding: chunked\r\nContent-Length: 2\r\n\r\nhi",
        [{"chunked": False, "content_length": 2, "body": b"hi"}],
    ),
    "get_with_body": (
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
        [{"method": "GET", "body": b"hi"}],
    ),
    "http10_length": (
        b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi",
        [{"body": b"hi", "keep_alive": False}],
    ),
    "chunked": (
        CHUNKED + b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
        [{"chunked": True, "content_length": None, "has_body": True, "body": b"hello!"}],
    ),
    "chunked_empty": (CHUNKED + b"0\r\n\r\n", [{"chunked": True, "body": b""}]),
    "chunked_any_case": (
        POST + b"transfer-encoding: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        [{"chunked": True, "body": b"x"}],
    ),
    "chunk_size_hex_and_zeros": (CHUNKED + b"00A\r\n0123456789\r\n000\r\n\r\n", [{"body": b"0123456789"}]),
    "chunk_holding_crlf": (CHUNKED + b"4\r\n\r\n\r\n\r\n0\r\n\r\n", [{"body": b"\r\n\r\n"}]),
    "chunk_extension": (CHUNKED + b'3;a=b;c="d e"\r\nabc\r\n0;last\r\n\r\n', [{"body": b"abc"}]),
    "chunked_with_whitespace_around": (
        POST + b"Transfer-Encoding: \t chunked  \r\n\r\n1\r\nx\r\n0\r\n\r\n",
        [{"chunked": True, "body": b"x"}],
    ),
    "chunk_extension_bad_whitespace": (
        CHUNKED + b"3 \t; a = b ; c\r\nabc\r\n0 ;d\r\n\r\n",
        [{"body": b"abc"}],
    ),
    "chunk_extension_quoted": (
        CHUNKED + b'3;a="x\\"; y=\t0\xff"\r\nabc\r\n0\r\n\r\n',
        [{"body": b"abc"}],
    ),
    "chunk_extension_empty": (CHUNKED + b"3;\r\nabc\r\n0\r\n\r\n", [{"body": b"abc"}]),
    "chunk_extension_that_looks_like_a_size": (CHUNKED + b"1;5\r\nx\r\n0;1\r\n\r\n", [{"body": b"x"}]),
    "chunk_holding_a_last_chunk": (CHUNKED + b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", [{"body": b"0\r\n\r\n"}]),
    "chunk_size_of_15_digits": (CHUNKED + b"000000000000003\r\nabc\r\n0\r\n\r\n", [{"body": b"abc"}]),
    "trailers_with_whitespace_and_obs_text": (
        CHUNKED + b"0\r\nA:\t\xe9 \t\r\n\r\n",
        [{"trailers": ((b"a", b"\xe9"),)}],
    ),
    "trailers_repeated_stay_apart": (
        CHUNKED + b"0\r\nA: 1\r\na: 2\r\n\r\n",
        [{"trailers": ((b"a", b"1"), (b"a", b"2"))}],
    ),
    "trailers": (
        CHUNKED + b"1\r\nx\r\n0\r\nX-Sum: 1\r\nEmpty:\r\n\r\n",
        [{"body": b"x", "trailers": ((b"x-sum", b"1"), (b"empty", b""))}],
    ),
    "trailers_that_frame_or_spoof_are_dropped": (
        CHUNKED
        + b"0\r\nContent-Length: 9\r\nHost: b\r\nTransfer-Encoding: chunked\r\nA_B: 1\r\nA: 2\r\n\r\n",
        [{"trailers": ((b"a", b"2"),)}],
    ),
    "expect": (
        POST + b"Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi",
        [{"expect_continue": True, "body": b"hi"}],
    ),
    "expect_said_twice": (
        POST + b"Expect: 100-continue\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi",
        [{"expect_continue": True, "body": b"hi"}],
    ),
    "expect_said_twice_in_one_field": (
        POST + b"Expect: 100-continue ,\t100-continue\r\nContent-Length: 2\r\n\r\nhi",
        [{"expect_continue": True, "body": b"hi"}],
    ),
    "expect_with_empty_members": (
        POST + b"Expect: , 100-continue,\r\nContent-Length: 2\r\n\r\nhi",
        [{"expect_continue": True, "body": b"hi"}],
    ),
    "expect_said_twice_without_body": (
        POST + b"Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n",
        [{"expect_continue": False}],
    ),
    "expect_chunked": (
        POST + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        [{"expect_continue": True}],
    ),
    "expect_with_length_zero": (
        POST + b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n",
        [{"expect_continue": False}],
    ),
    "expect_without_body": (POST + b"Expect: 100-continue\r\n\r\n", [{"expect_continue": False}]),
    "expect_on_http10": (
        b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
        [{"expect_continue": False, "body": b"hi"}],
    ),
    "h2c_with_length": (
        POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\nbody",
        [{"upgrade": b"h2c", "body": b"body"}],
    ),
    "h2c_with_chunks": (
        POST
        + b"Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        [{"upgrade": b"h2c", "body": b"body"}],
    ),
}
