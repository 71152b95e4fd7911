"""Caches over uwsgi sockets: each of the two servers asks, each answers; the other one may be uWSGI."""

from __future__ import annotations

import ast
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import APPS
from tests.support.addresses import connect
from tests.support.http_client import HttpConnection, get
from tests.support.nginx import running_nginx
from tests.support.ports import free_port
from tests.support.uwsgi_client import encode_packet
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("the other server is uWSGI where it matters")
UWSGI = Path(sys.executable).with_name("uwsgi")
CACHES = ["--cache2", "name=first,items=20", "--cache2", "name=second,items=20,blocksize=200000"]


class Server:
    """One that has caches; ask it with :meth:`call`."""

    def __init__(self, http):
        self.http = http

    def call(self, what, *args):
        with HttpConnection(self.http) as connection:
            answer = connection.request("POST", f"/{what}", body=repr(args).encode())
        return ast.literal_eval(answer.text)


@contextmanager
def real_uwsgi(node: str, cache: str) -> Iterator[Server]:
    if not UWSGI.exists():
        pytest.skip("uWSGI is not installed")
    http = ("127.0.0.1", free_port())
    options = ["--need-app", "--master", "--die-on-term", "--gevent", "5", "--module", "far", *CACHES]
    listen = ["--http-socket", f"{http[0]}:{http[1]}", "--socket", node]
    with subprocess.Popen(
        [str(UWSGI), *options, *listen],
        cwd=APPS,
        env={**os.environ, "CACHE": cache},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            server = Server(http)
            wait_until(lambda: answers(server), timeout=20, what="uWSGI")
            yield server
        finally:
            process.terminate()


def answers(server):
    try:
        return server.call("exists", "x") is None
    except OSError:
        return False


@pytest.fixture
def start(start_engine):
    def start(node, cache, *options):
        listen = ["--socket", node, *CACHES]
        engine = start_engine("--module", "far", *listen, *options, env={"CACHE": cache})
        return Server(engine.http)

    return start


@pytest.fixture
def node():
    return f"127.0.0.1:{free_port()}"


def use(near, far):
    """What the near server does to a cache of the far one."""
    assert near.call("get", "k") is None
    assert near.call("exists", "k") is None
    assert near.call("set", "k", b"one", 0) is True
    assert near.call("exists", "k") is True
    assert near.call("set", "k", b"two", 0) is None
    assert near.call("get", "k") == b"one"
    assert near.call("update", "k", b"\x00\xff" * 50000, 60) is True
    assert far.call("get", "k", "second") == b"\x00\xff" * 50000
    assert near.call("get", "k") == b"\x00\xff" * 50000
    assert near.call("del", "k") is True
    assert near.call("del", "k") is None
    assert far.call("get", "k", "second") is None
    assert near.call("set", "\u00fc \u20ac", b"x", 0) is True
    assert far.call("get", "\u00fc \u20ac", "second") == b"x"
    assert far.call("update", "k", b"here", 0, "second") is True
    assert near.call("clear") is True
    assert near.call("get", "k") is None


def test_between_two_of_ours(start, node):
    far = start(node, "")
    use(start(f"127.0.0.1:{free_port()}", f"second@{node}"), far)


def test_over_a_unix_socket(start, tmp_path):
    node = str(tmp_path / "far.sock")
    far = start(node, "")
    use(start(str(tmp_path / "near.sock"), f"second@{node}"), far)


def test_ours_asks_uwsgi(start, node):
    with real_uwsgi(node, "") as far:
        use(start(f"127.0.0.1:{free_port()}", f"second@{node}"), far)


def test_uwsgi_asks_ours(start, node):
    far = start(node, "")
    with real_uwsgi(f"127.0.0.1:{free_port()}", f"second@{node}") as near:
        use(near, far)


def test_without_a_name_it_is_the_first_cache(start, node):
    far = start(node, "")
    near = start(f"127.0.0.1:{free_port()}", f"@{node}")
    assert near.call("set", "k", b"one", 0) is True
    assert far.call("get", "k") == b"one"
    assert far.call("get", "k", "second") is None


def test_numbers_are_read_but_not_changed(start, node):
    far = start(node, "")
    near = start(f"127.0.0.1:{free_port()}", f"first@{node}")
    far.call("inc", "n", 7)
    assert near.call("num", "n") == 7
    assert "NotImplementedError" in near.call("inc", "n", 1, 0)
    assert "no local uWSGI cache available" in near.call("keys")
    assert far.call("num", "n") == 7


def test_nobody_there_is_an_answer_that_says_no(start, node):
    near = start(f"127.0.0.1:{free_port()}", f"first@{node}")
    assert near.call("get", "k") is None
    assert near.call("set", "k", b"x", 0) is None


def test_an_unknown_cache_has_nothing(start, node):
    start(node, "")
    near = start(f"127.0.0.1:{free_port()}", f"third@{node}")
    assert near.call("get", "k") is None
    assert near.call("set", "k", b"x", 0) is None


def raw(node, modifier2, block):
    host, _, port = node.rpartition(":")
    with connect((host, int(port)), timeout=10) as sock:
        sock.sendall(struct.pack("<BHB", 111, len(block), modifier2) + block)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def test_the_older_forms(start, node):
    far = start(node, "")
    pair = b"".join(struct.pack("<H", len(item)) + item for item in (b"key", b"value"))
    assert raw(node, 1, pair) == b""
    assert far.call("get", "key") == b"value"
    assert raw(node, 0, b"key") == struct.pack("<BHB", 111, 5, 0) + b"value"
    assert raw(node, 5, b"key") == struct.pack("<BHB", 111, 0, 1) + b"value"
    assert raw(node, 5, b"none") == struct.pack("<BHB", 111, 0, 0)
    assert raw(node, 0, b"none") == b""
    assert raw(node, 2, b"key") == b""
    assert far.call("get", "key") is None
    assert raw(node, 6, b"") == b""
    assert raw(node, 17, b"\x09\x00ab") == b""


def test_a_front_end_is_answered_from_the_cache(start, node, tmp_path):
    far = start(node, "")
    reply = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nX-From: cache\r\n\r\nhello"
    far.call("set", "/cached/page", reply)
    ask = f"uwsgi_modifier1 111; uwsgi_modifier2 4; uwsgi_param get $uri; uwsgi_pass {node};"
    with running_nginx(tmp_path, http=far.http, directives=f"location /cached/ {{ {ask} }}") as nginx:
        assert get(nginx.addresses[0], "/cached/page").body == b"hello"
        assert get(nginx.addresses[0], "/cached/other").status == 404


def test_a_value_that_never_comes_is_given_up(start, node):
    start(node, "", "--socket-timeout", "1")
    fields = [("cmd", "set"), ("key", "k"), ("size", "1000")]
    packet = encode_packet(fields, modifier1=111, modifier2=17)
    host, _, port = node.rpartition(":")
    with connect((host, int(port)), timeout=10) as sock:
        sock.sendall(packet + b"too little")
        assert sock.recv(100) == b""


def test_a_value_of_nonsensical_size_is_refused(start, node):
    far = start(node, "")
    for size in ("99999999999", "-1", "x"):
        fields = [("cmd", "set"), ("key", "k"), ("size", size)]
        host, _, port = node.rpartition(":")
        with connect((host, int(port)), timeout=10) as sock:
            sock.sendall(encode_packet(fields, modifier1=111, modifier2=17))
            assert sock.recv(100) == b""
    assert far.call("get", "k") is None
