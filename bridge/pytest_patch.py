"""pytest plugin that monkey patches in time: ``-p bridge.pytest_patch``, also in ``addopts``.

Plugins named so are imported before conftest.py and before asyncio, ssl and
the code under test are.  In a worker of pytest-xdist threads are left as they
are: its connection to the controller needs native ones, and a worker that
patches everything dies.
"""

from __future__ import annotations

import os

import pytest

import bridge

__all__: list[str] = []

_IN_WORKER = "PYTEST_XDIST_WORKER" in os.environ

if _IN_WORKER:
    bridge.patch_all(thread=False)
else:
    bridge.patch_all()


def pytest_report_header(config: pytest.Config) -> str:
    """Say what was patched."""
    parallel = bool(getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None))
    what = "all but threads in the workers of pytest-xdist" if parallel else "all"
    return f"gevent-bridge: patched {what}"
