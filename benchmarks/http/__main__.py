"""The command: ``python -m benchmarks.http WORKLOAD``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.arguments import add_timing, check_machine, timing_of
from benchmarks.http.report import table
from benchmarks.http.running import run_workload, write
from benchmarks.http.workloads import WORKLOADS
from benchmarks.places import RESULTS


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.http", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("workload", choices=WORKLOADS)
    add_timing(parser)
    parser.add_argument(
        "--results", type=Path, default=RESULTS, metavar="DIRECTORY", help="where the JSON goes (%(default)s)"
    )
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    check_machine()
    results = run_workload(arguments.workload, timing_of(arguments), arguments.only)
    if results is None:
        print("no server to measure", file=sys.stderr)
        return 1
    write(arguments.results / f"{arguments.workload}.json", results)
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
