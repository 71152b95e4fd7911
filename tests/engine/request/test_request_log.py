"""Lines of the request log: the default one, formats, JSON, and which requests have one."""

from __future__ import annotations

import json
import re

import pytest

from engine.errors import ConfigError
from engine.logs.line_format import compile_format, compile_json, own_names
from engine.logs.settings import Exceptions, RequestLogSettings
from engine.logs.variables import NAMES, Surroundings
from engine.protocols.events import RequestHead, UwsgiHead
from engine.request.access import DefaultLine
from engine.request.body import EMPTY_BODY
from engine.request.exchange import Exchange
from engine.request.log import line_maker
from engine.uwsgi_api.request_calls import notes_of
from tests.engine.request.fakes import FakeLink, get

AROUND = Surroundings(77, 2, lambda: (3 << 20, 9 << 20), "%Y")


def answered(head=None, status: str = "200 OK", body: bytes = b"hello", link=None) -> Exchange:
    exchange = Exchange(link or FakeLink(), head or get(b"/x?y=1"), EMPTY_BODY)
    exchange.core = 4
    exchange.start_response(status, [("Content-Type", "text/plain")])
    exchange.send_all(body)
    exchange.finish()
    return exchange


def head_with(*fields: tuple[bytes, bytes]) -> RequestHead:
    return RequestHead("GET", b"/a?b=c", b"/a", b"b=c", [(b"host", b"example.org"), *fields])


def packet(**variables: str) -> UwsgiHead:
    return UwsgiHead(0, 0, {"REQUEST_METHOD": "GET", "REQUEST_URI": "/u", **variables})


class TestDefaultLine:
    def test_it_is_uwsgis(self) -> None:
        line = DefaultLine(77).make(answered(), 3, 0.0125)
        assert re.fullmatch(
            r"\[pid: 77\|app: 0\|req: 3/3\] 127\.0\.0\.1 \(\) \{\d+ vars in \d+ bytes\} \[.{24}\] "
            r"GET /x\?y=1 => generated 5 bytes in 12 msecs \(HTTP/1\.1 200\) 1 headers in \d+ bytes "
            r"\(\d+ switches on core 4\)",
            line,
        )

    def test_it_tells_microseconds_on_request(self) -> None:
        assert " in 12500 micros (" in DefaultLine(77, micros=True).make(answered(), 3, 0.0125)

    def test_it_tells_memory_on_request(self) -> None:
        line = DefaultLine(77, memory=lambda: (3 << 20, 9 << 20)).make(answered(), 1, 0.0)
        assert line.startswith(
            "{address space usage: 9437184 bytes/9MB} {rss usage: 3145728 bytes/3MB} [pid: 77"
        )

    def test_it_tells_the_forwarded_address_on_request(self) -> None:
        maker = DefaultLine(77, forwarded_for=True)
        assert " 192.0.2.7, 10.0.0.1 () " in maker.make(
            answered(head_with((b"x-forwarded-for", b"192.0.2.7, 10.0.0.1"))), 1, 0.0
        )
        assert " 127.0.0.1 () " in maker.make(answered(), 1, 0.0)

    def test_it_names_the_user_of_the_front_end(self) -> None:
        assert " (tim) {" in DefaultLine(77).make(answered(packet(REMOTE_USER="tim")), 1, 0.0)

    @pytest.mark.parametrize("name", ["REQUEST_URI", "REMOTE_USER", "REQUEST_METHOD", "SERVER_PROTOCOL"])
    def test_what_a_front_end_sends_cannot_end_the_line(self, name: str) -> None:
        line = DefaultLine(77).make(answered(packet(**{name: "/\n[pid: 1|\x1b[2J"})), 1, 0.0)
        assert line.isprintable()
        assert "\\n[pid: 1|\\u001b[2J" in line

    def test_lines_of_two_connections_have_their_own_addresses(self) -> None:
        maker = DefaultLine(77)
        other = FakeLink()
        other.remote_addr = lambda head: "192.0.2.1"  # type: ignore[method-assign]
        assert " 127.0.0.1 (" in maker.make(answered(), 1, 0.0)
        assert " 192.0.2.1 (" in maker.make(answered(link=other), 2, 0.0)

    def test_lines_of_one_connection_of_a_proxy_have_the_addresses_of_its_clients(self) -> None:
        maker = DefaultLine(77)
        proxy = FakeLink()
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
            proxy.remote_addr = lambda head, told=address: told  # type: ignore[misc]
            assert f" {address} (" in maker.make(answered(link=proxy), 1, 0.0)


class TestFormat:
    def test_the_combined_format_of_apache(self) -> None:
        make = compile_format(
            '%(addr) - %(user) [%(ltime)] "%(method) %(uri) %(proto)" %(status) %(rsize) '
            '"%(referer)" "%(uagent)"',
            AROUND,
        )
        line = make(answered(head_with((b"user-agent", b"curl/8"))), 0.1)
        assert re.fullmatch(
            r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /a\?b=c HTTP/1\.1" 200 5 '
            r'"-" "curl/8"',
            line,
        )

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("%(pid) %(wid) %(core)", "77 2 4"),
            ("%(micros) %(msecs) %(secs)", "1234567 1234 1.234567"),
            ("%(rssM) %(vszM) %(rss)", "3 9 3145728"),
            ("%(host)|%(var.HTTP_HOST)|%(var.HTTP_X_NONE)", "example.org|example.org|-"),
            ("%(var.PATH_INFO) %(var.QUERY_STRING) %(var.REQUEST_METHOD)", "/a b=c GET"),
            ("%(headers) %(cl) %(modifier1) %(werr) %(rerr) %(ioerr)", "1 0 0 0 0 0"),
            ("100% {braces} \"quotes\" 'more' \\n \\ é", "100% {braces} \"quotes\" 'more' \\n \\ é"),
            ("%(foo) %(logvar.foo)", "- -"),
            ('"""{pid}{x.link}', '"""{pid}{x.link}'),
        ],
    )
    def test_what_variables_stand_for(self, pattern: str, expected: str) -> None:
        assert compile_format(pattern, AROUND)(answered(head_with()), 1.234567) == expected

    def test_every_variable_has_a_value(self) -> None:
        exchange = answered(packet(HTTP_HOST="h"))
        for name in NAMES:
            assert compile_format(f"%({name})", AROUND)(exchange, 0.5), name

    def test_sizes_add_up(self) -> None:
        rsize, hsize, size = map(
            int, compile_format("%(rsize) %(hsize) %(size)", AROUND)(answered(), 0.0).split()
        )
        assert rsize == 5
        assert rsize + hsize == size

    def test_ftime_has_the_pattern_of_log_date(self) -> None:
        assert re.fullmatch(r"\d{4}", compile_format("%(ftime)", AROUND)(answered(), 0.0))

    def test_variables_that_the_application_sets(self) -> None:
        exchange = answered()
        notes_of(exchange).logvars[b"user_id"] = b'7"\n'
        notes_of(exchange).variables[b"REMOTE_USER"] = b"ann"
        make = compile_format("%(user_id) %(user)", AROUND)
        assert make(exchange, 0.0) == '7\\"\\n ann'
        assert own_names("%(user_id) %(user) %(var.X)") == ["user_id"]

    @pytest.mark.parametrize(
        ("wrong", "right"), [("stauts", "status"), ("reffer", "referer"), ("msec", "msecs")]
    )
    def test_a_typing_error_is_refused_with_the_names_there_are(self, wrong: str, right: str) -> None:
        with pytest.raises(ConfigError, match=rf"%\({wrong}\).*is {right} meant.*uagent.*vszM"):
            compile_format(f"%({wrong})", AROUND)

    @pytest.mark.parametrize("wrong", ["%(var.)", "%(metric.)", "%()", "%(status"])
    def test_what_can_never_be_a_variable_is_refused(self, wrong: str) -> None:
        with pytest.raises(ConfigError, match="--log-format"):
            compile_format(wrong, AROUND)

    def test_a_client_forges_neither_a_line_nor_a_quoted_field(self) -> None:
        exchange = answered(packet(HTTP_USER_AGENT='x" 200\n1.2.3.4 - "GET /forged'))
        line = compile_format('"%(uagent)"', AROUND)(exchange, 0.0)
        assert line == '"x\\" 200\\n1.2.3.4 - \\"GET /forged"'
        assert json.loads(line) == 'x" 200\n1.2.3.4 - "GET /forged'

    def test_utf8_stays_readable_and_other_bytes_do_no_harm(self) -> None:
        make = compile_format("%(uagent)", AROUND)
        assert make(answered(head_with((b"user-agent", "Zoë".encode()))), 0.0) == "Zoë"
        assert make(answered(head_with((b"user-agent", b"\xe9\x85"))), 0.0) == "é\\u0085"


class TestJson:
    @pytest.mark.parametrize(
        "evil", ['"', "\\", "\n", '","status":500,"x":"', "\x00\x1f\x7f", "\u2028".encode().decode("latin-1")]
    )
    def test_each_line_is_one_object_whatever_the_client_sends(self, evil: str) -> None:
        fields = ("status", "uagent", "user", "var.HTTP_X_ID")
        line = compile_json(fields, AROUND)(answered(packet(HTTP_USER_AGENT=evil)), 0.0)
        assert "\n" not in line
        read = json.loads(line)
        assert read["status"] == 200
        assert read["uagent"].encode() == evil.encode("latin-1")
        assert (read["user"], read["var.HTTP_X_ID"]) == (None, None)
        assert list(read) == list(fields)

    def test_what_the_application_sets_comes_last(self) -> None:
        exchange = answered()
        notes_of(exchange).logvars[b'or"der'] = b"\xff\n"
        read = json.loads(compile_json(("status",), AROUND)(exchange, 0.0))
        assert read == {"status": 200, 'or"der': "\ufffd\n"}


class TestExceptions:
    def test_none_means_no_filter(self) -> None:
        assert Exceptions().filter() is None

    @pytest.mark.parametrize(
        ("exceptions", "status", "body", "took", "logged"),
        [
            (Exceptions(status_4xx=True), "404 Not Found", b"x", 0.0, True),
            (Exceptions(status_4xx=True), "500 Oops", b"x", 0.0, False),
            (Exceptions(status_5xx=True), "500 Oops", b"x", 0.0, True),
            (Exceptions(slow=100), "200 OK", b"x", 0.1, True),
            (Exceptions(slow=100), "200 OK", b"x", 0.09, False),
            (Exceptions(big=1000), "200 OK", b"x" * 1000, 0.0, True),
            (Exceptions(big=1000), "200 OK", b"x", 0.0, False),
            (Exceptions(zero=True), "200 OK", b"", 0.0, True),
            (Exceptions(zero=True), "200 OK", b"x", 0.0, False),
            (Exceptions(io_error=True), "200 OK", b"x", 0.0, False),
            (Exceptions(sendfile=True), "200 OK", b"x", 0.0, False),
        ],
    )
    def test_which_requests_are_logged(self, exceptions, status, body, took, logged) -> None:
        wanted = exceptions.filter()
        assert wanted(answered(status=status, body=body), took) is logged

    def test_a_reply_that_was_cut_off_is_an_io_error(self) -> None:
        exchange = Exchange(FakeLink(), get(b"/"), EMPTY_BODY)
        exchange.start_response("200 OK", [])
        exchange.write(b"x")
        exchange.cut()
        assert Exceptions(io_error=True).filter()(exchange, 0.0)
        assert compile_format("%(werr) %(ioerr)", AROUND)(exchange, 0.0) == "1 1"


def test_settings_choose_the_kind_of_line() -> None:
    def line(**settings: object) -> str:
        return line_maker(RequestLogSettings(**settings), 1, lambda: (0, 0))(answered(), 1, 0.0)

    assert line().startswith("[pid: ")
    assert line(pattern="%(status)") == "200"
    assert line(json_fields=("status",)) == '{"status": 200}'
