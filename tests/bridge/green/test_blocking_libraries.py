"""Libraries that know only blocking calls, in green tasks of a patched process."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.postgres import Postgres

_CHILD = Path(__file__).parent / "children" / "blocking_libraries.py"
_ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_requests_psycopg2_and_queues(loop: str, postgres: Postgres) -> None:
    for package in ("requests", "psycopg2", "psycogreen"):
        if find_spec(package) is None:
            pytest.skip(f"no {package}")
    ended = subprocess.run(
        [sys.executable, str(_CHILD), loop, postgres.dsn],
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("done\n", "")
