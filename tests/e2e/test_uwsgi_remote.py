"""Signals and procedure calls that come over a uwsgi socket."""

from __future__ import annotations

import ast
import struct
from pathlib import Path

import pytest

from tests.support.addresses import connect
from tests.support.engine_process import run_engine
from tests.support.http_client import get
from tests.support.ports import free_port

pytestmark = pytest.mark.engine_only("a uWSGI worker that calls itself waits for ever; see tests/compare")


@pytest.fixture(scope="module", params=["tcp", "unix"])
def node(request, tmp_path_factory):
    if request.param == "tcp":
        return f"127.0.0.1:{free_port()}"
    return str(tmp_path_factory.mktemp("remote") / "app.sock")


@pytest.fixture
def engine(start_engine, node):
    return start_engine("--module", "remote", "--socket", node, env={"NODE": node})


def ask(engine, path):
    return ast.literal_eval(get(engine.http, path).text)


def send(node, packet):
    """Send a packet and return the answer to the end of the connection."""
    host, colon, port = node.rpartition(":")
    with connect((host, int(port)) if colon else Path(node)) as sock:
        sock.sendall(packet)
        answer = b""
        while data := sock.recv(65536):
            answer += data
        return answer


def test_calls(engine):
    assert ask(engine, "/ask") == [b"hello you", b"hello ", None]
    assert ask(engine, "/ask_much") == [1, 65535, 65536, 1_000_000]
    assert ask(engine, "/ask_together") is True


def test_a_call_may_ask_for_the_bare_result(engine, node):
    block = b"".join(struct.pack("<H", len(item)) + item for item in (b"hello", b"you"))
    packet = struct.pack("<BHB", 173, len(block), 1) + block
    assert send(node, packet) == b"hello you"


def test_a_call_that_makes_no_sense_is_closed_without_an_answer(engine, node):
    assert send(node, struct.pack("<BHB", 173, 4, 0) + b"\x09\x00ab") == b""
    assert send(node, struct.pack("<BHB", 173, 0, 0)) == b""
    engine.wait_for_log("Invalid RPC request. skip.")


def test_signals(engine, node):
    assert ask(engine, "/raise_signal") is None
    engine.wait_for_log("signal 17 in worker 1")
    assert send(node, struct.pack("<BHB", 110, 0, 17)) == b"\xff\x00\x00\x01"


def test_other_modifiers_are_refused(engine, node):
    assert send(node, struct.pack("<BHB", 111, 0, 0)) == b""
    engine.wait_for_log("-- unavailable modifier requested: 111 --")


def test_signals_from_the_command_line(engine, node):
    done = run_engine("--signal", f"{node},17")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    engine.wait_for_log("signal 17 in worker 1")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("127.0.0.1:1,17", "unable to deliver signal 17"),
        ("127.0.0.1:1,256", "0 to 255"),
        ("17", "write host"),
    ],
)
def test_signals_that_cannot_be_sent(text, answer):
    done = run_engine("--signal", text)
    assert done.returncode == 1
    assert answer in done.stderr
