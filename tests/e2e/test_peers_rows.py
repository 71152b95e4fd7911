"""What other servers of the field do over HTTP, row by row: at least as good as the best of them.

One test per row about HTTP of the comparison this project keeps, its request-smuggling probe
included; rows that ``test_http`` and ``test_wsgi`` hold in full are named there.
"""

from __future__ import annotations

import json
import time

import pytest

from engine.protocols.events import RequestHead
from engine.protocols.limits import DEFAULT_LIMITS
from tests.e2e.conftest import APPS
from tests.requests import INVALID, VALID
from tests.requests.replay import replay
from tests.support.engine_process import EngineProcess
from tests.support.http_client import HttpConnection, chunked, request_bytes

pytestmark = pytest.mark.engine_only("uWSGI does these otherwise")

CHUNKED = [("Transfer-Encoding", "chunked")]
EXPECT = [("Expect", "100-continue"), ("Content-Length", "4")]


@pytest.fixture(scope="module")
def server():
    """The application ``replies``; its default path reads the body and shows the environ."""
    options = ["--chdir", str(APPS), "--gevent", "20", "--socket-timeout", "2", "--module", "replies"]
    with EngineProcess(*options) as engine:
        yield engine.wait_ready()


@pytest.fixture
def http(server):
    with HttpConnection(server.http) as connection:
        yield connection


def shown(response) -> dict:
    assert response.status == 200
    return json.loads(response.body)


# -- the request-smuggling probe, and everything else the corpus holds


@pytest.mark.parametrize("name", [name for name, case in INVALID.items() if case[2] is DEFAULT_LIMITS])
def test_a_refused_request_gets_its_status_and_the_connection_ends(http, name):
    """Sent with a good request behind it, which must not be answered."""
    wire, status, _ = INVALID[name]
    http.send(wire + request_bytes("GET", "/no-length/299"))
    method = "HEAD" if wire.startswith(b"HEAD") else "GET"
    response = http.reader.read(method=method)
    assert (response.status, response.complete) == (status, True)
    assert (response.header("Connection") or "").lower() == "close"
    assert http.is_closed_by_server()


@pytest.mark.parametrize("name", VALID)
def test_an_accepted_wire_is_answered_once_for_each_request_in_it(http, name):
    wire, expected = VALID[name]
    heads = [event for event in replay([wire]) if type(event) is RequestHead]
    http.send(wire)
    for head, wanted in zip(heads, expected, strict=True):
        response = http.reader.read(method=head.method)
        assert response.complete
        if head.method != "HEAD":
            assert shown(response)["body"].encode("latin-1") == wanted.get("body", b"")
    if not heads[-1].keep_alive:
        assert http.is_closed_by_server()
    else:
        http.send(request_bytes("GET", "/no-length/299"))
        assert http.reader.read().status == 299


@pytest.mark.parametrize("headers", [[], [("Content-Length", "3")], CHUNKED])
def test_a_refused_head_request_is_answered_without_a_body(http, headers):
    http.send(b"HEAD / HTTP/1.1\r\n\r\n")
    response = http.reader.read_head()
    assert response.status == 400
    assert int(response.header("Content-Length")) > 0
    assert http.is_closed_by_server()


# -- keep-alive and pipelining


def test_http_1_0_keep_alive_with_and_without_a_body_in_the_reply(http):
    keep = [("Connection", "keep-alive")]
    for target in ["/show", "/status/204", "/status/304", "/status/205", "/refused/chunked"]:
        http.send(request_bytes("GET", target, keep, version="HTTP/1.0"))
        assert http.reader.read().header("Connection").lower() == "keep-alive", target
    http.send(request_bytes("GET", "/show", version="HTTP/1.0"))
    assert http.reader.read().header("Connection").lower() == "close"
    assert http.is_closed_by_server()


def test_pipelined_requests_of_every_kind_are_answered_in_order(http):
    http.send(
        request_bytes("POST", "/1", body=b"one")
        + request_bytes("HEAD", "/2")
        + request_bytes("POST", "/3", CHUNKED, chunked([b"th", b"ree"]))
        + request_bytes("GET", "/status/204")
        + request_bytes("GET", "/refused/crlf-in-value")
        + request_bytes("GET", "/6", [("Connection", "close")])
        + request_bytes("GET", "/never")
    )
    assert shown(http.reader.read())["body"] == "one"
    assert http.reader.read(method="HEAD").status == 200
    assert shown(http.reader.read())["body"] == "three"
    assert http.reader.read().status == 204
    assert http.reader.read().status == 500
    assert shown(http.reader.read())["PATH_INFO"] == "/6"
    assert http.is_closed_by_server()


# -- request bodies


def test_the_body_of_chunks_ends_by_itself(http):
    http.send(request_bytes("POST", "/x", CHUNKED, chunked([b"a" * 70_000, b"b"])))
    facts = shown(http.reader.read())
    assert facts["wsgi.input_terminated"] is True
    assert len(facts["body"]) == 70_001
    assert "CONTENT_LENGTH" not in facts


@pytest.mark.parametrize(
    ("request_", "status", "error"),
    [
        (request_bytes("POST", "/x", CHUNKED, b"3\r\nabc\r\nzz\r\n"), 400, "BrokenBody"),
        (request_bytes("POST", "/x", CHUNKED, b"3\r\nabcd\r\n"), 400, "BrokenBody"),
        (request_bytes("POST", "/x", CHUNKED, b"0\r\nbad trailer\r\n"), 400, "BrokenBody"),
    ],
    ids=["size", "data", "trailer"],
)
def test_a_broken_body_is_an_error_in_the_application_and_a_400(server, http, request_, status, error):
    mark = len(server.log())
    http.send(request_)
    assert http.reader.read().status == status
    assert http.is_closed_by_server()
    server.wait_for_log(f"body: {error}", after=mark)


@pytest.mark.parametrize(
    "begun",
    [
        request_bytes("POST", "/x", [("Content-Length", "10")]) + b"short",
        request_bytes("POST", "/x", CHUNKED),
        request_bytes("POST", "/x", CHUNKED, b"3\r\nab"),
    ],
    ids=["length", "no chunk", "half a chunk"],
)
def test_a_body_cut_short_is_an_error_in_the_application(server, begun):
    mark = len(server.log())
    with HttpConnection(server.http) as connection:
        connection.send(begun)
    server.wait_for_log("body: ClientDisconnected", after=mark)


def test_a_body_that_stops_coming_is_an_error_and_a_408(server, http):
    mark = len(server.log())
    http.send(request_bytes("POST", "/x", [("Content-Length", "10")]) + b"slow")
    assert http.reader.read().status == 408
    assert http.is_closed_by_server()
    server.wait_for_log("body: BodyTimeout", after=mark)


def test_the_rest_of_a_body_nobody_read_is_waited_for_only_so_long(http):
    http.send(request_bytes("POST", "/no-length/299", [("Content-Length", "10")]) + b"slow")
    assert http.reader.read().status == 299
    assert http.is_closed_by_server()


def test_the_rest_of_a_body_nobody_read_is_thrown_away(http):
    http.send(request_bytes("POST", "/no-length/299", [("Content-Length", "38")]) + b"GET /never ")
    assert http.reader.read().status == 299
    http.send(b"HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n" + request_bytes("GET", "/show"))
    assert shown(http.reader.read())["PATH_INFO"] == "/show"


def test_trailers_of_a_request_are_accepted_and_are_no_headers(http):
    http.send(request_bytes("POST", "/x", CHUNKED, b"1\r\nx\r\n0\r\nX-Sum: 1\r\nX-Forwarded-For: 6\r\n\r\n"))
    facts = shown(http.reader.read())
    assert facts["body"] == "x"
    assert not {"HTTP_X_SUM", "HTTP_X_FORWARDED_FOR"} & facts.keys()
    assert http.get("/show").status == 200


TRAILERS = b"X-Sum: 1\r\nx-more: \xe9\r\nX-Sum: 2\r\nContent-Length: 9\r\nCookie: a=b\r\nX_Y: z\r\n\r\n"


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_the_application_may_have_the_trailers_of_a_request(http, method):
    http.send(request_bytes(method, "/received/late", CHUNKED, b"1\r\nx\r\n0\r\n" + TRAILERS))
    assert http.reader.read().body == b'[["x-sum", "1"], ["x-more", "\\u00e9"], ["x-sum", "2"]]'
    http.send(request_bytes("POST", "/received/late", CHUNKED, b"0\r\n\r\n"))
    assert http.reader.read().body == b"[]"


def test_trailers_of_a_request_come_after_its_body(http):
    http.send(request_bytes("POST", "/received/early", CHUNKED, b"3\r\nx\ny\r\n0\r\n" + TRAILERS))
    assert http.reader.read().body == b'"BodyNotRead"'
    http.send(request_bytes("POST", "/received/early", CHUNKED, b"2\r\nx\n\r\n"))
    assert http.reader.read().body == b'"BodyNotRead"'


@pytest.mark.parametrize(("headers", "body"), [([("Content-Length", "1")], b"x"), ([], b"")])
def test_a_request_without_chunks_has_no_trailers(http, headers, body):
    http.send(request_bytes("POST", "/received/late", headers, body))
    assert http.reader.read().body == b"null"


# -- Expect


@pytest.mark.parametrize("headers", [EXPECT, [EXPECT[0], *EXPECT]], ids=["once", "twice"])
def test_100_continue_comes_when_the_body_is_read_and_not_before(http, headers):
    http.send(request_bytes("POST", "/x", headers))
    assert http.reader.read_head().status == 100
    http.send(b"body")
    assert shown(http.reader.read())["body"] == "body"
    assert http.get("/show").status == 200


def test_no_100_continue_if_the_body_came_along(http):
    http.send(request_bytes("POST", "/x", EXPECT) + b"body")
    assert http.reader.read_head().status == 200


def test_a_body_that_nobody_asked_for_ends_the_connection(http):
    """The client may send it or not; whatever comes is not taken for a request."""
    http.send(request_bytes("POST", "/no-length/299", EXPECT))
    response = http.reader.read_head()
    assert (response.status, response.header("Connection")) == (299, "close")
    http.send(request_bytes("GET", "/never"))
    assert b"".join(piece.data for piece in http.reader.iter_body(response)) == b"hello"
    assert http.is_closed_by_server()


def test_no_100_continue_for_http_1_0(http):
    http.send(request_bytes("POST", "/x", EXPECT, version="HTTP/1.0") + b"body")
    assert http.reader.read_head().status == 200


@pytest.mark.parametrize("value", ["tea", "100-continue, tea", "200-continue", ""])
def test_any_other_expectation_is_a_417(http, value):
    http.send(request_bytes("POST", "/x", [("Expect", value), ("Content-Length", "4")]))
    assert http.reader.read().status == 417
    assert http.is_closed_by_server()


# -- header spoofing


@pytest.mark.parametrize(
    "spoof", ["X_Forwarded_For", "x_forwarded_for", "X_Forwarded-For", "X-Forwarded_For"]
)
@pytest.mark.parametrize("first", [True, False])
def test_a_name_with_underscores_does_not_become_that_with_hyphens(http, spoof, first):
    headers = [("X-Forwarded-For", "1.2.3.4"), (spoof, "6.6.6.6")]
    facts = shown(http.request("GET", "/show", headers if first else headers[::-1]))
    assert facts["HTTP_X_FORWARDED_FOR"] == "1.2.3.4"
    assert not [key for key, value in facts.items() if value == "6.6.6.6"]


def test_a_name_with_underscores_alone_is_dropped_too(http):
    facts = shown(
        http.request("GET", "/show", [("Remote_User", "root"), ("X_A", "b"), ("Content_Type", "c")])
    )
    assert not {"HTTP_REMOTE_USER", "HTTP_X_A", "REMOTE_USER", "CONTENT_TYPE"} & facts.keys()


def test_no_field_can_set_a_variable_of_the_server(http):
    headers = [
        (name, "spoof") for name in ["Server-Name", "Path-Info", "Request-Method", "Script-Name", "Https"]
    ]
    facts = shown(http.request("GET", "/show", headers))
    assert "spoof" not in {
        facts.get(key) for key in ("SERVER_NAME", "PATH_INFO", "REQUEST_METHOD", "SCRIPT_NAME")
    }
    assert "HTTPS" not in facts
    assert facts["wsgi.url_scheme"] == "http"


# -- early hints


def test_early_hints_go_out_before_the_reply(http):
    http.send(request_bytes("GET", "/hints/sent"))
    first, second, last = http.reader.read_head(), http.reader.read_head(), http.reader.read()
    assert [first.status, second.status, last.status] == [103, 103, 200]
    assert first.head.reason == "Early Hints"
    assert first.head.headers == (("Link", "</a.css>; rel=preload; as=style"),)
    assert second.header("X-More") == "1"
    assert last.body == b"hello"
    assert http.get("/show").status == 200


def test_early_hints_are_sent_at_once_and_for_head_too(http):
    http.send(request_bytes("HEAD", "/hints/sent"))
    assert http.reader.read_head().status == 103
    assert http.reader.read(method="HEAD").status == 200


def test_early_hints_are_not_on_offer_to_http_1_0(server, http):
    assert http.get("/hints/absent").body != b"None"
    with HttpConnection(server.http) as connection:
        connection.send(request_bytes("GET", "/hints/absent", version="HTTP/1.0"))
        assert connection.reader.read().body == b"None"


def test_early_hints_that_would_break_the_message_are_a_500(http):
    response = http.get("/hints/bad")
    assert response.status == 500
    assert response.header("X-Injected") is None


def test_early_hints_after_the_head_are_refused(http):
    assert b"too late" in http.get("/hints/late").body


# -- trailers of a reply

TE = [("TE", "trailers")]


def read_trailers(connection: HttpConnection) -> tuple[str, bytes, bytes]:
    """Status line, names of framing and the raw bytes after the head, of a reply that closes."""
    data = b""
    while piece := connection.sock.recv(65536):
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1"), rest, data


@pytest.mark.parametrize(
    ("name", "body"), [("before", b"5\r\nhello\r\n"), ("after", b"2\r\nhe\r\n3\r\nllo\r\n")]
)
@pytest.mark.parametrize("te", ["trailers", "Trailers", "gzip;q=0.5, trailers"])
def test_trailers_follow_the_last_chunk(http, name, body, te):
    http.send(request_bytes("GET", f"/trailers/{name}", [("TE", te), ("Connection", "close")]))
    head, rest, _ = read_trailers(http)
    assert "Transfer-Encoding: chunked" in head
    assert "Content-Length" not in head
    assert "Trailer: X-Sum" in head
    assert rest == body + b"0\r\nX-Sum: 1\r\nx-more: \xe9\r\n\r\n"


def test_after_trailers_the_connection_goes_on(http):
    for _ in range(2):
        assert http.request("GET", "/trailers/after", TE).body == b"hello"


@pytest.mark.parametrize("headers", [[], [("TE", "gzip")], [("TE", "xtrailers")]])
def test_trailers_are_not_on_offer_to_a_client_that_did_not_ask(http, headers):
    assert http.request("GET", "/trailers/after", headers).body == b"no trailers"


def test_a_reply_with_a_length_goes_without_trailers(http):
    http.send(request_bytes("GET", "/trailers/length", [*TE, ("Connection", "close")]))
    head, rest, _ = read_trailers(http)
    assert "Content-Length: 5" in head
    assert rest == b"hello"


def test_head_has_no_trailers(http):
    http.send(request_bytes("HEAD", "/trailers/before", [*TE, ("Connection", "close")]))
    assert read_trailers(http)[1] == b""


@pytest.mark.parametrize("name", ["bad", "forbidden"])
def test_trailers_that_may_not_be_are_a_500(http, name):
    response = http.request("GET", f"/trailers/{name}", TE)
    assert (response.status, response.header("Set-Cookie")) == (500, None)
    assert response.header("Content-Length") == str(len(response.body))


# -- deadlines


def test_a_head_that_drips_is_cut_at_the_deadline(http):
    """A byte now and then does not move the deadline."""
    begun = time.monotonic()
    data = request_bytes("GET", "/show", [("X", "y" * 500)])[:-4]
    try:
        for byte in data:
            http.send(bytes([byte]))
            http.sock.settimeout(0.1)
            try:
                if http.sock.recv(1, 2):  # MSG_PEEK
                    break
            except TimeoutError:
                continue
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert time.monotonic() - begun < 30  # all of it takes more than 50
    http.sock.settimeout(10)
    assert http.reader.read().status == 408


# -- fields


def test_repeated_fields_are_joined_in_order(http):
    headers = [("Accept", "a"), ("Cookie", "x=1"), ("X-Between", "-"), ("accept", "b"), ("Cookie", "y=2")]
    facts = shown(http.request("GET", "/show", headers))
    assert facts["HTTP_ACCEPT"] == "a, b"
    assert facts["HTTP_COOKIE"] == "x=1; y=2"


# -- closing


@pytest.mark.parametrize("size", [5, 100_000])
def test_a_reply_that_closes_arrives_although_more_requests_were_sent(server, size):
    """RFC 9112 section 9.6: closing at once would reset the connection and lose the end of the reply."""
    with HttpConnection(server.http) as connection:
        connection.send(
            request_bytes("GET", f"/closing/{size}")
            + request_bytes("GET", "/never", [("X", "y" * 8000)]) * 60
        )
        received = b""
        while piece := connection.sock.recv(4096):
            received += piece
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.endswith(bytes(size))
