"""Async tests that use gevent, plain tests in greenlets, fixtures of both kinds."""

from __future__ import annotations

import pytest

from tests.bridge.pytest_plugin.conftest import Run

pytest_plugins = ("pytester",)

MIXED = """
import asyncio, contextvars, gevent, pytest, pytest_asyncio, bridge

variable = contextvars.ContextVar("variable", default="unset")

def view():
    gevent.sleep(0.01)
    return 200

@pytest_asyncio.fixture{scope}
async def server():
    variable.set("from the async fixture")
    async def echo(reader, writer):
        writer.write(await reader.readline())
        writer.close()
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()
    server.close()

@pytest.fixture
def worker():
    greenlet = gevent.spawn(gevent.sleep, 50)
    yield greenlet
    greenlet.kill()

@pytest.mark.asyncio{mark}
async def test_async_test_awaits_a_greenlet(worker, server):
    assert await bridge.spawn(view) == 200
    assert not worker.dead
    assert await bridge.spawn(variable.get) == "from the async fixture"

@pytest.mark.gevent{mark}
def test_plain_test_in_a_greenlet(worker, server):
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    assert gevent.getcurrent().parent is gevent.get_hub()
    assert view() == 200
    assert not worker.dead
    assert variable.get() == "from the async fixture"
    from gevent import socket
    with socket.create_connection(server) as client:
        client.sendall(b"hello\\n")
        assert client.recv(10) == b"hello\\n"

@pytest.mark.gevent{mark}
def test_bridge_wait_in_a_plain_test(server):
    async def talk():
        reader, writer = await asyncio.open_connection(*server)
        writer.write(b"hello\\n")
        line = await reader.readline()
        writer.close()
        return line
    assert bridge.wait(talk()) == b"hello\\n"

def test_unmarked(worker):
    assert not worker.dead
    gevent.sleep(0.01)
"""


def mixed(scope: str) -> str:
    fixture = "" if scope == "function" else f'(scope="{scope}", loop_scope="{scope}")'
    mark = "" if scope == "function" else f'(loop_scope="{scope}")'
    return MIXED.replace("{scope}", fixture).replace("{mark}", mark)


def test_fixtures_of_both_kinds_mix_in_every_loop_scope(project: Run, pytester: pytest.Pytester) -> None:
    for scope in ("class", "module", "package", "session"):
        pytester.makepyfile(**{f"test_{scope}": mixed(scope)})
    project(mixed("function"), ini="bridge_loop = all\nbridge_leaks = error").assert_outcomes(passed=35)


@pytest.mark.parametrize("ini", ["", "bridge_loop = selector", "bridge_loop = uvloop"])
def test_fixtures_of_both_kinds_mix_on_one_loop(project: Run, ini: str) -> None:
    project(mixed("function"), ini=ini).assert_outcomes(passed=4)


_PATCH = ("-p", "bridge.pytest_patch")


def test_auto_mode(project: Run) -> None:
    code = (
        mixed("function")
        .replace("@pytest.mark.asyncio\n", "")
        .replace("pytest_asyncio.fixture", "pytest.fixture")
    )
    project(code, ini="bridge_loop = all\nasyncio_mode = auto").assert_outcomes(passed=7)


@pytest.mark.parametrize(
    "arguments", [("-n2",), ("-p", "bridge.pytest_patch"), ("-p", "bridge.pytest_patch", "-n2")]
)
def test_with_xdist_and_patched(project: Run, arguments: tuple[str, ...]) -> None:
    result = project(
        mixed("function"), *arguments, ini="bridge_loop = all\nbridge_timeout = 20\nbridge_leaks = error"
    )
    result.assert_outcomes(passed=7)


def test_without_pytest_asyncio_marked_tests_run_on_the_matrix(project: Run) -> None:
    code = """
import asyncio, gevent, pytest, bridge
seen = []
@pytest.mark.gevent
def test_plain():
    async def loop():
        return type(asyncio.get_running_loop()).__module__.partition(".")[0]
    seen.append(bridge.wait(loop()))
def test_seen():
    assert seen == ["asyncio", "uvloop"]
"""
    project(code, "-p", "no:asyncio", ini="bridge_loop = all").assert_outcomes(passed=3)


def test_the_matrix_reaches_async_tests_by_name(project: Run) -> None:
    code = """
import asyncio, pytest
@pytest.mark.asyncio
async def test_both(request):
    name = "uvloop" if "uvloop" in request.node.name else "asyncio"
    assert type(asyncio.get_running_loop()).__module__.startswith(name)
@pytest.mark.asyncio(loop_factories=["uvloop"])
async def test_one():
    assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
"""
    result = project(code, "-v", ini="bridge_loop = selector,uvloop")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*::test_both?selector? PASSED*", "*::test_both?uvloop? PASSED*"])


def test_a_conftest_may_have_factories_of_its_own(project: Run, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "import asyncio\n"
        "class MyLoop(asyncio.SelectorEventLoop): pass\n"
        "def pytest_asyncio_loop_factories(config, item): return {'mine': MyLoop}\n"
    )
    code = """
import asyncio, pytest
@pytest.mark.asyncio
async def test_it():
    assert type(asyncio.get_running_loop()).__name__ == "MyLoop"
"""
    project(code, ini="bridge_loop = all").assert_outcomes(passed=1)


def test_the_outcome_of_a_marked_test_is_its_own(project: Run) -> None:
    code = """
import gevent, pytest
pytestmark = pytest.mark.gevent
def test_fails():
    gevent.sleep(0)
    assert 1 == 2
def test_skips():
    pytest.skip("now")
@pytest.mark.xfail(strict=True)
def test_xfails():
    raise ValueError("expected")
@pytest.mark.parametrize("n", [1, 2])
def test_parametrized(n):
    assert n
class TestMethods:
    def test_method(self, tmp_path):
        gevent.sleep(0)
"""
    result = project(code)
    result.assert_outcomes(failed=1, skipped=1, xfailed=1, passed=3)
    result.stdout.fnmatch_lines([">*assert 1 == 2", "E*assert 1 == 2"])
    result.stdout.no_fnmatch_line("*Captured stderr*")


def test_a_marked_async_test_may_block_in_gevent(project: Run) -> None:
    code = """
import asyncio, gevent, pytest, time
@pytest.mark.gevent
@pytest.mark.asyncio
async def test_green():
    ticks = []
    async def tick():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.001)
    task = asyncio.create_task(tick())
    gevent.sleep(0.05)
    assert ticks
    await asyncio.sleep(0)
    task.cancel()
@pytest.mark.asyncio
async def test_plain():
    with pytest.raises(gevent.exceptions.BlockingSwitchOutError):
        gevent.sleep(0.05)
@pytest.mark.gevent
@pytest.mark.asyncio
async def test_hangs():
    gevent.sleep(30)
"""
    result = project(code, ini="bridge_loop = all\nbridge_leaks = error\nbridge_timeout = 0.8")
    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines([">*gevent.sleep(30)", "*the test took longer than 0.8 seconds*"])


def test_anyio_runs_on_the_matrix(project: Run) -> None:
    code = """
import asyncio, gevent, pytest, bridge
from bridge.pytest_plugin import anyio_backends
pytestmark = pytest.mark.anyio
@pytest.fixture(params=anyio_backends("all"))
def anyio_backend(request):
    return request.param
@pytest.fixture
async def number():
    await asyncio.sleep(0)
    return 42
async def test_it(number, anyio_backend):
    def view():
        gevent.sleep(0.01)
        return number
    assert await bridge.spawn(view) == 42
async def test_again(number):
    assert number == 42
"""
    project(code, "-p", "no:asyncio", ini="bridge_leaks = error\nbridge_timeout = 20").assert_outcomes(
        passed=4
    )


def test_unknown_settings_are_refused(project: Run) -> None:
    for ini, text in [
        ("bridge_loop = proactor", "*bridge_loop: 'proactor' is not known; use selector, uvloop or all."),
        ("bridge_leaks = yes", "*bridge_leaks: 'yes' is not known; use error, warn or off."),
        ("bridge_timeout = soon", "*bridge_timeout: 'soon' is not a number of seconds."),
    ]:
        result = project("def test_it(): pass", ini=ini)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([text])
