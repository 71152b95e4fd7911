"""Server log and request line."""

from __future__ import annotations

import os
import re

import pytest

from engine.logs.access import request_line
from engine.logs.server_log import ServerLog
from engine.request.body import EMPTY_BODY
from engine.request.exchange import Exchange
from tests.engine.request.fakes import FakeLink, get


@pytest.fixture
def pipe():
    read, write = os.pipe()
    os.set_blocking(read, False)
    yield read, write
    os.close(read)
    os.close(write)


def written(fd: int) -> str:
    try:
        return os.read(fd, 65536).decode()
    except BlockingIOError:
        return ""


def test_a_server_line_is_written_at_once_and_after_what_was_gathered(pipe) -> None:
    log = ServerLog(pipe[1])
    timers: list[object] = []
    log.use_timer(lambda delay, call: timers.append(call))
    log.request("request")
    assert written(pipe[0]) == ""
    log.line("server")
    assert written(pipe[0]) == "request\nserver\n"


def test_gathered_lines_are_written_when_the_timer_says_so(pipe) -> None:
    log = ServerLog(pipe[1])
    timers = []
    log.use_timer(lambda delay, call: timers.append(call))
    log.request("one")
    log.request("two")
    assert len(timers) == 1
    timers[0]()
    assert written(pipe[0]) == "one\ntwo\n"


def test_many_lines_do_not_wait(pipe) -> None:
    log = ServerLog(pipe[1])
    log.use_timer(lambda delay, call: None)
    for number in range(256):
        log.request(str(number))
    assert written(pipe[0]).endswith("255\n")


def test_a_log_nobody_reads_does_no_harm() -> None:
    read, write = os.pipe()
    os.close(read)
    log = ServerLog(write)
    log.line("into the void")
    os.close(write)


def test_the_request_line_is_uwsgis() -> None:
    exchange = Exchange(FakeLink(), get(b"/x?y=1"), EMPTY_BODY)
    exchange.core = 4
    exchange.start_response("200 OK", [("Content-Type", "text/plain")])
    exchange.send_all(b"hello")
    exchange.finish()
    line = request_line(exchange, 77, 3, 9, 12)
    assert re.fullmatch(
        r"\[pid: 77\|app: 0\|req: 3/9\] 127\.0\.0\.1 \(\) \{\d+ vars in \d+ bytes\} \[.{24}\] "
        r"GET /x\?y=1 => generated 5 bytes in 12 msecs \(HTTP/1\.1 200\) 1 headers in \d+ bytes "
        r"\(\d+ switches on core 4\)",
        line,
    )
