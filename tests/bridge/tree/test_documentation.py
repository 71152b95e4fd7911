"""The programs of the how-to run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "how-to" / "find-what-blocks.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
EXPECTED = [
    'Task "request-1" handler: waiting for the greenlet below',
    "",
    "bridge: the loop was held for ",
    "",
]


@pytest.mark.parametrize(("number", "expected"), list(enumerate(EXPECTED)))
def test_the_example_runs_and_prints_what_the_page_says(number: int, expected: str, tmp_path: Path) -> None:
    assert len(PROGRAMS) == len(EXPECTED)
    program = tmp_path / "app.py"
    program.write_text(PROGRAMS[number])
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(ROOT), "BRIDGE_DUMP_DIR": str(tmp_path / "records")},
    )
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout + done.stderr
