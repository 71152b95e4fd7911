"""Run a program in a process of its own: patching cannot be undone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["CHILDREN", "ROOT", "child_environment", "run_child"]

ROOT = Path(__file__).parents[3]
CHILDREN = Path(__file__).parent / "children"
SECONDS = 40


def child_environment(**extra: str) -> Mapping[str, str]:
    """Return this process's environment without settings of Python, gevent and the bridge, plus *extra*."""
    unwanted = ("BRIDGE_", "GEVENT", "PYTHON")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
    return {**clean, "PYTHONPATH": str(ROOT), **extra}


def run_child(*argv: str, expect: int = 0, **environment: str) -> str:
    """Run Python with *argv*, a script of ``children`` by its bare name; return what it printed.

    Fails with all output when the exit status is not *expect*.  SIGABRT, on
    time-out, makes faulthandler print every stack.
    """
    arguments = [str(CHILDREN / arg) if arg.endswith(".py") else arg for arg in argv]
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", *arguments],
        env=child_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        out, err = process.communicate()
    assert process.returncode == expect, f"status {process.returncode}\n{out}\n{err[-6000:]}"
    assert "Traceback" not in err, err
    return out
