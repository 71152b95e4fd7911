"""The commands of ``docs/tutorial/from-gevent-to-asyncio.md``, with the files of ``examples/board``."""

from __future__ import annotations

import json
import re
import shlex
from importlib.util import find_spec

import pytest

from tests.support.engine_process import REPOSITORY, EngineProcess
from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.ports import free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(
    not all(map(find_spec, ("flask", "fastapi"))), reason="flask or fastapi is not installed"
)

PAGE = (REPOSITORY / "docs/tutorial/from-gevent-to-asyncio.md").read_text()
EXAMPLES = REPOSITORY / "examples/board"
COMMANDS = [
    shlex.split(text.replace("\\\n", " "))
    for text in re.findall(r"^    (gevent-engine(?:.*\\\n)*.*)", PAGE, re.M)
]
# Who answers: the route that waits, the others.
ANSWERS = [("flask", "flask"), ("flask", "flask"), ("fastapi", "flask"), ("fastapi", "fastapi")]


def test_there_is_an_answer_for_each_command() -> None:
    assert len(COMMANDS) == len(ANSWERS)


def test_the_page_shows_the_code_of_the_files() -> None:
    files = "".join(path.read_text() for path in sorted(EXAMPLES.glob("*.py")))
    lines = {line.strip() for line in files.splitlines()}
    shown = [
        line.strip()
        for block in re.findall(r"```python\n(.*?)```", PAGE, re.S)
        for line in block.splitlines()
    ]
    assert not [line for line in shown if line not in lines]


def start(command: list[str], *more: str) -> EngineProcess:
    name, *options = command
    assert name == "gevent-engine"
    at = options.index("--http-socket")
    del options[at : at + 2]  # the test listens on a port of its own
    return EngineProcess(*options, *more, cwd=REPOSITORY)


@pytest.mark.parametrize("step", range(len(ANSWERS)))
def test_who_waits_is_woken_by_who_writes(step: int) -> None:
    who_waits, who_writes = ANSWERS[step]
    with start(COMMANDS[step]) as engine:
        engine.wait_ready()
        with HttpConnection(engine.http) as waiter, HttpConnection(engine.http) as writer:
            waiter.send(request_bytes("GET", "/next/2"))
            for number, text in enumerate((b"one", b"two"), start=1):
                answer = writer.request("POST", "/messages", body=text)
                assert answer.status == 201
                assert json.loads(answer.body) == {"number": number, "by": who_writes}
            assert json.loads(waiter.reader.read().body) == {"message": "two", "by": who_waits}
            shown = writer.get("/messages")
            assert json.loads(shown.body) == {"messages": ["one", "two"], "by": who_writes}


def running(stats: tuple[str, int]) -> tuple[int, int, str]:
    """Requests that run, cores that they take, and what the worker is said to be."""
    (worker,) = json.loads(get(stats, "/").body)["workers"]
    return sum(core["in_request"] for core in worker["cores"]), worker["busy_cores"], worker["status"]


def test_tasks_that_wait_take_no_core() -> None:
    command = list(COMMANDS[2])
    command[command.index("--gevent") + 1] = "2"
    stats = ("127.0.0.1", free_port())
    with start(command, "--stats", f"127.0.0.1:{stats[1]}", "--stats-http") as engine:
        engine.wait_ready()
        waiters = [HttpConnection(engine.http) for _ in range(10)]
        try:
            for waiter in waiters:
                waiter.send(request_bytes("GET", "/next/1"))
            wait_until(
                lambda: running(stats) == (len(waiters), 0, "idle"), timeout=20, what="everybody to wait"
            )
            with HttpConnection(engine.http) as writer:
                assert writer.request("POST", "/messages", body=b"x").status == 201
            for waiter in waiters:
                assert json.loads(waiter.reader.read().body)["by"] == "fastapi"
        finally:
            for waiter in waiters:
                waiter.close()
