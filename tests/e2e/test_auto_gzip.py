"""``--http-auto-gzip``: replies that ask for it are compressed for clients that take that."""

from __future__ import annotations

import gzip

import pytest

from tests.e2e.apps.squeezed import TEXT
from tests.support.engine_process import ENGINE_KIND
from tests.support.http_client import HttpConnection
from tests.support.uwsgi_client import uwsgi_request

ours = pytest.mark.engine_only("uWSGI compresses what must not be")
ACCEPT = ("Accept-Encoding", "deflate, gzip")


@pytest.fixture
def start(start_engine, address, tmp_path):
    path = tmp_path / "text"
    path.write_bytes(TEXT)

    def start(*options):
        where = ["--http", f"{address[0]}:{address[1]}", "--http-auto-gzip", *options]
        return start_engine(*where, addresses=[address], env={"SENT_FILE": str(path)})

    return start


def ask(engine, name, *headers, method="GET"):
    with HttpConnection(engine.http) as connection:
        return connection.request(method, f"/{name}", [*(headers or [ACCEPT]), ("Connection", "close")])


def test_as_uwsgi_does(start):
    engine = start("--module", "squeezed")
    for name in ("", "items", "write", "late"):
        response = ask(engine, name)
        assert (response.status, response.header("content-encoding")) == (200, "gzip"), name
        assert response.header("uwsgi-encoding") == "gzip"
        assert response.header("content-length") is None or ENGINE_KIND == "engine"
        assert gzip.decompress(response.body) == TEXT
    assert gzip.decompress(ask(engine, "empty").body) == b""
    for name in ("plain", "length"):
        response = ask(engine, name)
        assert (response.body, response.header("content-encoding")) == (TEXT, None), name
    assert ask(engine, "", ("Accept-Encoding", "br")).body == TEXT


@ours
def test_what_must_not_be_compressed_is_not(start):
    engine = start("--module", "squeezed")
    assert ask(engine, "", ("Accept-Encoding", "gzip;q=0")).body == TEXT
    encoded = ask(engine, "encoded")
    assert (encoded.body, encoded.header("content-encoding")) == (TEXT, "identity")
    unmodified = ask(engine, "304")
    assert (unmodified.status, unmodified.header("content-encoding"), unmodified.body) == (304, None, b"")
    head = ask(engine, "", method="HEAD")
    assert (head.header("content-encoding"), head.header("content-length"), head.body) == ("gzip", None, b"")


@ours
@pytest.mark.parametrize("name", ["file", "sendfile"])
def test_files_are(start, name):
    response = ask(start("--module", "squeezed"), name)
    assert response.header("vary") == "Accept-Encoding"
    assert len(response.body) < len(TEXT) / 4
    assert gzip.decompress(response.body) == TEXT


@ours
def test_a_reply_that_breaks_off_does_not_look_whole(start):
    response = ask(start("--module", "squeezed"), "broken")
    assert not response.complete


@ours
def test_a_header_for_all_replies_asks_too(start):
    engine = start("--module", "squeezed", "--add-header=uWSGI-Encoding: gzip")
    assert gzip.decompress(ask(engine, "plain").body) == TEXT


@ours
@pytest.mark.parametrize("name", ["whole", "parts", "file"])
def test_so_does_an_asgi_application(start, name):
    engine = start("--asgi", "squeezed:tasks", "--lifespan", "off")
    response = ask(engine, name)
    assert response.header("content-encoding") == "gzip"
    assert gzip.decompress(response.body) == TEXT
    assert ask(engine, "plain").body == TEXT
    assert ask(engine, "whole", ("Accept-Encoding", "br")).body == TEXT
    assert ask(engine, name, method="HEAD").header("content-encoding") == "gzip"


@ours
def test_what_comes_by_the_uwsgi_protocol_is_left_to_the_server_in_front(start_engine, tmp_path):
    path = tmp_path / "socket"
    start_engine("--module", "squeezed", "--http-auto-gzip", "--socket", str(path), addresses=[path])
    response = uwsgi_request(path, "GET", "/", [ACCEPT])
    assert (response.body, response.header("content-encoding")) == (TEXT, None)
