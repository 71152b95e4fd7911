"""Whole programs in a process of their own: frameworks that refuse async contexts, and patched ones."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.bridge.interop.children import run_child

_HERE = Path(__file__).parent
_ROOT = Path(__file__).parents[3]


def need(package: str) -> None:
    """Skip the test without *package*, which is not imported here: locust patches its process then."""
    if find_spec(package) is None:
        pytest.skip(f"no {package}")


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("patching", ["patched", "unpatched"])
def test_django_and_asgiref(patching: str, loop: str, tmp_path: Path) -> None:
    need("django")
    ended = run_child("django_asgiref.py", patching, loop, str(tmp_path / "db.sqlite3"))
    assert (ended.stdout, ended.stderr) == ("guarded in the task\nnested done\n", "")


@pytest.mark.parametrize("host", ["none", "asyncio", "uvloop"])
def test_flask_async_views(host: str) -> None:
    need("flask")
    ended = run_child("flask_async.py", host)
    assert (ended.stdout, ended.stderr) == ("done\n", "")


def test_locust_users_that_speak_websocket() -> None:
    need("locust")
    need("websockets")
    ended = run_child("locust_user.py")
    assert (ended.stdout, ended.returncode) == ("done\n", 0), ended.stderr


@pytest.mark.slow
@pytest.mark.timeout(620)
@pytest.mark.skipif("BRIDGE_TESTS_PATCHED" in os.environ, reason="this is that run")
def test_all_of_this_under_patching() -> None:
    folders = [str(_HERE), str(_HERE.parent / "green")]
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            *folders,
            "--ignore",
            __file__,
        ],
        cwd=_ROOT,
        env={**os.environ, "BRIDGE_TESTS_PATCHED": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-5000:]
