"""Figures as SVG, made of the JSON documents alone, with matplotlib."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.growth import value
from benchmarks.http.peers import OURS
from benchmarks.http.report import medians, problem, title
from benchmarks.http.workloads import WORKLOADS
from benchmarks.places import pictures_of

__all__ = ["IN_README", "NAMES", "draw_all"]

NAMES: Final = ("http", "growth")
IN_README: Final = ("hello",)
_COLOURS: Final = ("#1f6feb", "#8250df", "#bf8700", "#1a7f37", "#cf222e", "#6e7781")


def draw_all(directory: Path) -> list[Path]:
    """Draw what the results in *directory* allow; return the pictures.

    :raises SystemExit: if matplotlib is not installed
    """
    try:
        import matplotlib as mpl
    except ImportError:
        raise SystemExit("no pictures without matplotlib: pip install '.[bench]'") from None
    mpl.use("Agg")
    # The same results give the same file.
    mpl.rcParams.update({"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 9})
    into = pictures_of(directory)
    into.mkdir(parents=True, exist_ok=True)
    found = [
        _draw_http(directory, into / "http.svg", tuple(WORKLOADS)),
        _draw_http(directory, into / "hello.svg", IN_README),
        _draw_growth(directory, into / "growth.svg"),
    ]
    return [path for path in found if path is not None]


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    # matplotlib ends lines with blanks, which editors and git complain about.
    path.write_text("\n".join(each.rstrip() for each in path.read_text().splitlines()) + "\n")


def _draw_http(directory: Path, path: Path, names: Sequence[str]) -> Path | None:
    from matplotlib import pyplot

    found = [document for name in names if (document := _read(directory / f"{name}.json"))]
    if not found:
        return None
    heights = [len(document["peers"]) + 1.5 for document in found]
    figure, panels = pyplot.subplots(
        len(found),
        squeeze=False,
        figsize=(8, 0.3 * sum(heights) + 0.3),
        gridspec_kw={"height_ratios": heights},
    )
    for panel, document in zip(panels[:, 0], found, strict=True):
        _draw_bars(panel, document)
    _save(figure, path)
    pyplot.close(figure)
    return path


def _draw_bars(panel: Any, document: Mapping[str, Any]) -> None:
    names = [name for name, peer in document["peers"].items() if not problem(peer)]
    rates = [medians(document["peers"][name])["requests_per_second"] for name in names]
    tails = [medians(document["peers"][name])["p99_ms"] for name in names]
    bars = panel.barh(names, rates, color=[_COLOURS[0 if name.startswith(OURS) else 5] for name in names])
    labels = [f"{rate:,.0f}, p99 {p99:.1f} ms" for rate, p99 in zip(rates, tails, strict=True)]
    panel.bar_label(bars, labels, padding=3)
    panel.set_title(f"{title(document)}: requests per second", loc="left", fontsize=10)
    panel.invert_yaxis()
    panel.margins(x=0.25)
    panel.xaxis.set_visible(False)
    for side in ("top", "right", "bottom"):
        panel.spines[side].set_visible(False)


def _draw_growth(directory: Path, path: Path) -> Path | None:
    from matplotlib import pyplot

    document = _read(directory / "growth.json")
    if document is None:
        return None
    figure, panels = pyplot.subplots(2, figsize=(8, 8), sharex=True)
    lines = (("requests_per_second", "requests per second", "linear"), ("p99_ms", "p99, ms", "log"))
    for panel, (key, label, scale) in zip(panels, lines, strict=True):
        _draw_lines(panel, document["points"], key)
        panel.set_xscale("log")
        panel.set_yscale(scale)
        panel.set_ylabel(label)
        panel.grid(alpha=0.3)
    panels[1].set_xlabel("connections")
    # Above the panels, where it hides no line.
    panels[0].legend(fontsize=8, ncol=2, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    _save(figure, path)
    pyplot.close(figure)
    return path


def _draw_lines(panel: Any, points: list[dict[str, Any]], key: str) -> None:
    servers = list(dict.fromkeys(point["server"] for point in points))
    for server, processes in dict.fromkeys((point["server"], point["processes"]) for point in points):
        mine = [point for point in points if (point["server"], point["processes"]) == (server, processes)]
        seen = [(point["connections"], value(point, key)) for point in mine]
        known = sorted((clients, each) for clients, each in seen if each is not None)
        panel.plot(
            [clients for clients, _ in known],
            [each for _, each in known],
            "o-" if processes == 1 else "s--",
            color=_COLOURS[servers.index(server) % len(_COLOURS)],
            label=f"{server}, {processes} {'process' if processes == 1 else 'processes'}",
        )
