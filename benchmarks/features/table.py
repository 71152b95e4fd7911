"""The README's table, made of the results."""

from __future__ import annotations

import importlib
import textwrap
from typing import Any, Final

__all__ = ["BEGIN", "END", "insert", "render"]

BEGIN: Final = "<!-- features: made by python -m benchmarks.features -->"
END: Final = "<!-- features end -->"


def render(results: dict[str, Any]) -> str:
    """Return the table in Markdown, with the lines that explain it."""
    peers = results["peers"]
    lines = [
        f"| | {' | '.join(peers)} | tests |",
        "|---" * (len(peers) + 2) + "|",
        *(_row(row, cells, peers) for row, cells in results["rows"].items()),
        "",
    ]
    below = (
        f"CPython {results['python']}; {'; '.join(_versions(name, peer) for name, peer in peers.items())}."
    )
    for name, peer in peers.items():
        if "error" in peer:
            below += f" {name} {peer['problem']}: {peer['error']}."
    return "\n".join([*lines, *textwrap.wrap(below, 110, break_on_hyphens=False)]) + "\n"


def insert(page: str, table: str) -> str:
    """Return *page* with *table* between the two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def _row(row: str, cells: dict[str, Any], peers: dict[str, Any]) -> str:
    probe = importlib.import_module(f"benchmarks.features.probes.{row}")
    answers = [cells[name]["answer"] if name in cells else "?" for name in peers]
    return f"| {probe.LABEL} | {' | '.join(answers)} | {probe.TESTS} |"


def _versions(name: str, peer: dict[str, Any]) -> str:
    found = dict(peer.get("versions", {}))
    if not found:
        return f"{name} not tried"
    # Its own version first, if it has one: "eventlet hub" is of eventlet.
    mine = name.split()[0].replace("_", "-")
    words = [name, found.pop(mine)] if mine in found else [name]
    return " ".join([*words, "with", ", ".join(f"{key} {version}" for key, version in found.items())])
