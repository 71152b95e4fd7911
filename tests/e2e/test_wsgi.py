"""What an application may do by PEP 3333, and what the client then sees, over HTTP and over uwsgi."""

import hashlib
import json
import threading
import uuid

import pytest

from tests.support.http_client import HttpConnection, chunked, get, request_bytes
from tests.support.uwsgi_client import UwsgiConnection, encode_packet, request_vars
from tests.support.waiting import wait_until

engine_only = pytest.mark.engine_only
FILE_CONTENT = bytes(range(256)) * 1024


# -- the response


def test_a_list_with_a_length(ask):
    response = ask("GET", "/hello")
    assert (response.status, response.body, response.complete) == (200, b"hello", True)
    assert response.head.reason == "OK"
    assert response.header("Content-Type") == "text/plain"
    assert response.header("Content-Length") == "5"


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/items", b"".join(b"item %d\n" % number for number in range(5))),
        ("/single", b"one item, no length"),
        ("/empty", b""),
        ("/empty-items", b"ab"),
    ],
)
def test_bodies_without_a_length(ask, target, body):
    response = ask("GET", target)
    assert (response.status, response.body, response.complete) == (200, body, True)


def test_repeated_headers_stay_apart(ask):
    assert ask("GET", "/cookies").head.get_all("Set-Cookie") == ["a=1", "b=2"]


def test_the_reason_is_the_applications_own(ask):
    response = ask("GET", "/status/299")
    assert (response.status, response.head.reason) == (299, "Some Reason")


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(ask, status):
    response = ask("GET", f"/status/{status}")
    assert (response.status, response.body) == (status, b"")
    assert response.header("Transfer-Encoding") is None


@pytest.mark.parametrize("target", ["/hello", "/items", "/single"])
@engine_only("uWSGI sends the body if the application yields one")
def test_head_has_the_headers_and_no_body(routes, ask, target):
    response = ask("HEAD", target)
    assert response.status == 200
    assert response.header("Content-Type") == "text/plain"
    with HttpConnection(routes.http) as connection:
        connection.send(request_bytes("HEAD", target, [("Connection", "close")]))
        connection.reader.read(method="HEAD")
        assert connection.is_closed_by_server(), "bytes after the head of a response to HEAD"


def test_write_sends_before_what_is_returned(ask):
    assert ask("GET", "/write").body == b"written\nagain\nreturned\n"


@engine_only("uWSGI skips text items")
def test_text_items_are_sent_as_utf_8(ask):
    assert ask("GET", "/text").text == "résumé and bytes"


# -- streaming


@pytest.mark.parametrize("target", ["/stream", "/write"])
@pytest.mark.parametrize("protocol", ["http", "uwsgi"])
def test_what_was_sent_arrives_while_the_application_still_waits(routes, target, protocol):
    gate = uuid.uuid4().hex
    kind, address = {
        "http": (HttpConnection, routes.addresses[0]),
        "uwsgi": (UwsgiConnection, routes.addresses[1]),
    }[protocol]
    with kind(address) as connection:
        connection.send_request("GET", f"{target}/gate/{gate}")
        response = connection.reader.read_head()
        pieces = connection.reader.iter_body(response)
        first = next(pieces).data
        assert first in {b"first\n", b"written\n"}
        get(routes.http, f"/open/{gate}")
        rest = b"".join(piece.data for piece in pieces)
    assert rest in {b"second\n", b"again\nreturned\n"}
    assert response.complete


def test_each_item_is_a_chunk_of_its_own(http):
    if (response := http.get("/items")).header("Transfer-Encoding") is None:
        pytest.skip("this server does not chunk")
    assert [piece.data for piece in response.pieces] == [b"item %d\n" % number for number in range(5)]


def test_a_client_that_does_not_read_stops_the_application(routes):
    """The response is 200 MB: only what fits into buffers may be produced, and the server stays small."""
    with HttpConnection(routes.http) as connection:
        before = routes.rss()
        connection.send(request_bytes("GET", "/big/200"))
        connection.reader.read_head()
        taken = _settled(lambda: int(get(routes.http, "/note/big").text))
        assert taken < 200 * 16, "the whole response was produced for a client that reads nothing"
        assert routes.rss() - before < 40_000_000


def _settled(ask):
    """Ask until the answer stays the same ten times in a row."""
    seen = []

    def same():
        seen.append(ask())
        return len(seen) >= 10 and len(set(seen[-10:])) == 1

    wait_until(same, timeout=20, what="the number of items to stay the same")
    return seen[-1]


# -- errors


@pytest.mark.parametrize(
    "target", ["/raise-before", "/raise-after", "/raise-first", "/no-start", "/start-twice"]
)
@engine_only("uWSGI closes without a byte, or sends what it has")
def test_an_error_before_the_first_byte_is_a_500(routes, ask, target):
    mark = len(routes.log())
    response = ask("GET", target)
    assert response.status == 500
    assert response.header("X-Lost") is None
    assert response.complete
    assert "Traceback" not in response.text, "what went wrong is for the log, not for the client"
    routes.wait_for_log("Error", after=mark)


@pytest.mark.parametrize(
    ("target", "line"),
    [("/raise-before", "RuntimeError: before"), ("/raise-middle", "RuntimeError: in the mid")],
)
def test_an_error_is_in_the_log_with_its_traceback(routes, target, line):
    mark = len(routes.log())
    with HttpConnection(routes.http) as connection:
        connection.send(request_bytes("GET", target, [("Connection", "close")]))
        connection.sock.recv(65536)
        assert "Traceback" in routes.wait_for_log(line, after=mark)


@engine_only("uWSGI cannot mark a response as cut short")
def test_an_error_in_the_middle_cuts_the_response_short(http):
    http.send_request("GET", "/raise-middle")
    response = http.reader.read()
    assert response.body == b"first"
    assert not response.complete, "the client took half a response for a whole one"
    assert http.is_closed_by_server()


@engine_only("uWSGI raises SystemError (unbit/uwsgi#2278)")
def test_exc_info_before_the_first_byte_replaces_the_response(ask):
    response = ask("GET", "/exc-info-early")
    assert (response.status, response.body) == (503, b"sorry")
    assert response.header("X-First") is None


@engine_only("uWSGI raises SystemError (unbit/uwsgi#2278)")
def test_exc_info_after_the_first_byte_raises_what_it_was_given(routes, http):
    mark = len(routes.log())
    http.send_request("GET", "/exc-info-late")
    response = http.reader.read()
    assert (response.body, response.complete) == (b"sent", False)
    routes.wait_for_log("KeyError: 'late'", after=mark)


@engine_only("uWSGI sends header values unchecked")
def test_a_line_break_in_a_header_is_refused(ask):
    response = ask("GET", "/bad-header")
    assert response.status == 500
    assert response.header("X-Injected") is None


@engine_only("uWSGI sends more than the length it announced")
def test_no_more_is_sent_than_was_announced(http):
    assert http.get("/too-long").body == b"four"
    after = http.request_if_open("GET", "/hello")
    assert after is None or after.body == b"hello"


@engine_only("uWSGI always closes")
def test_less_than_announced_ends_the_connection(http):
    http.send_request("GET", "/too-short")
    response = http.reader.read()
    assert (response.body, response.complete) == (b"four", False)


# -- close()


@pytest.mark.parametrize("name", ["done", "error"])
def test_close_is_called_once(routes, ask, name):
    before = _closed(routes, name)
    ask("GET", f"/closing/{name}")
    wait_until(lambda: _closed(routes, name) > before, timeout=10, what="close() to be called")
    assert _closed(routes, name) == before + 1


def test_close_is_called_when_the_client_goes_away(routes):
    before = _closed(routes, "endless")
    with HttpConnection(routes.http) as connection:
        connection.send_request("GET", "/closing/endless")
        next(connection.reader.iter_body(connection.reader.read_head()))
    wait_until(lambda: _closed(routes, "endless") == before + 1, timeout=10, what="close() to be called")


def _closed(routes, name):
    return int(get(routes.http, f"/closed/{name}").text)


# -- wsgi.input


def test_a_body_is_read(ask):
    body = bytes(range(256)) * 300
    assert ask("POST", "/echo", body=body).body == body


def test_no_body_reads_as_empty(ask):
    assert ask("GET", "/echo").body == b""
    assert ask("POST", "/echo", [("Content-Length", "0")]).body == b""


def test_read_readline_and_iteration_share_one_position(ask):
    response = ask("POST", "/read-parts", body=b"abcdef\nsecond\nthird\nlast without end")
    assert json.loads(response.body) == [
        "abc",
        "def\n",
        "second\n",
        "third\n",
        "last without end",
        "",
        "",
        "",
    ]


def test_readlines(ask):
    assert json.loads(ask("POST", "/read-lines", body=b"one\n\ntwo").body) == ["one\n", "\n", "two"]


@engine_only("uWSGI reads chunked bodies as empty")
def test_a_chunked_body_is_read_without_its_framing(http):
    parts = [b"one\n", b"two" * 1000, b"\nthree"]
    http.send(request_bytes("POST", "/echo", [("Transfer-Encoding", "chunked")], chunked(parts)))
    assert http.reader.read().body == b"".join(parts)


@engine_only("uWSGI reads chunked bodies as empty")
def test_a_chunked_body_is_read_as_it_comes(routes, http):
    gate = uuid.uuid4().hex
    http.send(request_bytes("POST", f"/upload/3/gate/{gate}", [("Transfer-Encoding", "chunked")]))
    http.send(b"3\r\none\r\n")
    routes.wait_for_log(f"upload waits at {gate}")  # three bytes were read though the body has no end yet
    get(routes.http, f"/open/{gate}")
    http.send(b"3\r\ntwo\r\n0\r\n\r\n")
    assert http.reader.read().text == f"6 {hashlib.sha256(b'onetwo').hexdigest()}"


@pytest.mark.parametrize("first", ["hold", "1000"])
def test_a_body_that_is_not_read_waits_in_the_kernel(routes, first):
    """50 MB are sent to an application that reads nothing yet: the server must not take them in."""
    gate = uuid.uuid4().hex
    body = bytes(50_000_000)
    with HttpConnection(routes.http, timeout=30) as connection:
        before = routes.rss()
        sent = _Sender(
            connection, request_bytes("POST", f"/upload/{first}/gate/{gate}", [("Connection", "close")], body)
        )
        sent.start()
        routes.wait_for_log(f"upload waits at {gate}")
        sent.wait_stalled()
        assert routes.rss() - before < 10_000_000
        assert sent.done < 20_000_000
        get(routes.http, f"/open/{gate}")
        response = connection.reader.read()
        sent.join()
    assert response.text == f"{len(body)} {hashlib.sha256(body).hexdigest()}"


class _Sender(threading.Thread):
    """Sends in the background and counts the bytes the kernel has taken."""

    def __init__(self, connection, data):
        super().__init__(daemon=True)
        self._connection = connection
        self._data = memoryview(data)
        self.done = 0

    def run(self):
        while self.done < len(self._data):
            self.done += self._connection.sock.send(self._data[self.done : self.done + 65536])

    def wait_stalled(self):
        return _settled(lambda: self.done)


# -- environ


def test_environ_has_what_the_standard_demands(ask):
    shown = json.loads(ask("GET", "/environ/a%20b?x=%41", [("X-Two-Words", "v")]).body)
    assert shown["REQUEST_METHOD"] == "GET"
    assert shown["QUERY_STRING"] == "x=%41"
    assert shown["HTTP_X_TWO_WORDS"] == "v"
    assert shown["HTTP_HOST"] == "test.example"
    assert shown["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert shown["SERVER_NAME"]
    assert shown["SERVER_PORT"].isdigit()
    assert shown["REMOTE_ADDR"] == "127.0.0.1"
    assert shown["wsgi.version"] == [1, 0]
    assert shown["wsgi.url_scheme"] == "http"
    assert shown["wsgi.multithread"] is False
    assert shown["wsgi.multiprocess"] is False
    assert shown["wsgi.run_once"] is False
    assert {"wsgi.input", "wsgi.errors", "wsgi.file_wrapper"} <= shown["types"].keys()


@engine_only("uWSGI sets SCRIPT_NAME only where the front end did")
def test_script_name_is_always_there(ask):
    assert json.loads(ask("GET", "/environ").body)["SCRIPT_NAME"] == ""


def test_environ_has_what_uwsgi_adds(ask):
    shown = json.loads(ask("GET", "/environ").body)
    assert shown["REQUEST_URI"] == "/environ"
    assert 0 <= shown["uwsgi.core"] < 20
    assert shown["types"]["uwsgi.version"] == "bytes"
    assert shown["types"]["uwsgi.node"] == "bytes"


def test_the_path_is_decoded_and_the_uri_is_not(routes):
    shown = json.loads(get(routes.http, "/environ/caf%C3%A9%20x?q=%20").body)
    assert shown["PATH_INFO"].encode("latin-1").decode() == "/environ/café x"
    assert shown["REQUEST_URI"] == "/environ/caf%C3%A9%20x?q=%20"


def test_content_headers_have_no_prefix(ask):
    headers = [("Content-Type", "text/x-test")]
    shown = json.loads(ask("POST", "/environ", headers, b"12345").body)
    assert shown["CONTENT_TYPE"] == "text/x-test"
    assert shown["CONTENT_LENGTH"] == "5"


def test_the_uwsgi_environ_has_every_variable_that_was_sent(routes):
    variables = {**request_vars("GET", "/environ"), "MY_OWN": "v\xe9", "EMPTY": ""}
    with UwsgiConnection(routes.addresses[1]) as connection:
        connection.send(encode_packet(variables))
        shown = json.loads(connection.reader.read().body)
    assert {key: shown.get(key) for key in variables} == variables


# -- wsgi.file_wrapper


@pytest.mark.parametrize("kind", ["real", "memory"])
def test_file_wrapper_sends_the_file(ask, kind):
    assert ask("GET", f"/file/{kind}").body == FILE_CONTENT


@engine_only("uWSGI sends the file from its beginning")
def test_file_wrapper_starts_where_the_file_stands(ask):
    assert ask("GET", "/file/offset").body == FILE_CONTENT[1000:]


@pytest.mark.parametrize("kind", ["real", "memory"])
def test_file_wrapper_closes_what_it_was_given(routes, ask, kind):
    name = f"file-{kind}"
    before = _closed(routes, name)
    assert ask("GET", f"/file/{kind}/counted").body == FILE_CONTENT
    wait_until(lambda: _closed(routes, name) == before + 1, timeout=10, what="the file's close()")


# -- the standard library's checker


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("target", ["/", "/write", "/nothing"])
def test_wsgiref_validate_finds_nothing(start_engine, method, target):
    engine = start_engine("--module", "validated")
    with HttpConnection(engine.http) as connection:
        body = b"posted" if method == "POST" else b""
        connection.send(request_bytes(method, target, [("Connection", "close")], body))
        response = connection.reader.read(method=method)
    assert response.status in {200, 204}
    if target == "/" and method != "HEAD":
        assert response.body == b"valid " + body
    engine.stop()
    assert "Error" not in engine.log()
    assert "Warning" not in engine.log().replace("*** WARNING", "")
