"""Every workload in one line: how gevent-engine compares with each other server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.http import report
from benchmarks.http.peers import OURS, PEERS
from benchmarks.http.workloads import WORKLOADS

__all__ = ["table"]

_OTHERS: Final = tuple(peer.name for peer in PEERS if not peer.asgi and peer.name != OURS)


def table(directory: Path) -> str:
    """Make the table in Markdown of the results in *directory*; empty if there are none."""
    rows = [_row(json.loads(path.read_text())) for path in _paths(directory)]
    if not rows:
        return ""
    heads = (name.split()[0].removeprefix("gevent.") for name in _OTHERS)
    return "\n".join(
        (
            "How many times as many requests per second it answers as each other server; empty: that server",
            "does not take this work.\n",
            f"| work | requests/s | p50 ms | p99 ms | {' | '.join(f'x {head}' for head in heads)} |",
            f"|---|---:|---:|---:|{'---:|' * len(_OTHERS)}",
            *rows,
            "",
        )
    )


def _paths(directory: Path) -> list[Path]:
    wanted = (each.name for each in WORKLOADS.values() if not each.asgi and not each.log)
    return [path for name in wanted if (path := directory / f"{name}.json").exists()]


def _row(results: Mapping[str, Any]) -> str:
    peers = results["peers"]
    ours = report.medians(peers[OURS])
    rate = ours["requests_per_second"]
    cells = (_times(rate, peers.get(name)) for name in _OTHERS)
    latency = f"{ours['p50_ms']:.2f} | {ours['p99_ms']:.2f}"
    return f"| {report.title(results)} | {rate:,.0f} | {latency} | {' | '.join(cells)} |"


def _times(ours: float, peer: Mapping[str, Any] | None) -> str:
    if peer is None:
        return ""
    if report.problem(peer):
        return "failed"
    return f"{ours / report.medians(peer)['requests_per_second']:.1f}"
