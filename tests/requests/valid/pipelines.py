"""Several requests on one connection."""

GET = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"

CASES = {
    "three_gets": (GET % 1 + GET % 2 + GET % 3, [{"path": b"/1"}, {"path": b"/2"}, {"path": b"/3"}]),
    "length_then_get": (
        b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + GET % 2,
        [{"path": b"/1", "body": b"abc"}, {"path": b"/2"}],
    ),
    "chunks_then_chunks_then_get": (
        b"POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: 1\r\n\r\n"
        b"POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n0\r\n\r\n" + GET % 3,
        [{"body": b"x", "trailers": ((b"t", b"1"),)}, {"body": b"y"}, {"path": b"/3"}],
    ),
    "empty_line_between": (
        b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\n" + GET % 2,
        [{"body": b"x"}, {"path": b"/2"}],
    ),
    "h2c_offer_then_get": (
        b"POST /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi"
        + GET % 2,
        [{"upgrade": b"h2c", "body": b"hi"}, {"path": b"/2", "upgrade": None}],
    ),
    "websocket_offer_declined_then_get": (
        b"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + GET % 2,
        [{"upgrade": b"websocket"}, {"path": b"/2", "upgrade": None}],
    ),
    "http10_keep_alive_then_get": (
        b"GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + GET % 2,
        [{"http_version": "1.0"}, {"http_version": "1.1"}],
    ),
    "head_then_get": (
        b"HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n" + GET % 2,
        [{"method": "HEAD"}, {"path": b"/2"}],
    ),
    "expect_then_get": (
        b"POST /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi" + GET % 2,
        [{"expect_continue": True, "body": b"hi"}, {"path": b"/2", "expect_continue": False}],
    ),
    "chunked_trailers_do_not_reach_the_next_head": (
        b"POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n\r\n" + GET % 2,
        [{"trailers": ((b"x", b"1"),)}, {"path": b"/2", "headers": [(b"host", b"a")]}],
    ),
    "close_in_the_second": (
        GET % 1 + b"GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + GET % 3,
        [{"path": b"/1"}, {"path": b"/2", "keep_alive": False}],
    ),
    "http10_without_keep_alive_then_get": (
        b"GET /1 HTTP/1.0\r\n\r\n" + GET % 2,
        [{"http_version": "1.0", "keep_alive": False}],
    ),
    "bytes_after_close_are_ignored": (
        b"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + GET % 2,
        [{"path": b"/1", "keep_alive": False}],
    ),
}
