"""``gevent-engine top`` and the page of the stats server, beside a real server.

``UPDATE_SCREENSHOT=1`` writes the picture that docs/how-to/watch-a-server.md shows.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import pytest

from tests.support.chromium import Chromium, chromium_path
from tests.support.engine_process import REPOSITORY, run_engine
from tests.support.http_client import HttpConnection, request_bytes

pytestmark = pytest.mark.engine_only("uWSGI has no such command")

SCREENSHOT = REPOSITORY / "docs/how-to/top.svg"


@pytest.fixture
def start(start_answering, address):
    def start(*options, where=None):
        stats = ["--stats", where or f"{address[0]}:{address[1]}"]
        mercy = ["--worker-reload-mercy", "1"]  # no test waits for the requests that it shows
        four = ["--module", "routes", "--gevent", "4", "-p", "2"]
        return start_answering(*four, *stats, *mercy, *options, path="/hello")

    return start


def with_app(place: str, check: Callable[..., Awaitable[None]]) -> None:
    """Run the program without a terminal and *check* it."""
    pytest.importorskip("textual")
    from engine.top.screen import TopApp
    from engine.top.source import Source, parse_place

    async def main() -> None:
        app = TopApp(Source(parse_place(place)), interval=0.2)
        async with asyncio.timeout(30), app.run_test(size=(150, 24)) as pilot:
            await check(app, pilot)

    asyncio.run(main())


async def until(condition, pilot):
    while not condition():
        await pilot.pause(0.05)


def cells(app, table):
    widget = app.query_one(table)
    return [[str(cell) for cell in widget.get_row_at(number)] for number in range(widget.row_count)]


@pytest.mark.parametrize("kind", ["tcp", "unix", "http-address", "http-url"])
def test_it_shows_workers_and_what_they_do(start, address, tmp_path, kind):
    plain = f"{address[0]}:{address[1]}"
    place = {"unix": str(tmp_path / "s.sock"), "http-url": f"http://{plain}/"}.get(kind, plain)
    engine = start(*(["--stats-http"] if "http" in kind else []), where=place if kind == "unix" else None)

    async def check(app, pilot):
        await until(lambda: app.shown and len(app.shown.requests) == 1, pilot)
        await pilot.pause()
        workers = cells(app, "#workers")
        pids = {process.pid for process in engine.processes()}
        assert [row[0] for row in workers] == ["1", "2"]
        assert {int(row[1]) for row in workers} <= pids
        assert sorted(row[3] for row in workers) == ["0/4", "1/4"]
        (request,) = cells(app, "#requests")
        assert request[3:] == ["127.0.0.1", "GET /sleep/20?a=[b]"]
        assert "cores    1 of 8 busy" in str(app.query_one("#totals").render())

    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/sleep/20?a=[b]"))
        engine.wait_for_log("sleeping 20")
        with_app(place, check)


def test_rates_go_up_lines_go_away_and_hold_holds(start, address):
    engine = start()

    async def check(app, pilot):
        await until(lambda: app.shown, pilot)
        with HttpConnection(engine.http) as connection:

            def rising():
                connection.request("GET", "/hello")
                return app.shown.totals.per_second > 0

            await until(rising, pilot)
        await pilot.press("space")
        assert app.held
        await pilot.press("space", "q")

    with_app(f"{address[0]}:{address[1]}", check)


def test_a_server_that_goes_away_and_comes_back_is_shown(start_engine, address):
    options = ["--module", "routes", "--stats", f"{address[0]}:{address[1]}"]
    engine = start_engine(*options)

    async def check(app, pilot):
        banner = app.query_one("#trouble")
        await until(lambda: app.shown, pilot)
        assert not banner.display
        await asyncio.to_thread(engine.stop)
        await until(lambda: banner.display, pilot)
        assert "asking again" in str(banner.render())
        again = await asyncio.to_thread(start_engine, *options)
        await until(lambda: app.shown.totals.pid == again.pid, pilot)
        assert not banner.display

    with_app(f"{address[0]}:{address[1]}", check)


def test_a_picture_of_it(start, address, tmp_path):
    engine = start()
    paths = ["/sleep/20?order=12", "/sleep/21", "/sleep/22?page=2"]

    async def check(app, pilot):
        await until(lambda: app.shown and len(app.shown.requests) == 3, pilot)
        await pilot.pause()
        picture = app.export_screenshot(title="gevent-engine top 127.0.0.1:9191")
        assert "/sleep/22?page=2" in picture.replace("&#160;", " ")
        if os.environ.get("UPDATE_SCREENSHOT"):
            with HttpConnection(engine.http) as busy:
                for _ in range(20):
                    await asyncio.to_thread(lambda: [busy.request("GET", "/hello") for _ in range(150)])
            picture = app.export_screenshot(title="gevent-engine top").replace(f":{address[1]}", ":9191")
            # Its fonts would come from another server; a page of documentation should call nobody.
            SCREENSHOT.write_text(re.sub(r"@font-face \{.*?\}\n?", "", picture, flags=re.S))

    with ExitStack() as stack:
        for path in paths:
            connection = stack.enter_context(HttpConnection(engine.http))
            connection.send(request_bytes("GET", path))
            engine.wait_for_log(f"sleeping {path.removeprefix('/sleep/')[:2]}")
        with_app(f"{address[0]}:{address[1]}", check)


def test_the_program_itself_in_a_terminal(start, address):
    pytest.importorskip("textual")
    engine = start()
    worker = next(str(each.pid) for each in engine.processes() if each.pid != engine.pid)
    ours, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
    command = [sys.executable, "-m", "engine", "top", "--interval", "0.2", f"{address[0]}:{address[1]}"]
    environment = {**os.environ, "TERM": "xterm"}
    shown = b""
    with subprocess.Popen(
        command,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=REPOSITORY,
        env=environment,
    ) as process:
        os.close(terminal)
        try:
            while worker.encode() not in shown:
                shown += os.read(ours, 65536)
            os.write(ours, b"q")
            while os.read(ours, 65536):
                pass
        except OSError:  # EIO: nobody has the other end any more
            pass
        finally:
            os.close(ours)
        assert process.wait(20) == 0, shown.decode(errors="replace")


class TestTheCommandLine:
    def test_help(self):
        assert run_engine("top", "--help").stdout.startswith("usage: gevent-engine top")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "--module top"),
            (["a:1", "b:2"], "takes one address"),
            (["nonsense"], "accepted are HOST:PORT"),
            (["--interval", "x", "a:1"], "seconds from 0.1 to 3600"),
            (["--frequency", "1", "a:1"], "no option --frequency"),
        ],
    )
    def test_mistakes(self, arguments, message):
        result = run_engine("top", *arguments)
        assert result.returncode == 2
        assert message in result.stderr

    def test_without_textual(self, tmp_path):
        (tmp_path / "textual.py").write_text("raise ModuleNotFoundError('gone', name='textual')")
        result = run_engine("top", "127.0.0.1:1", env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY}"})
        assert result.returncode == 1
        assert 'python -m pip install "gevent-bridge[top]"' in result.stderr


class TestThePage:
    def test_browsers_get_it_and_programs_get_json(self, start, address):
        start("--stats-http")
        with HttpConnection(address) as connection:
            reply = connection.request("GET", "/", [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")])
        assert reply.header("content-type") == "text/html; charset=utf-8"
        assert "default-src 'none'" in reply.header("content-security-policy")
        assert reply.header("vary") == "Accept"
        assert b"src=" not in reply.body.replace(b"default-src=", b"")
        for accept in ("*/*", "application/json"):
            with HttpConnection(address) as connection:
                reply = connection.request("GET", "/", [("Accept", accept)])
            assert len(json.loads(reply.body)["workers"]) == 2

    def test_in_a_browser(self, start, address, tmp_path):
        if chromium_path() is None:
            pytest.skip("no Chromium on this machine")
        engine = start("--stats-http")
        with HttpConnection(engine.http) as connection, Chromium(tmp_path) as browser:
            connection.send(request_bytes("GET", "/sleep/20?<b>x</b>"))
            engine.wait_for_log("sleeping 20")
            page = browser.open(f"http://{address[0]}:{address[1]}/")
            page.wait_for(
                "document.getElementById('requests').innerText.includes('GET /sleep/20?<b>x</b>')", timeout=20
            )
            assert page.run("document.getElementById('workers').rows.length") == 2
            assert page.run("document.getElementById('trouble').hidden") is True
            engine.stop()
            page.wait_for("document.getElementById('trouble').hidden === false", timeout=20)
