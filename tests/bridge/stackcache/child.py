"""Run a script in a process of its own, because what is tested could kill it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run_child(script: Path, *options: str, **environment: str) -> str:
    """Return what the script printed; fail with all of its output if it did not end with status 0."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("BRIDGE_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", *options, str(script)],
        env={**clean, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, f"status {done.returncode}\n{done.stdout}\n{done.stderr[-4000:]}"
    return done.stdout
