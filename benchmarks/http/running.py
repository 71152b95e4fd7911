"""Measure one workload and write its results."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.http.measure import Timing, measure, rows_for
from benchmarks.http.report import document
from benchmarks.http.workloads import WORKLOADS

__all__ = ["run_workload", "say", "write"]


def run_workload(name: str, timing: Timing, only: Sequence[str] = ()) -> dict[str, Any] | None:
    """Measure; return the results, or ``None`` if no server can be measured."""
    workload = WORKLOADS[name]
    rows, skipped = rows_for(workload, only)
    for peer, reason in skipped.items():
        say(f"note: {name}: {peer} is left out: {reason}")
    if not rows:
        return None
    return document(workload, timing, rows, measure(rows, workload, timing, say), skipped)


def write(path: Path, results: dict[str, Any]) -> None:
    """Write results as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=2) + "\n")
    say(f"written: {path}")


def say(line: str) -> None:
    """Tell those who watch."""
    print(line, file=sys.stderr, flush=True)
