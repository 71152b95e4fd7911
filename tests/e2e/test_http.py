"""HTTP/1 on the wire: connections, framing, limits and error pages."""

import json

import pytest

from tests.support.http_client import HttpConnection, chunked, get, request_bytes

engine_only = pytest.mark.engine_only
no_keep_alive = engine_only("uWSGI's http-socket closes after each response")


# -- connections


@no_keep_alive
def test_a_connection_is_kept_for_more_requests(http):
    for target in ["/hello", "/items", "/empty", "/single", "/status/204", "/status/304", "/hello"]:
        response = http.get(target)
        assert response.complete, target
        assert (response.header("Connection") or "keep-alive").lower() == "keep-alive"


@no_keep_alive
def test_a_body_of_either_framing_leaves_the_connection_usable(http):
    for size in [0, 1, 70_000, 300_000]:
        assert http.request("POST", "/echo", body=b"x" * size).body == b"x" * size
        http.send(
            request_bytes("POST", "/echo", [("Transfer-Encoding", "chunked")], chunked([b"ab", b"y" * size]))
        )
        assert http.reader.read().body == b"ab" + b"y" * size


def test_connection_close_is_honoured(http):
    response = http.request("GET", "/hello", [("Connection", "close")])
    assert (response.body, response.complete) == (b"hello", True)
    assert http.is_closed_by_server()


@engine_only("uWSGI adds no Connection header (unbit/uwsgi#2112)")
def test_a_response_after_which_the_server_closes_says_so(http):
    assert http.request("GET", "/hello", [("Connection", "close")]).header("Connection") == "close"


@no_keep_alive
def test_pipelined_requests_are_answered_in_order(http):
    targets = ["/sleep/0.3", "/hello", "/items", "/sleep/0.1", "/status/204", "/single"]
    http.send(b"".join(request_bytes("GET", target) for target in targets))
    bodies = [http.reader.read().body for _ in targets]
    assert bodies[0] == b"slept 0.3"
    assert bodies[1] == b"hello"
    assert bodies[2].startswith(b"item 0")
    assert bodies[3] == b"slept 0.1"
    assert bodies[4] == b""
    assert bodies[5] == b"one item, no length"


@no_keep_alive
def test_pipelined_requests_with_bodies_are_told_apart(http):
    one = request_bytes("POST", "/echo", body=b"GET /status/500 HTTP/1.1\r\n\r\n")
    two = request_bytes("POST", "/echo", [("Transfer-Encoding", "chunked")], chunked([b"two", b"2"]))
    http.send(one + two + request_bytes("GET", "/hello"))
    assert http.reader.read().body.startswith(b"GET /status/500")
    assert http.reader.read().body == b"two2"
    assert http.reader.read().body == b"hello"


@no_keep_alive
def test_two_hundred_pipelined_requests(http):
    http.send(request_bytes("GET", "/hello") * 200)
    assert [http.reader.read().body for _ in range(200)] == [b"hello"] * 200


@no_keep_alive
def test_a_body_that_the_application_left_unread_is_not_the_next_request(http):
    """The server may throw the body away or close; it may not take it for a request."""
    body = request_bytes("GET", "/single")
    http.send(request_bytes("POST", "/unread", body=body))
    assert http.reader.read().body == b"unread"
    after = http.request_if_open("GET", "/hello")
    assert after is None or after.body == b"hello"


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 50])
def test_a_request_cut_anywhere_is_read(http, cut):
    data = request_bytes("POST", "/echo", [("X-Long", "v" * 50)], b"body of the request")
    for start in range(0, len(data), cut):
        http.send(data[start : start + cut])
    assert http.reader.read().body == b"body of the request"


@engine_only("uWSGI waits for CRLF")
def test_empty_lines_before_a_request_are_skipped(http):
    http.send(b"\r\n" + request_bytes("GET", "/hello"))
    assert http.reader.read().body == b"hello"


def test_a_client_that_goes_away_in_the_head_does_no_harm(routes):
    for data in [b"", b"GET", b"GET / HTTP/1.1\r\nHo"]:
        with HttpConnection(routes.http) as connection:
            connection.send(data)
    assert get(routes.http, "/hello").body == b"hello"


# -- versions and methods


@pytest.mark.parametrize("target", ["/hello", "/items", "/single"])
def test_http_1_0_is_answered_unchunked_and_closed(http, target):
    http.send(request_bytes("GET", target, version="HTTP/1.0"))
    response = http.reader.read()
    assert response.status == 200
    assert response.header("Transfer-Encoding") is None
    assert response.body
    assert http.is_closed_by_server()


@engine_only("uWSGI's http-socket closes after each response")
def test_http_1_0_keep_alive_works_where_the_length_is_known(http):
    for _ in range(2):
        http.send(request_bytes("GET", "/hello", [("Connection", "keep-alive")], version="HTTP/1.0"))
        response = http.reader.read()
        assert response.body == b"hello"
        assert (response.header("Connection") or "").lower() == "keep-alive"


def test_http_1_0_needs_no_host(http):
    http.send(b"GET /hello HTTP/1.0\r\n\r\n")
    assert http.reader.read().body == b"hello"


@no_keep_alive
@pytest.mark.parametrize("target", ["/hello", "/items", "/single", "/empty", "/file/real"])
def test_head_leaves_the_connection_usable(http, target):
    get_headers = dict(http.get(target).head.headers)
    response = http.request("HEAD", target)
    assert response.status == 200
    assert response.header("Content-Type") == get_headers["Content-Type"]
    assert http.get("/hello").body == b"hello"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "POST"])
def test_methods_reach_the_application(http, method):
    shown = json.loads(http.request(method, "/environ", [("Connection", "close")]).body)
    assert shown["REQUEST_METHOD"] == method


@engine_only("uWSGI does not split absolute URIs")
def test_an_absolute_target_is_split(http):
    shown = json.loads(http.request("GET", "http://test.example/environ/x?y=1").body)
    assert shown["PATH_INFO"] == "/environ/x"
    assert shown["QUERY_STRING"] == "y=1"


@engine_only("uWSGI leaves framing to the application")
def test_what_the_server_adds_is_well_formed(http):
    response = http.get("/items")
    assert response.header("Transfer-Encoding") == "chunked"
    assert response.header("Content-Length") is None
    assert response.header("Date") is None or response.header("Date").endswith(" GMT")


# -- 100-continue


@engine_only("uWSGI never sends 100 Continue")
def test_100_continue_is_sent_when_the_application_reads(http):
    http.send(request_bytes("POST", "/echo", [("Expect", "100-continue"), ("Content-Length", "4")]))
    assert http.reader.read_head().status == 100
    http.send(b"body")
    response = http.reader.read_head()
    assert response.status == 200
    assert b"".join(piece.data for piece in http.reader.iter_body(response)) == b"body"


@engine_only("uWSGI never sends 100 Continue")
def test_100_continue_is_not_sent_to_a_request_that_is_answered_unread(http):
    http.send(request_bytes("POST", "/unread", [("Expect", "100-continue"), ("Content-Length", "4")]))
    assert http.reader.read_head().status == 200


@engine_only("uWSGI ignores Expect")
def test_an_unknown_expectation_is_a_417(http):
    http.send(request_bytes("POST", "/echo", [("Expect", "the unexpected"), ("Content-Length", "4")]))
    assert http.reader.read().status == 417


# -- error pages

REFUSED = [
    pytest.param(b"GET /hello HTTP/1.1\r\n\r\n", 400, id="no host"),
    pytest.param(b"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, id="two hosts"),
    pytest.param(b"GET /hello HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400, id="header without colon"),
    pytest.param(b"GET /hello HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400, id="space before colon"),
    pytest.param(b"GET /hello HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", 400, id="NUL in a header"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, id="TLS on a plain port"),
    pytest.param(b"complete nonsense\r\n\r\n", (400, 501), id="nonsense"),
    pytest.param(request_bytes("POST", "/echo", [("Content-Length", "x")]), 400, id="length no number"),
    pytest.param(request_bytes("POST", "/echo", [("Content-Length", "-1")]), 400, id="negative length"),
    pytest.param(
        request_bytes("POST", "/echo", [("Content-Length", "1"), ("Content-Length", "2")]),
        400,
        id="two lengths",
    ),
    pytest.param(
        request_bytes("POST", "/echo", [("Content-Length", "5"), ("Transfer-Encoding", "chunked")])
        + b"0\r\n\r\n",
        400,
        id="length and chunked",
    ),
    pytest.param(
        request_bytes("POST", "/unread", [("Transfer-Encoding", "chunked")]) + b"zz\r\n",
        (400, 200),
        id="chunk size",
    ),
    pytest.param(request_bytes("POST", "/echo", [("Transfer-Encoding", "gzip")]), (400, 501), id="coding"),
    pytest.param(
        request_bytes("POST", "/echo", [("Transfer-Encoding", "gzip, chunked")]), (400, 501), id="two codings"
    ),
    pytest.param(request_bytes("BREW", "/hello"), (400, 501), id="unknown method"),
    pytest.param(request_bytes("GET", "/hello", version="HTTP/2.0"), 505, id="HTTP/2.0"),
    pytest.param(request_bytes("GET", "/hello", version="HTTP/3.7"), 505, id="HTTP/3.7"),
    pytest.param(request_bytes("GET", "/" + "x" * 100_000), 414, id="long target"),
    pytest.param(request_bytes("GET", "/hello", [("X-Long", "x" * 150_000)]), 431, id="long header"),
    pytest.param(
        request_bytes("GET", "/hello", [(f"X-{number}", "x") for number in range(5_000)]),
        431,
        id="many headers",
    ),
]


@engine_only("uWSGI closes without an answer")
@pytest.mark.parametrize(("data", "status"), REFUSED)
def test_a_bad_request_gets_an_error_page_and_the_connection_ends(routes, http, data, status):
    http.send(data)
    response = http.reader.read()
    assert response.status in (status if isinstance(status, tuple) else (status,))
    assert response.complete
    assert http.is_closed_by_server()
    assert get(routes.http, "/hello").body == b"hello"


@engine_only("uWSGI closes without an answer")
def test_an_error_page_says_what_it_is(http):
    http.send(b"GET /hello HTTP/1.1\r\n\r\n")
    response = http.reader.read()
    assert response.header("Content-Length") == str(len(response.body))
    assert (response.header("Connection") or "").lower() == "close"
    assert response.header("Content-Type")
    assert response.body


@engine_only("uWSGI's http-socket closes after each response")
def test_requests_before_a_bad_one_are_answered_first(http):
    http.send(request_bytes("GET", "/sleep/0.2") + b"GET / HTTP/1.1\r\n\r\n")
    assert http.reader.read().body == b"slept 0.2"
    assert http.reader.read().status == 400
    assert http.is_closed_by_server()


@engine_only("uWSGI closes without an answer")
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_over_the_limit_is_a_413(start_engine, framing):
    engine = start_engine("--module", "routes", "--limit-post", "1000")
    with HttpConnection(engine.http) as connection:
        assert connection.request("POST", "/echo", body=bytes(1000)).status == 200
        body = bytes(1001)
        if framing == "length":
            connection.send(request_bytes("POST", "/echo", body=body))
        else:
            coding = [("Transfer-Encoding", "chunked")]
            connection.send(request_bytes("POST", "/echo", coding, chunked([body[:500], body[500:]])))
        assert connection.reader.read().status == 413
        assert connection.is_closed_by_server()


@engine_only("uWSGI closes without an answer")
def test_a_body_announced_as_too_long_is_refused_before_it_is_sent(start_engine):
    engine = start_engine("--module", "routes", "--limit-post", "1000")
    with HttpConnection(engine.http) as connection:
        headers = [("Expect", "100-continue"), ("Content-Length", "5000000000")]
        connection.send(request_bytes("POST", "/echo", headers))
        assert connection.reader.read_head().status == 413
