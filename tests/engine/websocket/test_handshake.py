"""Requests that become websockets, and those that do not."""

from __future__ import annotations

import sys
from importlib.util import spec_from_file_location

import pytest

from engine.errors import HandshakeError
from engine.protocols.events import RequestHead, UwsgiHead
from engine.protocols.websocket import WebSocketSettings
from engine.request.body import EMPTY_BODY
from engine.request.exchange import Exchange
from engine.websocket import library
from engine.websocket.handshake import accept
from engine.websocket.library import LibraryMissing
from engine.websocket.offer import field, is_offered, offer_of
from tests.engine.request.fakes import FakeLink

# The example of RFC 6455 section 1.3.
KEY, ANSWER = "dGhlIHNhbXBsZSBub25jZQ==", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
FIELDS = {
    "upgrade": "websocket",
    "sec-websocket-key": KEY,
    "sec-websocket-version": "13",
    "sec-websocket-protocol": "chat, superchat",
    "origin": "http://example.com",
}


class SwitchingLink(FakeLink):
    tunnel = None

    def __init__(self, deflate: bool = True) -> None:
        super().__init__()
        self.settings = WebSocketSettings(deflate=deflate)
        self.guest: object = None

    def websocket_settings(self) -> WebSocketSettings:
        return self.settings

    def switch(self, guest: object) -> None:
        self.guest = guest

    def report(self, line: str) -> None:
        raise AssertionError(line)


def head(method: str = "GET", upgrade: bytes | None = b"websocket", **changed: str | None) -> RequestHead:
    fields = {**FIELDS, **{name.replace("_", "-"): value for name, value in changed.items()}}
    pairs = [(name.encode(), value.encode()) for name, value in fields.items() if value is not None]
    return RequestHead(method, b"/", b"/", b"", pairs, upgrade=upgrade)


def exchange(request: RequestHead | UwsgiHead, deflate: bool = True) -> Exchange:
    return Exchange(SwitchingLink(deflate), request, EMPTY_BODY)


def test_the_answer_is_that_of_the_rfc() -> None:
    one = exchange(head())
    websocket = accept(one, subprotocol="superchat", headers=[("X-A", "b")])
    assert one.link.wire == (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + ANSWER + b"\r\nSec-WebSocket-Protocol: superchat\r\nX-A: b\r\n\r\n"
    )
    assert one.link.guest is websocket
    assert (one.status_code, one.is_switched(), one.is_sent()) == (101, True, True)


def test_a_request_over_uwsgi_is_as_good() -> None:
    variables = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in FIELDS.items()}
    request = UwsgiHead(0, 0, {**variables, "REQUEST_METHOD": "GET", "REQUEST_URI": "/"})
    assert is_offered(request)
    one = exchange(request)
    accept(one)
    assert b"Sec-WebSocket-Accept: " + ANSWER in one.link.wire
    assert field(request, "origin") == "http://example.com"


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        ("permessage-deflate", "permessage-deflate; server_max_window_bits=12"),
        (
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
        ),
        ("unknown, permessage-deflate; server_no_context_takeover", "server_no_context_takeover"),
        ("permessage-deflate; server_max_window_bits=99", ""),
        ("x-webkit-deflate-frame", ""),
    ],
)
def test_compression_is_settled(offered: str, agreed: str) -> None:
    one = exchange(head(sec_websocket_extensions=offered))
    accept(one)
    assert agreed.encode() in one.link.wire
    assert (b"Sec-WebSocket-Extensions" in one.link.wire) is bool(agreed)


def test_compression_can_be_turned_off() -> None:
    one = exchange(head(sec_websocket_extensions="permessage-deflate"), deflate=False)
    accept(one)
    assert b"permessage-deflate" not in one.link.wire


@pytest.mark.parametrize(
    ("request_head", "detail"),
    [
        (head("POST"), "GET"),
        (head(upgrade=None), "Upgrade: websocket"),
        (head(sec_websocket_key=None), "Sec-WebSocket-Key"),
        (head(sec_websocket_key="c2hvcnQ="), "16 bytes"),
        (head(sec_websocket_key="not base64"), "16 bytes"),
        (head(sec_websocket_version="8"), "only 13"),
        (head(sec_websocket_version=None), "only 13"),
        (head(sec_websocket_extensions="a;=b"), "malformed"),
    ],
)
def test_what_is_no_handshake_is_refused_and_can_be_answered(request_head: RequestHead, detail: str) -> None:
    one = exchange(request_head)
    with pytest.raises(HandshakeError, match="unable to complete websocket handshake") as caught:
        accept(one)
    assert (caught.value.status, detail in caught.value.detail) == (400, True)
    assert not one.is_started()
    one.replace("404 Not Found", [], b"")


def test_a_version_that_is_not_spoken_is_told_the_one_that_is() -> None:
    with pytest.raises(HandshakeError) as caught:
        accept(exchange(head(sec_websocket_version="8")))
    assert caught.value.headers == (("Sec-WebSocket-Version", "13"),)


def test_after_start_response_it_is_too_late() -> None:
    one = exchange(head())
    one.start_response("200 OK", [])
    with pytest.raises(HandshakeError):
        accept(one)


def test_headers_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="line break"):
        accept(exchange(head()), headers=[("X", "a\r\nb: c")])


def test_the_offer() -> None:
    assert offer_of(head()).subprotocols == ("chat", "superchat")
    assert offer_of(head(sec_websocket_protocol=None)).subprotocols == ()


def test_without_the_library_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websockets.protocol", None)
    monkeypatch.setattr(library.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LibraryMissing, match=r"pip install 'gevent-bridge\[websocket\]'"):
        accept(exchange(head()))


def test_a_file_that_hides_the_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websockets.protocol", None)
    spec = spec_from_file_location("websockets", "/app/websockets.py")
    monkeypatch.setattr(library.importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(LibraryMissing, match=r"/app/websockets.py hides .* rename"):
        accept(exchange(head()))


def test_after_the_handshake_what_frameworks_answer_is_dropped() -> None:
    one = exchange(head())
    accept(one)
    sent = one.link.wire
    one.start_response("200 OK", [("Content-Type", "text/html")])(b"page")
    one.write(b"more")
    one.finish()
    assert one.link.wire == sent
    assert one.is_ended()
    assert one.link.ended == [False]
