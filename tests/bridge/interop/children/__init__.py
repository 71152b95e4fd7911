"""Programs that need a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[3]


def run_child(script: str, *args: str, timeout: float = 50, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script of this directory to its end."""
    return subprocess.run(
        [sys.executable, str(_HERE / script), *args],
        env={**os.environ, "PYTHONPATH": str(_ROOT), **env},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
