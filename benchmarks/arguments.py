"""Options that the commands have in common."""

from __future__ import annotations

import argparse
import sys

from benchmarks.http.measure import Timing
from benchmarks.http.pinning import can_pin
from benchmarks.http.wrk import wrk_path

__all__ = ["add_timing", "check_machine", "timing_of"]


def add_timing(parser: argparse.ArgumentParser, *, only: bool = True) -> None:
    """Add ``--runs``, ``--seconds``, ``--warm-up`` and perhaps ``--only``."""
    parser.add_argument("--runs", type=int, default=5, help="times each row is measured (%(default)s)")
    parser.add_argument("--seconds", type=int, default=5, help="length of a run (%(default)s)")
    parser.add_argument(
        "--warm-up", type=int, default=2, help="seconds of load before each run (%(default)s)"
    )
    if only:
        parser.add_argument(
            "--only", action="append", default=[], metavar="TEXT", help="only servers whose name holds TEXT"
        )


def timing_of(arguments: argparse.Namespace) -> Timing:
    """Read the options that :func:`add_timing` added."""
    return Timing(arguments.runs, arguments.seconds, arguments.warm_up)


def check_machine() -> None:
    """End the command where wrk is missing; warn where cores are."""
    if wrk_path() is None:
        raise SystemExit("wrk is not installed (Debian and Ubuntu: apt-get install wrk)")
    if not can_pin():
        print("note: server and clients share their cores: two are needed, and taskset", file=sys.stderr)
