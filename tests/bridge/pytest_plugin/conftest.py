"""Projects that use the plugin, run in processes of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``project(code, *arguments, ini=...)`` runs pytest on one test module."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    for name in ("CI", "BUILD_NUMBER"):  # pytest writes longer summaries there
        monkeypatch.delenv(name, raising=False)

    def run(code: str, *arguments: str, ini: str = "", plugin: bool = True) -> pytest.RunResult:
        pytester.makeini(f"[pytest]\nasyncio_default_fixture_loop_scope = function\n{ini}\n")
        pytester.makepyfile(code)
        loaded = ["-p", "bridge.pytest_plugin"] if plugin else []
        return pytester.runpytest_subprocess(
            "--strict-markers", "-p", "no:cacheprovider", *loaded, *arguments, timeout=50
        )

    return run
