"""WSGIAdapter and EnvironBuilder with a fake connection."""

from __future__ import annotations

import pytest

from engine.apps.wsgi.adapter import WSGIAdapter
from engine.apps.wsgi.environ import EnvironBuilder
from engine.errors import ClientDisconnected
from engine.protocols.events import RequestHead, UwsgiHead
from engine.request.body import EMPTY_BODY
from engine.request.exchange import Exchange
from tests.engine.request.fakes import FakeLink, get


class Site:
    """An application, served to a fake connection."""

    def __init__(self, app, **options) -> None:
        self.log: list[str] = []
        self.breaths = 0
        self.environs = EnvironBuilder(multiprocess=False)
        self.adapter = WSGIAdapter(app, self.environs, self.log.append, self.breathe, **options)
        self.link = FakeLink()

    def breathe(self) -> None:
        self.breaths += 1

    def serve(self, head=None) -> FakeLink:
        exchange = Exchange(self.link, head or get(), EMPTY_BODY)
        exchange.core = 0
        template = {"SERVER_NAME": "n", "SERVER_PORT": "80"}
        self.adapter.serve(exchange, template)
        return self.link


class Items:
    """An iterable that remembers whether it was closed."""

    def __init__(self, *items: object) -> None:
        self.items = items
        self.closed = 0

    def __iter__(self):
        for item in self.items:
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self) -> None:
        self.closed += 1


def app_returning(result):
    def app(environ, start_response):
        start_response("200 OK", [])
        return result

    return app


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ([b"one"], b"one"),
        ((b"one", b"two"), b"onetwo"),
        ([], b""),
        (b"bytes", b"bytes"),
        ("text", b"text"),
        (["f\xfcr"], "f\xfcr".encode()),
        ([bytearray(b"array")], b"array"),
    ],
)
def test_what_is_all_there_goes_out_with_its_length(result, body: bytes) -> None:
    link = Site(app_returning(result)).serve()
    assert f"Content-Length: {len(body)}\r\n".encode() in link.wire
    assert link.body == body


def test_each_item_of_an_iterable_is_sent_by_itself() -> None:
    link = Site(app_returning(iter([b"a", b"", None, b"b"]))).serve()
    assert link.sent[1:] == [b"1\r\nb\r\n", b"0\r\n\r\n"]
    assert link.sent[0].endswith(b"1\r\na\r\n")


def test_a_long_stream_lets_others_have_a_turn() -> None:
    site = Site(app_returning(iter([b"x"] * 200)))
    site.serve()
    assert site.breaths == 3


def test_str_items_are_refused_when_strict() -> None:
    site = Site(app_returning(iter(["text"])), strict=True)
    assert site.serve().wire.startswith(b"HTTP/1.1 500 ")
    assert "--wsgi-strict" in site.log[0]


def test_str_items_are_noted_once() -> None:
    site = Site(app_returning(["text", "more"]))
    site.serve()
    assert len(site.log) == 1


def test_an_error_before_the_head_is_a_500_and_logged() -> None:
    def app(environ, start_response):
        raise LookupError("no such thing")

    site = Site(app)
    link = site.serve()
    assert link.wire.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert "no such thing" not in link.wire.decode()
    assert "LookupError: no such thing" in site.log[0]


def test_the_traceback_is_shown_only_on_request() -> None:
    def app(environ, start_response):
        raise LookupError("no such thing")

    assert b"LookupError: no such thing" in Site(app, show_errors=True).serve().body


def test_an_error_after_the_head_cuts_the_connection() -> None:
    items = Items(b"a", LookupError("x"))
    link = Site(app_returning(items)).serve()
    assert link.aborted
    assert b"0\r\n\r\n" not in link.wire
    assert items.closed == 1


def test_sys_exit_in_a_view_ends_the_request_only() -> None:
    def app(environ, start_response):
        raise SystemExit(3)

    assert Site(app).serve().wire.startswith(b"HTTP/1.1 500 ")


def test_keyboard_interrupt_goes_on() -> None:
    def app(environ, start_response):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Site(app).serve()


@pytest.mark.parametrize("items", [(), (b"a",), (b"a", ClientDisconnected("gone")), (b"a", LookupError())])
def test_close_is_called_exactly_once(items) -> None:
    result = Items(*items)
    Site(app_returning(result)).serve()
    assert result.closed == 1


def test_an_error_in_close_is_logged_and_the_reply_stands() -> None:
    class Bad(Items):
        def close(self) -> None:
            raise LookupError("in close")

    site = Site(app_returning(Bad(b"a")))
    assert site.serve().body == b"1\r\na\r\n0\r\n\r\n"
    assert "in close" in site.log[0]


@pytest.mark.parametrize("result", [None, 5, [5]])
def test_what_is_no_iterable_of_bytes_is_a_500(result) -> None:
    assert Site(app_returning(result)).serve().wire.startswith(b"HTTP/1.1 500 ")


def test_no_application_is_a_500() -> None:
    site = Site(None)
    assert site.serve().wire.startswith(b"HTTP/1.1 500 ")
    assert "no python application found" in site.log[0]


def seen_environ(head) -> dict[str, object]:
    seen: dict[str, object] = {}

    def app(environ, start_response):
        seen.update(environ)
        start_response("200 OK", [])
        return []

    Site(app).serve(head)
    return seen


def test_http_becomes_cgi_variables() -> None:
    head = RequestHead(
        "POST",
        b"/a%20b/%C3%BC?x=1&y=%20",
        b"/a%20b/%C3%BC",
        b"x=1&y=%20",
        [
            (b"host", b"example"),
            (b"content-type", b"text/plain"),
            (b"content-length", b"0"),
            (b"x-two", b"1"),
            (b"x-two", b"2"),
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
        ],
    )
    environ = seen_environ(head)
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["REQUEST_URI"] == "/a%20b/%C3%BC?x=1&y=%20"
    assert environ["PATH_INFO"] == "/a b/\xc3\xbc"
    assert environ["QUERY_STRING"] == "x=1&y=%20"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["HTTP_X_TWO"] == "1, 2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["wsgi.multithread"] is False
    assert environ["uwsgi.core"] == 0


def test_every_request_has_an_environ_of_its_own() -> None:
    kept = []

    def app(environ, start_response):
        kept.append(environ)
        environ["mine"] = len(kept)
        start_response("200 OK", [])
        return []

    site = Site(app)
    site.serve()
    site.serve()
    assert [environ["mine"] for environ in kept] == [1, 2]


@pytest.mark.parametrize(
    ("variables", "scheme"),
    [
        ({}, "http"),
        ({"HTTPS": "on"}, "https"),
        ({"HTTPS": "1"}, "https"),
        ({"HTTPS": "off"}, "http"),
        ({"UWSGI_SCHEME": "https"}, "https"),
        ({"HTTP_X_FORWARDED_PROTO": "https"}, "http"),
        ({"REQUEST_SCHEME": "https"}, "http"),
    ],
)
def test_only_the_front_end_decides_the_scheme(variables, scheme) -> None:
    head = UwsgiHead(0, 0, {"REQUEST_METHOD": "GET", "PATH_INFO": "/", **variables})
    assert seen_environ(head)["wsgi.url_scheme"] == scheme


def test_modifier_30_cuts_the_script_name_off_the_path() -> None:
    head = UwsgiHead(30, 0, {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/app", "PATH_INFO": "/app/x"})
    environ = seen_environ(head)
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/app", "/x")
