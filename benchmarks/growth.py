"""How cost grows: requests per second and latency over connections and processes.

    python -m benchmarks.growth

Hello world for 1 to 10,000 connections, with 1 process pinned to a core, then with 2 processes on both.  On
two cores the clients share them with two processes, so compare servers there, not one process with two.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.arguments import add_timing, check_machine, timing_of
from benchmarks.http.measure import Timing, line, one_run
from benchmarks.http.peers import PEERS, Peer
from benchmarks.http.running import say, write
from benchmarks.http.serving import Setting
from benchmarks.http.wrk import Figures, Load
from benchmarks.machine import machine, today
from benchmarks.places import RESULTS

__all__ = ["CONNECTIONS", "PROCESSES", "measure", "table"]

CONNECTIONS: Final = (1, 10, 100, 1_000, 10_000)
PROCESSES: Final = (1, 2)
_SPARE_DESCRIPTORS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Point:
    """A server with so many processes, asked by so many connections."""

    peer: Peer
    processes: int
    connections: int


def points(only: Sequence[str], connections: Sequence[int], processes: Sequence[int]) -> list[Point]:
    """Return what can be measured here."""
    peers = [
        peer
        for peer in PEERS
        if not peer.asgi and peer.missing() is None and (not only or any(text in peer.name for text in only))
    ]
    return [
        Point(peer, number, clients)
        for number in processes
        for clients in connections
        for peer in peers
        if number == 1 or peer.forks
    ]


def measure(wanted: Sequence[Point], timing: Timing, told: Callable[[str], None] = say) -> dict[str, Any]:
    """Measure every point, in rounds; return the results."""
    runs: dict[Point, list[Figures]] = {point: [] for point in wanted}
    for number in range(timing.runs):
        for point in wanted:
            figures = _run(point, timing)
            runs[point].append(figures)
            where = f"{point.processes} x {point.connections}"
            told(f"growth {number + 1}/{timing.runs}  {where:<10} {point.peer.name:<26} {line(figures)}")
    return {
        "date": today(),
        "settings": {"seconds": timing.seconds, "warm_up": timing.warm_up, **machine()},
        "points": [
            {
                "server": point.peer.name,
                "version": point.peer.version(),
                "processes": point.processes,
                "connections": point.connections,
                "runs": [asdict(figures) for figures in figures_of],
            }
            for point, figures_of in runs.items()
        ],
    }


def _run(point: Point, timing: Timing) -> Figures:
    load = Load(point.connections, reply=14)
    setting = Setting(
        requests=max(1000, point.connections),
        processes=point.processes,
        prefix=None if point.processes == 1 else [],
    )
    return one_run(point.peer, "apps:hello", load, setting, timing)


def table(results: Mapping[str, Any]) -> str:
    """Every point as a row in Markdown."""
    lines = [
        "| server | processes | connections | requests/s | p50 ms | p99 ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for point in results["points"]:
        where = f"{point['server']} {point['version']} | {point['processes']} | {point['connections']:,}"
        lines.append(f"| {where} | {_figures(point)} |")
    return "\n".join(lines) + "\n"


def value(point: Mapping[str, Any], key: str) -> float | None:
    """The median of a column; ``None`` where a run does not count."""
    if any(run["problem"] for run in point["runs"]):
        return None
    return median(run[key] for run in point["runs"])


def _figures(point: Mapping[str, Any]) -> str:
    wrong = next((run["problem"] for run in point["runs"] if run["problem"]), "")
    if wrong:
        return f"invalid: {wrong} | | "
    rate, p50, p99 = (value(point, key) for key in ("requests_per_second", "p50_ms", "p99_ms"))
    return f"{rate:,.0f} | {p50:.2f} | {p99:.2f}"


def raise_limit(connections: int) -> int:
    """Allow this process and its servers the descriptors that so many need; return how many clients fit."""
    wanted = connections * 3 // 2 + _SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    return (max(soft, allowed) - _SPARE_DESCRIPTORS) * 2 // 3


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth", description=__doc__.partition("\n")[0], allow_abbrev=False
    )
    add_timing(parser)
    parser.add_argument("--connections", type=_numbers, default=CONNECTIONS, metavar="N,N,...")
    parser.add_argument("--processes", type=_numbers, default=PROCESSES, metavar="N,N,...")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIRECTORY")
    arguments = parser.parse_args()
    check_machine()
    possible = raise_limit(max(arguments.connections))
    connections = [number for number in arguments.connections if number <= possible]
    for number in set(arguments.connections) - set(connections):
        say(f"note: {number} connections are left out: 'ulimit -n' allows {possible}")
    wanted = points(arguments.only, connections, arguments.processes)
    results = measure(wanted, timing_of(arguments))
    write(arguments.results / "growth.json", results)
    print(table(results))
    from benchmarks.plots import draw_all

    draw_all(arguments.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
