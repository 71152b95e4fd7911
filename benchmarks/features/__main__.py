"""The command: ``python -m benchmarks.features`` tries everything and writes results and README table."""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import sys
from pathlib import Path
from typing import Any

from benchmarks.features.environments import EnvironmentFailed, python_for, versions
from benchmarks.features.libraries import LIBRARIES, Library
from benchmarks.features.probes import ROWS
from benchmarks.features.table import insert, render
from benchmarks.features.trying import ROOT, try_row

RESULTS = ROOT / "benchmarks" / "results" / "features.json"
README = ROOT / "README.md"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.features", description=__doc__, allow_abbrev=False
    )
    parser.add_argument(
        "--environments",
        type=Path,
        default=ROOT / ".venv-features",
        metavar="DIRECTORY",
        help="where the virtual environments are, and are made if need be (%(default)s)",
    )
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="LIBRARY=DIRECTORY",
        help="take a library's module from a directory; for one that cannot be had with pip",
    )
    parser.add_argument("--only", action="append", choices=LIBRARIES, help="keep the others' results")
    parser.add_argument("--row", action="append", choices=ROWS, help="keep the others' results")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    results = _before()
    sources = dict(text.partition("=")[::2] for text in arguments.source)
    for name, library in LIBRARIES.items():
        if not arguments.only or name in arguments.only:
            _try_library(library, results, arguments, sources.get(name))
    results["rows"] = {row: results["rows"][row] for row in ROWS if row in results["rows"]}
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    table = render(results)
    README.write_text(insert(README.read_text(), table))
    print(table)
    return 0


def _before() -> dict[str, Any]:
    """Return the results of the last run, with what holds for this one."""
    results: dict[str, Any] = {"rows": {}, "peers": {}}
    if RESULTS.exists():
        results = json.loads(RESULTS.read_text())
    results |= {
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    results["peers"] = {name: results["peers"].get(name, {}) for name in LIBRARIES}
    return results


def _try_library(
    library: Library, results: dict[str, Any], arguments: argparse.Namespace, source: str | None
) -> None:
    name = library.name
    rows = arguments.row or ROWS
    try:
        python = python_for(library, arguments.environments, source)
    except EnvironmentFailed as exc:
        results["peers"][name] = {"problem": "cannot be installed or imported", "error": str(exc)}
        for row in rows:
            results["rows"].setdefault(row, {})[name] = {"answer": "?", "checks": {}}
        return
    results["peers"][name] = {"versions": versions(library, python)}
    for row in rows:
        found = try_row(python, name, row)
        results["rows"].setdefault(row, {})[name] = found
        print(f"{name:15} {row:18} {found['answer']}", file=sys.stderr, flush=True)
        for check, ended in found["checks"].items():
            if ended["note"]:
                print(f"{'':15} {check}: {ended['outcome']}: {ended['note']}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
