"""Run everything, then make the tables and the pictures: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.arguments import add_timing, check_machine
from benchmarks.http.workloads import WORKLOADS
from benchmarks.pages import PAGES, refresh
from benchmarks.places import RESULTS, ROOT
from benchmarks.plots import draw_all

PARTS: Final = (*WORKLOADS, "growth", "memory", "gevent_loop", "greenlet_start", "crossings")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, allow_abbrev=False)
    parser.add_argument("part", nargs="*", help=f"only these: {', '.join(PARTS)}")
    add_timing(parser)
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        metavar="DIRECTORY",
        help="where JSON and pictures go; the pages are changed only for the default (%(default)s)",
    )
    parser.add_argument("--render", action="store_true", help="measure nothing: tables and pictures only")
    arguments = parser.parse_args()
    for part in arguments.part:
        if part not in PARTS:
            parser.error(f"no part is called {part!r}; there are {', '.join(PARTS)}")
    return arguments


def command(part: str, arguments: argparse.Namespace) -> list[str]:
    """Return how a part is run, in a process of its own."""
    only = [word for text in arguments.only for word in ("--only", text)]
    runs = ["--runs", str(arguments.runs)]
    results = ["--results", str(arguments.results)]
    timing = [*runs, "--seconds", str(arguments.seconds)]
    warm_up = ["--warm-up", str(arguments.warm_up)]
    if part in WORKLOADS:
        return ["benchmarks.http", part, *timing, *warm_up, *only, *results]
    if part == "growth":
        return ["benchmarks.growth", *timing, *warm_up, *only, *results]
    if part == "memory":
        return ["benchmarks.memory", *timing, *only, *results]
    json = str(arguments.results / f"{part}.json")
    return [f"benchmarks.micro.{part}", "--rounds", str(arguments.runs), "--json", json]


def main() -> int:
    arguments = _arguments()
    arguments.results = arguments.results.resolve()
    arguments.results.mkdir(parents=True, exist_ok=True)
    failed = []
    if not arguments.render:
        check_machine()
        for part in arguments.part or PARTS:
            ended = subprocess.run([sys.executable, "-m", *command(part, arguments)], cwd=ROOT, check=False)
            if ended.returncode:
                failed.append(part)
    draw_all(arguments.results)
    if arguments.results == RESULTS:
        refresh()
    else:
        for render in list(PAGES.values())[-1:]:
            print(render(arguments.results))
    for part in failed:
        print(f"failed: {part}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
