"""What does a new greenlet cost, with the chunk cache and without it?

    python -m benchmarks.micro.greenlet_start [--rounds 7] [--json FILE]

Each figure is the median over child processes, which take turns (off, on, off,
on ...) so that a slow spell of the machine hits both. A child gives the best of
five timings of each work. Only the chunk cache is switched: the bridge's loop
is not loaded and gevent runs on its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import types
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
TIMINGS = 5
OFF, ON = "off", "on"


def nothing() -> None:
    """Be the smallest Python function that a greenlet can run."""


def raw_greenlet(count: int) -> None:
    """Create greenlets one by one; switch in and out of each."""
    import greenlet

    new = greenlet.greenlet
    for _ in range(count):
        new(nothing).switch()


def spawn_and_join(count: int) -> None:
    """Spawn gevent greenlets and join each at once."""
    import gevent

    spawn = gevent.spawn
    for _ in range(count):
        spawn(nothing).join()


def spawn_100_and_join_all(count: int) -> None:
    """Spawn gevent greenlets by the hundred and join the hundred."""
    import gevent

    spawn, joinall = gevent.spawn, gevent.joinall
    for _ in range(count // 100):
        joinall([spawn(nothing) for _ in range(100)])


WORK: dict[str, tuple[Callable[[int], None], int]] = {
    "raw greenlet, switch in and out": (raw_greenlet, 50_000),
    "gevent.spawn + join": (spawn_and_join, 20_000),
    "gevent.spawn x 100 + joinall": (spawn_100_and_join_all, 20_000),
}


def microseconds_each(work: Callable[[int], None], count: int) -> float:
    """Return the time of one unit of work, the best of several timings."""
    work(count // 10)
    times = []
    for _ in range(TIMINGS):
        begin = time.perf_counter()
        work(count)
        times.append(time.perf_counter() - begin)
    return min(times) / count * 1e6


def measure(setting: str) -> dict[str, float]:
    """Measure all work in this process."""
    # A bare package in place of bridge/__init__.py, which would choose gevent's loop.
    package = types.ModuleType("bridge")
    package.__path__ = [str(ROOT / "bridge")]
    sys.modules["bridge"] = package
    from bridge import _stackcache

    if setting == ON and not _stackcache.install():
        raise SystemExit("The chunk cache is not built: run 'python setup.py build_ext --inplace' first.")
    return {name: microseconds_each(work, count) for name, (work, count) in WORK.items()}


def measure_in_child(setting: str) -> dict[str, float]:
    """Measure all work in a process of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("BRIDGE_")}
    command = [sys.executable, "-m", "benchmarks.micro.greenlet_start", "--child", setting]
    done = subprocess.run(command, env=clean, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def compare(rounds: int) -> dict[str, dict[str, float]]:
    """Return the median of each work with each setting."""
    seen: dict[str, dict[str, list[float]]] = {name: {OFF: [], ON: []} for name in WORK}
    for _ in range(rounds):
        for setting in (OFF, ON):
            for name, value in measure_in_child(setting).items():
                seen[name][setting].append(value)
    return {name: {key: statistics.median(values) for key, values in by.items()} for name, by in seen.items()}


def table(results: dict[str, dict[str, float]]) -> str:
    """Render the results for people."""
    lines = [f"{'us each':34}{'without':>9}{'with':>9}{'ratio':>8}"]
    for name, by in results.items():
        lines.append(f"{name:34}{by[OFF]:9.2f}{by[ON]:9.2f}{by[OFF] / by[ON]:7.1f}x")
    return "\n".join(lines)


def main() -> None:
    """Run the comparison, or one child of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7, help="pairs of child processes (default 7)")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--child", choices=[OFF, ON], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.child)))
        return
    results = compare(options.rounds)
    versions = {name: version(name) for name in ("greenlet", "gevent")}
    machine = f"CPython {platform.python_version()}, {platform.platform()}"
    print(machine, *(f"{name} {number}" for name, number in versions.items()), sep=", ")
    print(table(results))
    if options.json:
        record = {"machine": machine, "versions": versions, "rounds": options.rounds, "us": results}
        options.json.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
