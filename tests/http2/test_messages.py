"""Requests and replies (RFC 9113 section 8)."""

from __future__ import annotations

import json

import pytest

from tests.support.http2_client import Http2Client

PROTOCOL_ERROR = 1


def environ_of(reply):
    return json.loads(reply.body)


def test_a_reply(client):
    reply = client.get("/hello")
    assert (reply.status, bytes(reply.body)) == (200, b"hello")
    assert reply.headers["content-length"] == "5"
    assert set(reply.headers) == {":status", "content-type", "content-length", "date"}


def test_many_requests_on_one_connection(client):
    numbers = [client.start("GET", f"/block/{size}") for size in range(1, 90)]
    assert [len(client.finish(number).body) for number in numbers] == list(range(1, 90))


def test_the_environ(client):
    headers = [
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("x-thing", "1"),
        ("x-thing", "2"),
        ("x_thing", "forged"),
    ]
    environ = environ_of(client.get("/environ/a%20b?c=%20", headers))
    assert environ["SERVER_PROTOCOL"] == "HTTP/2.0"
    assert environ["HTTP_HOST"] == "localhost"
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["PATH_INFO"] == "/environ/a b"
    assert environ["REQUEST_URI"] == "/environ/a%20b?c=%20"
    assert environ["QUERY_STRING"] == "c=%20"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_THING"] == "1, 2"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"


def test_host_stands_in_for_authority(client):
    pseudo = [(":method", "GET"), (":scheme", "http"), (":path", "/environ")]
    number = client.start("", "", [("host", "other.example")], pseudo=pseudo)
    assert environ_of(client.finish(number))["HTTP_HOST"] == "other.example"


def test_a_request_with_a_body(client):
    body = bytes(range(256)) * 2000
    reply = client.request("POST", "/echo", [("content-length", str(len(body)))], body)
    assert reply.body == body


def test_a_body_of_unknown_length(client):
    number = client.start("POST", "/echo", end=False)
    for _ in range(10):
        client.send(number, b"0123456789")
    client.send(number, b"", end=True)
    assert client.finish(number).body == b"0123456789" * 10


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/hello", 200),
        ("GET", "/status/204", 204),
        ("GET", "/status/304", 304),
        ("GET", "/block/0", 200),
    ],
)
def test_replies_without_a_body_end_with_their_head(client, method, path, status):
    reply = client.request(method, path)
    assert (reply.status, bytes(reply.body), reply.ended) == (status, b"", True)


def test_head_tells_the_length(client):
    assert client.request("HEAD", "/hello").headers.get("content-length") in (None, "5")


def test_connection_fields_of_the_application_are_left_out(client):
    reply = client.get("/connection")
    assert "connection" not in reply.headers
    assert reply.headers["x-mixed-case"] == "padded"
    assert client.get("/hello").status == 200


def test_early_hints(client):
    reply = client.get("/hints")
    assert [hint[":status"] for hint in reply.interim] == ["103"]
    assert reply.interim[0]["link"] == "</style.css>; rel=preload"
    assert reply.body == b"hinted"


@pytest.mark.parametrize("path", ["/trailers", "/trailers/length"])
def test_trailers_of_a_reply(client, path):
    reply = client.get(path, [("te", "trailers")])
    assert (bytes(reply.body), reply.trailers) == (b"something", {"x-sum": "42"})


def test_no_trailers_for_those_who_do_not_ask(client):
    reply = client.get("/trailers")
    assert (bytes(reply.body), reply.trailers, reply.ended) == (b"something", {}, True)


def test_trailers_of_a_request_end_it(client):
    number = client.start("POST", "/echo", end=False)
    client.send(number, b"body")
    client.h2.send_headers(number, [("x-sum", "1")], end_stream=True)
    client.flush()
    assert client.finish(number).body == b"body"


@pytest.mark.parametrize("headers", [[], [("content-length", "4")]])
def test_the_application_may_have_the_trailers_of_a_request(client, headers):
    number = client.start("POST", "/received", headers, end=False)
    client.send(number, b"body")
    client.h2.send_headers(number, [("x-sum", "1"), ("cookie", "a=b")], end_stream=True)
    client.flush()
    assert client.finish(number).body == b'[["x-sum", "1"]]'
    assert client.get("/received").body == b"[]"


@pytest.mark.parametrize("times", [1, 2])
def test_100_continue(client, times):
    headers = [("expect", "100-continue")] * times
    number = client.start("POST", "/echo", [*headers, ("content-length", "4")], end=False)
    reply = client.replies[number]
    client.receive_until(lambda: reply.interim, "100 Continue")
    assert reply.interim[0][":status"] == "100"
    client.send(number, b"body", end=True)
    assert client.finish(number).body == b"body"


def test_a_reply_that_breaks_is_seen_to_be_broken(client):
    reply = client.get("/boom")
    assert (bytes(reply.body), reply.ended, reply.reset) == (b"begun", False, 2)
    assert client.get("/hello").status == 200


def test_a_reply_to_a_body_that_nobody_reads(client):
    number = client.start("POST", "/unread", end=False)
    reply = client.finish(number)
    assert reply.body == b"unread"
    client.receive_until(lambda: reply.reset is not None, "RST_STREAM")
    assert reply.reset == 0  # NO_ERROR: the reply is complete
    assert client.get("/hello").status == 200


def test_a_short_body_that_nobody_reads_may_still_come(client):
    number = client.start("POST", "/unread", [("content-length", "1000")], end=False)
    assert client.finish(number).body == b"unread"
    client.send(number, bytes(1000), end=True)
    assert client.get("/hello").status == 200
    assert client.replies[number].reset is None


USUAL = [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/hello")]
MALFORMED = {
    "upper case": (USUAL, [("X-Upper", "1")]),
    "name that is no token": (USUAL, [("x y", "1")]),
    "empty name": (USUAL, [("", "1")]),
    "line break in a value": (USUAL, [("x", "1\r\nx-injected: 2")]),
    "nul in a value": (USUAL, [("x", "1\0")]),
    "space before a value": (USUAL, [("x", " 1")]),
    "space after a value": (USUAL, [("x", "1 ")]),
    "connection": (USUAL, [("connection", "close")]),
    "proxy-connection": (USUAL, [("proxy-connection", "close")]),
    "keep-alive": (USUAL, [("keep-alive", "1")]),
    "transfer-encoding": (USUAL, [("transfer-encoding", "chunked")]),
    "upgrade": (USUAL, [("upgrade", "websocket")]),
    "te": (USUAL, [("te", "trailers, deflate")]),
    "no method": (USUAL[1:], []),
    "no scheme": ([USUAL[0], *USUAL[2:]], []),
    "no path": (USUAL[:3], []),
    "empty path": ([*USUAL[:3], (":path", "")], []),
    "relative path": ([*USUAL[:3], (":path", "hello")], []),
    "space in the path": ([*USUAL[:3], (":path", "/a b")], []),
    "fragment": ([*USUAL[:3], (":path", "/a#b")], []),
    "star": ([*USUAL[:3], (":path", "*")], []),
    "other scheme": ([USUAL[0], (":scheme", "ftp"), *USUAL[2:]], []),
    "method twice": ([USUAL[0], *USUAL], []),
    "path twice": ([*USUAL, USUAL[3]], []),
    "pseudo behind others": ([("x", "1"), *USUAL], []),
    "unknown pseudo": ([*USUAL, (":unknown", "1")], []),
    "pseudo of replies": ([*USUAL, (":status", "200")], []),
    "extended connect": ([(":method", "CONNECT"), *USUAL[1:], (":protocol", "websocket")], []),
    "host is another": (USUAL, [("host", "other")]),
    "length without a body": (USUAL, [("content-length", "5")]),
    "length is no number": (USUAL, [("content-length", "-1")]),
    "lengths that differ": (USUAL, [("content-length", "1"), ("content-length", "2")]),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_request_costs_its_stream_only(client, case):
    pseudo, headers = MALFORMED[case]
    waiting = client.start("POST", "/echo", end=False)
    number = client.start("", "", headers, pseudo=pseudo)
    reply = client.finish(number)
    assert (reply.reset, reply.status) == (PROTOCOL_ERROR, 0)
    client.send(waiting, b"still served", end=True)
    assert client.finish(waiting).body == b"still served"


@pytest.mark.parametrize("length", [3, 5])
def test_a_body_of_another_length_costs_its_stream_only(client, length):
    waiting = client.start("POST", "/echo", end=False)
    number = client.start("POST", "/echo", [("content-length", str(length))], end=False)
    client.send(number, b"four", end=True)
    assert client.finish(number).reset == PROTOCOL_ERROR
    client.send(waiting, b"still served", end=True)
    assert client.finish(waiting).body == b"still served"


def test_pseudo_fields_in_trailers(client):
    number = client.start("POST", "/echo", end=False)
    client.h2.send_headers(number, [(":path", "/other")], end_stream=True)
    client.flush()
    assert client.finish(number).reset == PROTOCOL_ERROR


@pytest.mark.parametrize(
    ("pseudo", "headers", "status"),
    [
        ([(":method", "BREW"), *USUAL[1:]], [], 501),
        ([(":method", "CONNECT"), (":authority", "localhost:1")], [], 501),
        ([USUAL[0], USUAL[1], USUAL[3]], [], 400),
        ([*USUAL[:2], (":authority", "a,b"), USUAL[3]], [], 400),
        ([*USUAL[:2], (":authority", "user@localhost"), USUAL[3]], [], 400),
        ([*USUAL[:3], (":path", "/" + "a" * 9000)], [], 414),
        (USUAL, [(f"x-{number}", "1") for number in range(101)], 431),
        (USUAL, [("content-length", "1000001")], 413),
        (USUAL, [("expect", "miracles")], 417),
    ],
)
def test_requests_that_get_an_error_page(client, pseudo, headers, status):
    number = client.start("", "", headers, pseudo=pseudo, end=status != 413)
    reply = client.finish(number)
    assert (reply.status, reply.ended) == (status, True)
    assert client.get("/hello").status == 200


def test_a_body_that_grows_above_the_limit(client):
    number = client.start("POST", "/echo", end=False)
    client.send(number, bytes(990_000))
    client.send(number, bytes(20_000))
    assert client.finish(number).status == 413
    assert client.get("/hello").status == 200


def test_the_log_says_which_protocol(server):
    with Http2Client(server.http) as client:
        client.get("/hello?logged")
    server.wait_for_log("GET /hello?logged => generated 5 bytes")
    assert "(HTTP/2.0 200)" in server.log()
