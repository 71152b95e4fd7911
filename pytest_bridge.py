"""The pytest plugin's options; loads the plugin itself only where a project asks for it.

This is what the entry point names.  It stands outside the package because
importing ``bridge`` makes gevent run on asyncio, which is nothing that should
happen to every project of an environment.
"""

from __future__ import annotations

import pytest

__all__: list[str] = []

_OPTIONS = (
    (
        "loop",
        "asyncio loops that async tests and tests marked 'gevent' run on: selector, uvloop, several of them "
        "separated by commas, or all",
    ),
    ("timeout", "seconds each phase of a test may take before it fails and shows every task and greenlet"),
    (
        "leaks",
        "what to do about tests that leave greenlets, tasks or watchers behind: error, warn or off",
    ),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare ``bridge_loop``, ``bridge_timeout``, ``bridge_leaks`` and the same as options."""
    group = parser.getgroup("bridge", "gevent and asyncio together (gevent-bridge)")
    for name, text in _OPTIONS:
        parser.addini(f"bridge_{name}", text, default="")
        group.addoption(
            f"--bridge-{name}", dest=f"bridge_{name}", default=None, metavar=name.upper(), help=text
        )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load the plugin if one of its settings is set."""
    if any(config.getoption(f"bridge_{name}") or config.getini(f"bridge_{name}") for name, _ in _OPTIONS):
        config.pluginmanager.import_plugin("bridge.pytest_plugin")
