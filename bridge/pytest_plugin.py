"""pytest plugin: tests that use gevent and asyncio together.

Active where a project sets one of these (``[tool.pytest.ini_options]``), or
names the plugin with ``-p bridge.pytest_plugin``:

* ``bridge_loop = "selector" | "uvloop" | "all"``: async tests and tests marked
  ``gevent`` run on these loops, each on all of them;
* ``bridge_timeout = "5"``: seconds for each phase of a test; one that takes
  longer fails, and every task and greenlet is shown;
* ``bridge_leaks = "error" | "warn"``: tests that leave greenlets, tasks or
  watchers behind.

Markers: ``gevent(loop_scope=...)``, ``bridge_timeout(seconds)``,
``bridge_leaks(mode)``.  Monkey patching: ``-p bridge.pytest_patch``.
"""

from __future__ import annotations

from typing import Any

import pytest

from bridge._pytest.deadline import Deadlines
from bridge._pytest.greenlets import GreenletTests
from bridge._pytest.leaks import LeakCheck, LeakWarning
from bridge._pytest.loops import register as register_loops
from bridge._pytest.settings import loop_factories, read

__all__ = ["LeakWarning", "anyio_backends"]

pytest_plugins = ("pytest_bridge",)

_MARKERS = (
    "gevent(loop_scope=None): run the test where it may block in gevent: a plain test in a greenlet, "
    "an async test in a green task",
    "bridge_timeout(seconds): time limit for each phase of the test; 0 means none",
    "bridge_leaks(mode): what to do if the test leaves greenlets, tasks or watchers behind: "
    "error, warn or off",
)


def pytest_configure(config: pytest.Config) -> None:
    """Switch on what the configuration asks for."""
    settings = read(config)
    for line in _MARKERS:
        config.addinivalue_line("markers", line)
    manager = config.pluginmanager
    if settings.loops:
        register_loops(config, settings.loops)
    manager.register(Deadlines(settings), "bridge-deadlines")
    manager.register(GreenletTests(config, settings), "bridge-greenlets")
    manager.register(LeakCheck(settings), "bridge-leaks")


def anyio_backends(loops: str = "all") -> list[Any]:
    """Return parameters for an ``anyio_backend`` fixture: the loop matrix for anyio's plugin.

    :param loops: as in ``bridge_loop``
    """
    return [
        pytest.param(("asyncio", {"loop_factory": factory}), id=name)
        for name, factory in loop_factories(loops).items()
    ]
