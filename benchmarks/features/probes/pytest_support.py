"""A plugin for pytest."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.features.libraries.base import Library

LABEL = "pytest support"
TESTS = "`bridge/pytest_plugin/`"

PROGRAM = """
import gevent
import pytest


@pytest.mark.gevent
def test_it_runs_in_a_greenlet():
    gevent.sleep(0.01)
    assert isinstance(gevent.getcurrent(), gevent.Greenlet)
"""


def check_a_test_runs_in_a_greenlet(library: Library) -> None:
    plugin = library.pytest_plugin()
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "test_it.py").write_text(PROGRAM)
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", plugin, directory],
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert ended.returncode == 0, ended.stdout[-500:]
