"""Tests that leave something behind fail; what belongs to fixtures does not count."""

from __future__ import annotations

import pytest

from tests.bridge.pytest_plugin.conftest import Run

pytest_plugins = ("pytester",)

LEAKING = """
import asyncio, gevent, pytest, pytest_asyncio, bridge

def forgotten():
    gevent.sleep(60)

async def forgotten_coroutine():
    await asyncio.sleep(60)

@pytest.mark.asyncio
async def test_task():
    test_task.task = asyncio.create_task(forgotten_coroutine())
    await asyncio.sleep(0)

def test_greenlet():
    gevent.spawn(forgotten)
    gevent.sleep(0)

def test_greenlet_that_never_ran():
    gevent.spawn_later(60, forgotten)

def test_watcher():
    test_watcher.timer = gevent.get_hub().loop.timer(60)
    test_watcher.timer.start(print)

@pytest.mark.asyncio
async def test_greenlet_of_an_async_test():
    bridge.spawn(forgotten)
    await asyncio.sleep(0)
"""

CLEAN = """
import asyncio, gevent, pytest, pytest_asyncio, bridge

def forgotten():
    gevent.sleep(60)

async def forgotten_coroutine():
    await asyncio.sleep(60)

@pytest.fixture(scope="module")
def module_greenlet():
    greenlet = gevent.spawn(forgotten)
    yield
    greenlet.kill()

@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_task():
    task = asyncio.create_task(forgotten_coroutine())
    yield
    task.cancel()

@pytest_asyncio.fixture
async def own_task():
    task = asyncio.create_task(forgotten_coroutine())
    yield
    task.cancel()

@pytest.fixture
def own_greenlet():
    greenlet = gevent.spawn(forgotten)
    yield
    greenlet.kill(block=False)

@pytest.mark.asyncio(loop_scope="module")
async def test_one(module_greenlet, module_task):
    await asyncio.sleep(0)

@pytest.mark.asyncio
async def test_two(module_greenlet, own_task, own_greenlet):
    await asyncio.sleep(0)

@pytest.mark.gevent
def test_three(own_greenlet, own_task):
    gevent.spawn(gevent.sleep, 0.01).join()
    gevent.spawn(forgotten).kill(block=False)

@pytest.mark.bridge_leaks("off")
def test_allowed():
    test_allowed.greenlet = gevent.spawn(forgotten)
    gevent.sleep(0)

def test_after():
    gevent.sleep(0)
    test_allowed.greenlet.kill()

def test_ends_by_itself():
    gevent.spawn(gevent.sleep, 0)

def test_background():
    gevent.get_hub().loop.timer(60, ref=False).start(print)
"""


@pytest.mark.parametrize("arguments", [(), ("-n2",), ("-p", "bridge.pytest_patch")])
def test_what_is_left_behind_is_an_error_with_its_stack(project: Run, arguments: tuple[str, ...]) -> None:
    result = project(LEAKING, *arguments, ini="bridge_leaks = error")
    result.assert_outcomes(passed=5, errors=5)
    text = result.stdout.str()
    assert text.count("the test left something behind") == 5
    for line in (
        "forgotten_coroutine: waiting for timer, ",
        "forgotten: waiting for timer, ",
        "Watcher <timer at 0x",
        "gevent.sleep(60)",
        "ERROR at teardown of test_task",
        "ERROR at teardown of test_greenlet_of_an_async_test",
    ):
        assert line in text, line


def test_it_may_be_a_warning(project: Run) -> None:
    result = project(LEAKING, ini="bridge_leaks = warn")
    result.assert_outcomes(passed=5, warnings=5)
    result.stdout.fnmatch_lines(["*LeakWarning: *::test_task: the test left something behind*"])


@pytest.mark.parametrize("loop", ["selector", "uvloop"])
def test_what_belongs_to_fixtures_or_ends_soon_is_no_leak(project: Run, loop: str) -> None:
    result = project(CLEAN, ini=f"bridge_leaks = error\nbridge_loop = {loop}")
    result.assert_outcomes(passed=7)


def test_without_the_setting_nobody_looks(project: Run) -> None:
    project(LEAKING).assert_outcomes(passed=5)
