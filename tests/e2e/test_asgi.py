"""What an ASGI application may do, and what the client then sees, over HTTP and over uwsgi."""

from __future__ import annotations

import json
import threading

import pytest

from tests.e2e.conftest import asking, over_both
from tests.support.http_client import HttpConnection, chunked, get, request_bytes
from tests.support.uwsgi_client import UwsgiConnection, uwsgi_request
from tests.support.waiting import wait_until as wait_for

pytestmark = pytest.mark.engine_only("uWSGI has no ASGI")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with over_both(tmp_path_factory, "--socket-timeout", "2", "--asgi", "asgi_routes") as engine:
        yield engine


@pytest.fixture(params=["http", "uwsgi"])
def ask(request, server):
    return asking(server, request.param)


def wait_until(ask):
    wait_for(ask, timeout=10, what="what the test asks for")


def pieces(connection):
    """Pieces of the body of the reply that is about to come."""
    reader = connection.reader
    return (piece.data for piece in reader.iter_body(reader.read_head()))


def events(server):
    return json.loads(get(server.http, "/events").body)


# -- replies


def test_a_body_in_one_message_has_its_length(ask, server):
    response = ask("GET", "/hello")
    assert (response.status, response.body, response.complete) == (200, b"hello", True)
    assert response.header("content-type") == "text/plain"
    assert get(server.http, "/hello").header("Content-Length") == "5"


def test_a_body_in_pieces(ask):
    response = ask("GET", "/items")
    assert (response.status, response.body, response.complete) == (
        200,
        b"".join(b"item %d\n" % number for number in range(5)),
        True,
    )


def test_framing_is_the_servers_own(ask):
    response = ask("GET", "/length")
    assert (response.body, response.header("Content-Length")) == (b"hello", "5")
    assert response.header("Transfer-Encoding") is None


@pytest.mark.parametrize("target", ["/hello", "/items", "/length", "/file?300000"])
def test_head_has_no_body(server, target):
    with HttpConnection(server.http) as connection:
        assert connection.request("HEAD", target).body == b""
        assert connection.get("/hello").body == b"hello", "the connection is out of step"


def test_one_connection_carries_many_requests(server):
    with HttpConnection(server.http) as connection:
        for _ in range(3):
            assert connection.get("/hello").body == b"hello"
            assert connection.request("POST", "/echo", (), b"x" * 100_000).body == b"x" * 100_000


def test_pipelined_requests_are_answered_in_order(server):
    with HttpConnection(server.http) as connection:
        targets = ["/sleep?0.05", "/hello", "/items", "/boom", "/hello"]
        connection.send(b"".join(request_bytes("GET", target) for target in targets))
        bodies = [connection.reader.read(method="GET").body for _ in targets]
    assert bodies[:2] == [b"slept", b"hello"]
    assert bodies[4] == b"hello"


def test_the_head_goes_out_with_an_empty_piece(server):
    with HttpConnection(server.http) as connection:
        connection.send_request("GET", "/flushed-head")
        assert connection.reader.read_head().header("x-early") == "yes"


@pytest.mark.parametrize("size", [0, 10, 300_000])
def test_a_file_by_its_path(ask, size):
    response = ask("GET", f"/file?{size}")
    assert (response.status, response.body, response.complete) == (200, b"f" * size, True)


def test_a_large_file_is_sent_by_the_kernel(server):
    response = get(server.http, "/file?20000000")
    assert (response.header("Content-Length"), len(response.body)) == ("20000000", 20_000_000)
    wait_until(lambda: "/file?20000000 => generated 20000000 bytes" in server.log())
    assert "via sendfile()" in server.log()


def test_a_file_for_a_client_that_leaves_in_the_middle(server):
    with HttpConnection(server.http) as connection:
        connection.send_request("GET", "/file?60000000")
        assert next(pieces(connection))
    wait_until(lambda: "/file?60000000 => generated" in server.log())
    assert get(server.http, "/hello").body == b"hello"


@pytest.mark.parametrize("target", ["/missing", "/directory"])
def test_a_file_that_cannot_be_sent_is_a_500(server, target):
    assert get(server.http, target).status == 500


# -- the request


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_a_body_arrives_whole(ask, size):
    data = bytes(range(256)) * (size // 256 + 1)
    assert ask("POST", "/echo", (), data[:size]).body == data[:size]


def test_a_chunked_body(server):
    with HttpConnection(server.http) as connection:
        connection.send(
            request_bytes("POST", "/echo", [("Transfer-Encoding", "chunked")]) + chunked([b"one", b"two"])
        )
        assert connection.reader.read(method="POST").body == b"onetwo"


def test_pieces_are_handed_on_as_they_come(server):
    with HttpConnection(server.http) as connection:
        connection.send(request_bytes("POST", "/stream-echo", [("Content-Length", "6")]) + b"one")
        arriving = pieces(connection)
        assert next(arriving) == b"one"
        connection.send(b"two")
        assert list(arriving) == [b"two"]


def test_the_client_is_told_to_go_on_when_the_application_reads(server):
    with HttpConnection(server.http) as connection:
        connection.send(request_bytes("POST", "/echo", [("Content-Length", "3"), ("Expect", "100-continue")]))
        assert connection.sock.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.send(b"abc")
        assert connection.reader.read(method="POST").body == b"abc"


def test_a_client_that_stops_in_its_body_gets_408(server):
    with HttpConnection(server.http) as connection:
        connection.send(request_bytes("POST", "/echo", [("Content-Length", "10")], b"abc"))
        assert connection.reader.read(method="POST").status == 408


def test_broken_framing_is_the_clients_fault(server):
    with HttpConnection(server.http) as connection:
        connection.send(request_bytes("POST", "/echo", [("Transfer-Encoding", "chunked")]) + b"zzz\r\n")
        assert connection.reader.read(method="POST").status == 400


def test_a_slow_application_makes_the_client_wait(server):
    size = 40_000_000
    with HttpConnection(server.http) as connection:
        connection.send(request_bytes("POST", "/unread", [("Content-Length", str(size))]))
        sent = send_until_it_blocks(connection.sock, size)
        assert sent < size
        get(server.http, "/go")
        connection.sock.settimeout(10)
        connection.send(bytes(size - sent))
        assert json.loads(connection.reader.read(method="POST").body) == size


def send_until_it_blocks(sock, size):
    sock.settimeout(0.2)
    sent = 0
    try:
        while sent < size:
            sent += sock.send(bytes(min(65536, size - sent)))
    except TimeoutError:
        pass
    return sent


def test_the_scope_over_http(server):
    with HttpConnection(server.http) as connection:
        connection.send(
            b"GET /scope/%C3%A9%2Fx?a=%20b HTTP/1.1\r\nHost: h.example:8\r\n"
            b"X-A: 1\r\nx-a: 2\r\nTE: trailers\r\n\r\n"
        )
        scope = json.loads(connection.reader.read(method="GET").body)
        client = list(connection.sock.getsockname())
    assert scope["type"] == "http"
    assert scope["asgi"] == {"version": "3.0", "spec_version": "2.5"}
    assert (scope["http_version"], scope["method"], scope["scheme"]) == ("1.1", "GET", "http")
    assert (scope["path"], scope["raw_path"]) == ("/scope/é/x", "/scope/%C3%A9%2Fx")
    assert (scope["query_string"], scope["root_path"]) == ("a=%20b", "")
    assert scope["headers"] == [["host", "h.example:8"], ["x-a", "1"], ["x-a", "2"], ["te", "trailers"]]
    assert scope["client"] == client
    assert scope["server"] == list(server.http)
    assert scope["state"] == ["made_in"]
    assert set(scope["extensions"]) == {
        "http.response.pathsend",
        "http.response.early_hint",
        "http.response.trailers",
    }


def test_what_an_application_adds_to_its_scope_is_not_in_that_of_others(server):
    """Fields that clients repeat are kept, for all connections; the application gets a list of its own."""
    for user in range(2):
        with HttpConnection(server.http) as connection:
            assert [connection.get(f"/added?user{user}").text for _ in range(5)] == ["1"] * 5


def test_the_scope_over_uwsgi(server):
    scope = json.loads(uwsgi_request(server.addresses[1], "GET", "/scope?q", [("X-A", "1")]).body)
    assert (scope["http_version"], scope["method"], scope["scheme"]) == ("1.1", "GET", "http")
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/scope", "/scope", "q")
    assert (scope["client"], scope["server"]) == (["127.0.0.1", 40000], ["test.example", 80])
    assert ["x-a", "1"] in scope["headers"]
    assert ["host", "test.example"] in scope["headers"]


def test_an_old_client(server):
    with HttpConnection(server.http) as connection:
        connection.send(request_bytes("GET", "/items", version="HTTP/1.0"))
        response = connection.reader.read(method="GET")
    assert response.body.endswith(b"item 4\n")
    assert response.header("Transfer-Encoding") is None


# -- what goes wrong


def test_an_exception_before_the_start_is_a_500(ask, server):
    assert ask("GET", "/boom").status == 500
    assert "LookupError: boom" in server.log()


def test_an_exception_after_the_start_cuts_the_reply(server):
    response = get(server.http, "/late-boom")
    assert (response.status, response.body, response.complete) == (200, b"begun", False)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/nothing", "returned before the reply was complete"),
        ("/wrong", "where 'http.response.start' was expected"),
    ],
)
def test_an_application_that_breaks_the_rules(server, target, words):
    assert get(server.http, target).status == 500
    assert words in server.log()


def test_a_body_longer_than_announced_is_cut(server):
    response = get(server.http, "/too-long")
    assert response.body == b"th"


# -- clients that leave


def test_receive_tells_that_the_client_has_left(server):
    with HttpConnection(server.http) as connection:
        connection.send_request("GET", "/wait")
        wait_until(lambda: "waiting" in events(server))
    wait_until(lambda: "left" in events(server))


def test_send_raises_once_the_client_has_left_and_receive_returns_in_another_task(server):
    with HttpConnection(server.http) as connection:
        connection.send_request("GET", "/both")
        assert next(pieces(connection)) == b"tick\n"
    wait_until(lambda: {"http.disconnect", "send raised ClientDisconnected"} <= set(events(server)))
    assert "Traceback" not in server.log().partition("/both")[2]


def test_a_slow_client_makes_the_application_wait(server):
    with HttpConnection(server.http) as connection:
        connection.send_request("GET", "/big")
        wait_until(lambda: "big 0" in events(server))
        with HttpConnection(server.http) as other:
            for _ in range(20):
                other.get("/hello")
        assert "big 63" not in events(server)
        total = len(connection.reader.read(method="GET").body)
    assert total == 64 << 20
    assert "big 63" in events(server)


def test_a_client_that_takes_nothing_is_dropped(server):
    with HttpConnection(server.http) as connection:
        # A name of its own: the log line of another test's /big may still be on its way.
        connection.send_request("GET", "/big?taken=nothing")
        wait_until(lambda: "/big?taken=nothing => generated" in server.log())
        assert not connection.reader.read().complete


def test_after_the_reply_the_application_may_go_on(server):
    with HttpConnection(server.http) as connection:
        assert connection.get("/background").body == b"done"
        assert connection.get("/hello").body == b"hello"
    wait_until(lambda: "background" in events(server))


def test_many_at_once_are_not_bound_by_cores(start_engine):
    engine = start_engine("--gevent", "2", "--module", "asgi_routes")
    connections = [HttpConnection(engine.http) for _ in range(30)]
    for connection in connections:
        connection.send_request("GET", "/wait")
    wait_until(lambda: events(engine).count("waiting") == 30)
    for connection in connections:
        connection.close()
    wait_until(lambda: events(engine).count("left") == 30)


def test_asgi_cores_bound_them_and_the_rest_waits_in_order(start_engine):
    engine = start_engine("--asgi-cores", "2", "--module", "asgi_routes")
    bodies = []

    def ask(target):
        bodies.append(get(engine.http, target).body)

    threads = [threading.Thread(target=ask, args=("/sleep?0.1",)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies == [b"slept"] * 5
    assert "--asgi-cores are busy" in engine.log()
    cores = {line.rpartition("on core ")[2] for line in engine.log().splitlines() if "/sleep" in line}
    assert cores <= {"20)", "21)"}


def test_uwsgi_connection_closed_early(server):
    with UwsgiConnection(server.addresses[1]) as connection:
        connection.send_request("GET", "/wait")
        wait_until(lambda: events(server).count("waiting") >= 1)


# -- extensions


def test_trailers_go_to_a_client_that_takes_them(server):
    with HttpConnection(server.http) as connection:
        connection.send(request_bytes("GET", "/trailers", [("TE", "trailers"), ("Connection", "close")]))
        received = b"".join(iter(lambda: connection.sock.recv(65536), b""))
    head, _, rest = received.partition(b"\r\n\r\n")
    assert b"trailer: x-sum" in head
    assert rest == b"4\r\nsome\r\n5\r\nthing\r\n0\r\nx-sum: 42\r\n\r\n"


def test_trailers_are_dropped_for_others(ask):
    response = ask("GET", "/trailers")
    assert (response.body, response.complete) == (b"something", True)


def test_early_hints_come_before_the_head(server):
    with HttpConnection(server.http) as connection:
        connection.send_request("GET", "/hints")
        hint = connection.reader.read_head()
        assert (hint.status, hint.header("Link")) == (103, "</style.css>; rel=preload")
        assert connection.reader.read().body == b"hinted"
