"""Start the checks of a row, each in a process of its own."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.features.outcome import FAILED, cell

__all__ = ["ROOT", "checks_of", "try_check", "try_row"]

ROOT: Final = Path(__file__).resolve().parents[2]
# Whatever hangs, hangs for ever; what works is done within a second.
TIMEOUT: Final = 20.0


def checks_of(row: str) -> list[str]:
    """Return the names of a row's checks, in the order of the module."""
    probe = importlib.import_module(f"benchmarks.features.probes.{row}")
    return [name for name in vars(probe) if name.startswith("check_")]


def try_row(python: str, library: str, row: str) -> dict[str, Any]:
    """Return the answer and, for each check, outcome and note."""
    checks = {name.removeprefix("check_"): try_check(python, library, row, name) for name in checks_of(row)}
    return {"answer": cell(each["outcome"] for each in checks.values()), "checks": checks}


def try_check(python: str, library: str, row: str, check: str) -> dict[str, str]:
    """Run one check with the interpreter *python*; a hang, or no answer at all, is a failure."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GEVENT")}
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(
            [python, "-m", "benchmarks.features.child", library, row, check],
            cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            child.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            return {"outcome": FAILED, "note": f"no end after {TIMEOUT:g} seconds"}
        finally:
            _end_all(child)
        said.seek(0)
        return _answer(said.read(), child.returncode)


def _end_all(child: subprocess.Popen[bytes]) -> None:
    """End the child, and the processes it has forked."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


def _answer(said: str, status: int) -> dict[str, str]:
    last = said.strip().rpartition("\n")[2]
    try:
        found = json.loads(last)
        return {"outcome": found["outcome"], "note": _readable(found["note"])}
    except (ValueError, TypeError, KeyError):
        return {"outcome": FAILED, "note": f"it ended with status {status} and no answer"}


def _readable(note: str) -> str:
    """Leave out what differs from run to run: addresses of objects, and where this repository is."""
    return re.sub(r"0x[0-9a-f]{6,}", "0x...", note).replace(f"{ROOT}{os.sep}", "")
