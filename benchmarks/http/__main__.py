"""The command: ``python -m benchmarks.http WORKLOAD``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.http.measure import can_pin, measure, suits
from benchmarks.http.peers import PEERS, Peer
from benchmarks.http.report import machine, table, write_results
from benchmarks.http.workloads import WORKLOADS
from benchmarks.http.wrk import wrk_path

RESULTS = Path(__file__).resolve().parents[1] / "results"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.http", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("--runs", type=int, default=5, help="times each server is measured (%(default)s)")
    parser.add_argument("--seconds", type=int, default=5, help="length of a run (%(default)s)")
    parser.add_argument(
        "--warm-up", type=int, default=2, help="seconds of load before each run (%(default)s)"
    )
    parser.add_argument("--only", action="append", metavar="TEXT", help="only servers whose name holds TEXT")
    parser.add_argument("--name", help="results file: benchmarks/results/NAME.json (the workload's name)")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    if wrk_path() is None:
        print("wrk is not installed (Debian and Ubuntu: apt-get install wrk)", file=sys.stderr)
        return 1
    workload = WORKLOADS[arguments.workload]
    settings = {"seconds": arguments.seconds, "warm_up": arguments.warm_up, "pinned": can_pin(), **machine()}
    if not can_pin():
        _say("note: server and client share their cores, as fewer than two are free or taskset is missing")

    peers: list[Peer] = []
    skipped: dict[str, str] = {}
    for peer in PEERS:
        if arguments.only and not any(text in peer.name for text in arguments.only):
            continue
        reason = suits(peer, workload)
        if reason is None:
            peers.append(peer)
        else:
            skipped[peer.name] = reason
            _say(f"note: {peer.name} is left out: {reason}")
    if not peers:
        print("no server to measure", file=sys.stderr)
        return 1

    results = measure(
        peers,
        workload,
        runs=arguments.runs,
        seconds=arguments.seconds,
        warm_up=arguments.warm_up,
        say=_say,
    )
    path = RESULTS / f"{arguments.name or workload.name}.json"
    write_results(path, workload, settings, peers, results, skipped)
    _say(f"written to {path.relative_to(RESULTS.parents[1])}")
    print(table(peers, results))
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
