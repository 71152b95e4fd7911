"""The server log."""

from __future__ import annotations

import os

import pytest

from engine.logs.server_log import ServerLog


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
    for _ in range(400):
        log.request("x" * 99)
    assert len(written(pipe[0])) >= 32768


def test_a_log_nobody_reads_does_no_harm() -> None:
    read, write = os.pipe()
    os.close(read)
    log = ServerLog(write)
    log.line("into the void")
    os.close(write)


def test_a_prefix_stands_before_server_lines_only(pipe) -> None:
    log = ServerLog(pipe[1])
    log.use_timer(lambda delay, call: None)
    log.use_prefix(lambda: "then - ")
    log.request("request")
    log.line("server")
    assert written(pipe[0]) == "request\nthen - server\n"
