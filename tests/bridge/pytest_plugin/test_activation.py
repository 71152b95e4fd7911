"""Installed, the plugin does nothing until a project asks."""

from __future__ import annotations

import pytest

from tests.bridge.pytest_plugin.conftest import Run

pytest_plugins = ("pytester",)

UNTOUCHED = """
import sys
def test_it():
    assert "bridge" not in sys.modules
    assert "gevent" not in sys.modules
"""

ASYNC = """
import pytest
@pytest.mark.asyncio
async def test_it():
    pass
"""


@pytest.fixture
def installed(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pip would record of the entry point."""
    where = pytester.mkdir("site")
    info = where / "gevent_bridge_test-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gevent-bridge-test\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[pytest11]\npytest_bridge = pytest_bridge\n")
    (info / "RECORD").write_text("pytest_bridge.py,,\nbridge/__init__.py,,\nbridge/pytest_plugin.py,,\n")
    monkeypatch.setenv("PYTHONPATH", str(where))


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("code", [UNTOUCHED, ASYNC])
def test_without_settings_nothing_is_imported_and_pytest_asyncio_is_left_alone(
    project: Run, code: str
) -> None:
    result = project(code, plugin=False)
    result.assert_outcomes(passed=1)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("how", ["ini", "option", "plugin"])
def test_a_setting_switches_it_on(project: Run, how: str) -> None:
    code = """
import asyncio, pytest
@pytest.mark.asyncio
async def test_it():
    assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
@pytest.mark.gevent
def test_marked():
    pass
"""
    arguments = ["--bridge-loop=uvloop"] if how != "ini" else []
    ini = "bridge_loop = uvloop" if how == "ini" else ""
    result = project(code, *arguments, "-W", "error", ini=ini, plugin=how == "plugin")
    result.assert_outcomes(passed=2)


@pytest.mark.usefixtures("installed")
def test_patching_early_beside_the_installed_plugin(project: Run) -> None:
    code = """
import socket, gevent.socket, threading, gevent.monkey
def test_it():
    assert socket.socket is gevent.socket.socket
    assert gevent.monkey.is_module_patched("threading")
"""
    result = project(code, "-p", "bridge.pytest_patch", ini="bridge_leaks = error", plugin=False)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["gevent-bridge: patched all"])


def test_patching_in_workers_leaves_threads_alone(project: Run) -> None:
    code = """
import pytest, socket, gevent.socket, gevent.monkey
@pytest.mark.parametrize("n", range(4))
def test_it(n):
    assert socket.socket is gevent.socket.socket
    assert not gevent.monkey.is_module_patched("threading")
"""
    result = project(code, "-n2", plugin=False, ini="addopts = -p bridge.pytest_patch")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["gevent-bridge: patched all but threads in the workers of pytest-xdist"])
