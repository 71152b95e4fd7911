"""Tests that hang fail in time, and show who waits for whom."""

from __future__ import annotations

import pytest

from tests.bridge.pytest_plugin.conftest import Run

pytest_plugins = ("pytester",)

HANGING = """
import asyncio, gevent, gevent.event, time, pytest, bridge

def hanging_view():
    gevent.event.Event().wait(30)

@pytest.mark.asyncio
async def test_async():
    await bridge.spawn(hanging_view)

@pytest.mark.gevent
def test_greenlet():
    hanging_view()

def test_plain():
    gevent.spawn(hanging_view)
    gevent.sleep(30)

@pytest.mark.asyncio
async def test_blocks_the_loop():
    while True:
        time.sleep(0.01)

@pytest.fixture
def slow_fixture():
    gevent.sleep(30)

def test_slow_fixture(slow_fixture):
    pass

@pytest.mark.bridge_timeout(0)
def test_no_limit():
    gevent.sleep(1)

@pytest.mark.bridge_timeout(30)
def test_another_limit():
    gevent.sleep(0)
"""


@pytest.mark.parametrize("loop", ["selector", "uvloop"])
def test_whatever_hangs_fails_and_the_rest_goes_on(project: Run, loop: str) -> None:
    result = project(HANGING, ini=f"bridge_timeout = 0.8\nbridge_loop = {loop}")
    result.assert_outcomes(failed=4, errors=1, passed=2)
    text = result.stdout.str()
    assert text.count("the test took longer than 0.8 seconds") >= 4
    assert "set-up took longer than 0.8 seconds" in text
    assert text.count("tasks and greenlets when the time was up") == 5
    result.stdout.fnmatch_lines(
        [
            "*hanging_view: waiting for Event at 0x*",
            '*Greenlet "*hanging_view: waiting for Event*',
        ]
    )
    assert "await bridge.spawn(hanging_view)" in text
    assert "gevent.event.Event().wait(30)" in text


def test_the_time_limit_works_under_anyio(project: Run) -> None:
    code = """
import asyncio, pytest, bridge
pytestmark = pytest.mark.anyio
@pytest.fixture
def anyio_backend():
    return "asyncio"
async def hanging_coroutine():
    await asyncio.sleep(30)
async def test_hangs():
    await hanging_coroutine()
async def test_next():
    await asyncio.sleep(0)
"""
    result = project(code, "-p", "no:asyncio", ini="bridge_timeout = 0.8")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*the test took longer than 0.8*", "*test_hangs: waiting for timer*"])


def test_pytest_timeout_shows_the_tree_too(project: Run) -> None:
    code = HANGING.partition("@pytest.mark.asyncio\nasync def test_blocks")[0]
    result = project(code, "--timeout=0.5")
    result.assert_outcomes(failed=3)
    text = result.stdout.str()
    assert text.count("Timeout (>0.5s) from pytest-timeout") >= 3
    assert text.count("tasks and greenlets when the time was up") == 3
    assert "hanging_view: waiting for Event at 0x" in text


def test_both_limits_and_xdist(project: Run) -> None:
    result = project(HANGING, "--timeout=30", "-n2", ini="bridge_timeout = 0.8")
    result.assert_outcomes(failed=4, errors=1, passed=2)
    assert result.stdout.str().count("tasks and greenlets when the time was up") == 5
