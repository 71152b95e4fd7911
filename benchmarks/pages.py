"""The tables of the README and of the reference page, made of the results; a test compares them."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import growth, memory, summary
from benchmarks.http import report
from benchmarks.http.workloads import WORKLOADS
from benchmarks.micro.tables import crossings_table, gevent_loop_table, greenlet_start_table
from benchmarks.places import PICTURES, README, REFERENCE, RESULTS
from benchmarks.plots import IN_README, NAMES

__all__ = ["BEGIN", "END", "PAGES", "insert", "refresh"]

BEGIN: Final = "<!-- figures: made by python -m benchmarks -->"
END: Final = "<!-- figures end -->"


@dataclass(frozen=True, slots=True)
class Part:
    """A results file and how it is shown."""

    name: str
    title: str
    table: Callable[[Mapping[str, Any]], str]
    picture: str | None = None


PARTS: Final = (
    *(Part(name, workload.title, report.table) for name, workload in WORKLOADS.items()),
    Part("growth", "Growth over connections and processes", growth.table, "growth"),
    Part("memory", "Memory of what is held, and latency meanwhile", memory.table),
    Part("gevent_loop", "gevent's everyday operations", gevent_loop_table),
    Part("greenlet_start", "A new greenlet", greenlet_start_table),
    Part("crossings", "From asyncio to blocking code and back", crossings_table),
)


def section(part: Part, directory: Path, *, heading: bool) -> str:
    """One part in Markdown; empty if there are no results of it."""
    path = directory / f"{part.name}.json"
    if not path.exists():
        return ""
    results = json.loads(path.read_text())
    lines = [f"### {part.title}\n"] if heading else []
    lines.append(part.table(results))
    lines.append("\n".join(textwrap.wrap(_where(results), 110, break_on_hyphens=False)) + "\n")
    return "\n".join(lines)


def _where(results: Mapping[str, Any]) -> str:
    """Name the machine, as far as the document does."""
    settings = results.get("settings", {})
    if not settings:
        known = results.get("machine", {})
        return known if isinstance(known, str) else f"CPython {known.get('python', '?')}."
    said = [
        f"{results['date']}, CPython {settings['python']}, {settings['cpu']}, {settings['cores']} cores",
        "server and clients on a core each" if settings["pinned"] else "cores shared",
        f"load {settings['load_before']:.2f} before",
    ]
    if settings.get("commit"):
        said.append(f"commit {settings['commit']}, {settings['compiled']} compiled modules")
    packages = ", ".join(f"{name} {number}" for name, number in settings["packages"].items() if number)
    return f"{'; '.join(said)}; {packages}."


def readme(directory: Path) -> str:
    """What stands in the README."""
    shown = [section(part, directory, heading=False) for part in PARTS if part.name in IN_README]
    return "\n".join(
        [*filter(None, shown), summary.table(directory), *_pictures(README, (*IN_README, "growth"))]
    )


def reference(directory: Path) -> str:
    """What stands in the reference page."""
    shown = [section(part, directory, heading=True) for part in PARTS]
    return "\n".join([*filter(None, shown), *_pictures(REFERENCE, NAMES)])


def _pictures(page: Path, names: tuple[str, ...]) -> list[str]:
    """Name the pictures that there are results for."""
    where = PICTURES.relative_to(page.parent)
    there = {"growth": (RESULTS / "growth.json").exists()}
    return [f"![{name}]({where}/{name}.svg)\n" for name in names if there.get(name, True)]


PAGES: Final[Mapping[Path, Callable[[Path], str]]] = {README: readme, REFERENCE: reference}


def insert(page: str, text: str) -> str:
    """Return *page* with *text* between the two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"


def refresh(directory: Path = RESULTS) -> None:
    """Put the results into the pages."""
    for page, render in PAGES.items():
        page.write_text(insert(page.read_text(), render(directory)))
