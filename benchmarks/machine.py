"""The machine and the versions that a figure depends on."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sysconfig
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.http.pinning import can_pin
from benchmarks.places import ROOT

__all__ = ["compiled", "machine", "today"]


def today() -> str:
    """The date, as 2026-01-31."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def machine(packages: Iterable[str] = ()) -> dict[str, object]:
    """Describe this machine, as results keep it.

    :param packages: distributions to name beside those that the engine uses
    """
    names = ("gevent", "greenlet", "uvloop", "httptools", *packages)
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "pinned": can_pin(),
        "commit": _commit(),
        "compiled": compiled(ROOT),
        "packages": {name: _version(name) for name in names},
    }


def compiled(root: Path) -> int:
    """How many modules of a checkout are compiled for this Python; none means figures of plain Python."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    return sum(1 for part in ("bridge", "engine") for _ in (root / part).rglob(f"*{suffix}"))


def _commit() -> str | None:
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
