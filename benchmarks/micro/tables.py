"""The microbenchmarks' results as Markdown, made of their JSON documents alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["crossings_table", "gevent_loop_table", "greenlet_start_table"]


def gevent_loop_table(results: Mapping[str, Any]) -> str:
    """Medians of ``benchmarks.micro.gevent_loop``."""
    median = results["median"]
    lines = [
        "| operation, us | libev | bridge, own loop | times libev's speed | bridge, guest | times |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, libev in median["libev"].items():
        host, guest = median["host"][name], median["guest"][name]
        figures = f"{libev:.2f} | {host:.2f} | {libev / host:.2f} | {guest:.2f} | {libev / guest:.2f}"
        lines.append(f"| {name} | {figures} |")
    return "\n".join(lines) + "\n"


def greenlet_start_table(results: Mapping[str, Any]) -> str:
    """Medians of ``benchmarks.micro.greenlet_start``."""
    lines = [
        "| work, us each | without the chunk cache | with | times as fast |",
        "|---|---:|---:|---:|",
    ]
    for name, by in results["us"].items():
        lines.append(f"| {name} | {by['off']:.2f} | {by['on']:.2f} | {by['off'] / by['on']:.1f} |")
    return "\n".join(lines) + "\n"


def crossings_table(results: Mapping[str, Any]) -> str:
    """Medians of ``benchmarks.micro.crossings``."""
    found = results["us"]
    lines = [f"| us each | {' | '.join(found)} |", f"|---|{'---:|' * len(found)}"]
    rows = [
        f"| {what} | {' | '.join(f'{by[what]:.2f}' if what in by else '-' for by in found.values())} |"
        for what in next(iter(found.values()))
    ]
    return "\n".join([*lines, *rows]) + "\n"
