"""The applications of docs/how-to/early-hints-and-trailers.md, each in a server."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.support.engine_process import REPOSITORY
from tests.support.http_client import HttpConnection, get, request_bytes

pytestmark = pytest.mark.engine_only("uWSGI has neither")

PAGE = (REPOSITORY / "docs" / "how-to" / "early-hints-and-trailers.md").read_text()
HINTS, TRAILERS, RECEIVED = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def serve(start_engine, tmp_path):
    def serve(text):
        (tmp_path / "documented.py").write_text(text)
        return start_engine("--module", "documented", "--chdir", str(tmp_path)).http

    return serve


def test_the_hint_comes_before_the_page(serve):
    with HttpConnection(serve(HINTS)) as connection:
        connection.send(request_bytes("GET", "/"))
        hint, page = connection.reader.read_head(), connection.reader.read()
    assert hint.status == 103
    assert hint.header("Link") == page.header("Link") == "</style.css>; rel=preload; as=style"
    assert page.body.startswith(b"<link")


def test_the_checksum_follows_the_stream(serve):
    address = serve(TRAILERS)
    with HttpConnection(address) as connection:
        connection.send(request_bytes("GET", "/", [("TE", "trailers"), ("Connection", "close")]))
        data = b"".join(iter(lambda: connection.sock.recv(65536), b""))
    body = b"line 0\nline 1\nline 2\n"
    assert data.endswith(b"\r\n0\r\nX-Sum: " + hashlib.sha256(body).hexdigest().encode() + b"\r\n\r\n")
    assert get(address).body == body


def test_the_checksum_follows_the_upload(serve):
    with HttpConnection(serve(RECEIVED)) as connection:
        chunks = b"5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n"
        connection.send(request_bytes("POST", "/", [("Transfer-Encoding", "chunked")], chunks))
        assert connection.reader.read().body == b"5 bytes, checksum 42"
        assert connection.get("/").body == b"0 bytes, checksum none"
