"""Two commits of this repository side by side.

    python -m benchmarks.compare COMMIT1 COMMIT2 [--workload hello] [--micro]

Both are checked out into temporary directories and built there, then measured in turns.  Applications and
microbenchmarks are those of this checkout, so that both commits do the same.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.arguments import add_timing, check_machine, timing_of
from benchmarks.http.measure import Timing, line, load_of, one_run
from benchmarks.http.peers import PEERS, Peer
from benchmarks.http.running import say, write
from benchmarks.http.serving import Setting, database
from benchmarks.http.workloads import WORKLOADS
from benchmarks.machine import compiled, machine, today
from benchmarks.places import ROOT

__all__ = ["Tree", "measure_http", "measure_micro", "resolve", "table", "tree"]

_WHERE: Final = "import json, bridge, engine; print(json.dumps([bridge.__file__, engine.__file__]))"
Values = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Tree:
    """A commit that is checked out and built.

    :param compiled: how many of its modules are compiled
    """

    commit: str
    directory: Path
    compiled: int


def resolve(commit: str) -> str:
    """Return the whole name of a commit.

    :raises SystemExit: if there is no such commit
    """
    found = _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", check=False)
    if not found:
        raise SystemExit(f"{commit!r} is no commit of {ROOT}")
    return found


@contextmanager
def tree(commit: str) -> Iterator[Tree]:
    """Check a commit out into a temporary directory and build it; both go with the block.

    :raises SystemExit: if it cannot be built, or if its code is not what Python would import
    """
    found = resolve(commit)
    with tempfile.TemporaryDirectory(prefix="bench-tree-") as name:
        directory = Path(name) / "tree"
        _git("worktree", "add", "--detach", "--quiet", str(directory), found)
        try:
            _build(directory)
            yield Tree(_git("rev-parse", "--short", found), directory, compiled(directory))
        finally:
            _git("worktree", "remove", "--force", str(directory))


def _git(*arguments: str, check: bool = True) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=check).stdout.strip()


def _build(directory: Path) -> None:
    """Compile in place, then put what is measured beside the code."""
    command = [sys.executable, "setup.py", "build_ext", "--inplace"]
    ended = subprocess.run(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if ended.returncode:
        raise SystemExit(f"{directory} could not be built:\n{ended.stdout[-3000:]}")
    shutil.rmtree(directory / "benchmarks", ignore_errors=True)
    shutil.copytree(ROOT / "benchmarks", directory / "benchmarks")
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _WHERE],
        cwd=directory,
        env=environment(directory),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for file in json.loads(out):
        if not Path(file).is_relative_to(directory):
            raise SystemExit(f"Python imports {file}, not the code of {directory}")


def environment(directory: Path) -> dict[str, str]:
    """Variables with which Python imports the code of a tree."""
    return {**os.environ, "PYTHONPATH": str(directory)}


def measure_http(trees: Sequence[Tree], name: str, timing: Timing) -> list[Values]:
    """Measure a workload in turns; return, for each tree, its figures.

    :raises SystemExit: if a run does not count
    """
    workload = WORKLOADS[name]
    peer = _ours(workload.asgi)
    load = load_of(workload, peer)
    found: list[Values] = [{} for _ in trees]
    with database(workload.database) as env:
        for number in range(timing.runs):
            for index in _order(number, len(trees)):
                setting = Setting(
                    nginx=workload.nginx,
                    log=workload.log,
                    patch=workload.database,
                    env=env,
                    cwd=trees[index].directory,
                )
                figures = one_run(peer, workload.app, load, setting, timing)
                say(f"{name} {number + 1}/{timing.runs}  {trees[index].commit:<10} {line(figures)}")
                if figures.problem:
                    raise SystemExit(f"{trees[index].commit}: {figures.problem}")
                _add(found[index], f"{name}: requests/s", figures.requests_per_second)
                _add(found[index], f"{name}: p50 ms", figures.p50_ms)
                _add(found[index], f"{name}: p99 ms", figures.p99_ms)
    return found


def _ours(asgi: bool) -> Peer:
    return next(peer for peer in PEERS if peer.package is None and peer.asgi == asgi)


def _order(number: int, count: int) -> Sequence[int]:
    """Alternate who comes first: what follows a pause of the machine is not always the same one."""
    return range(count) if number % 2 == 0 else range(count)[::-1]


def _add(values: Values, name: str, value: float) -> None:
    values.setdefault(name, []).append(value)


def measure_micro(trees: Sequence[Tree], runs: int) -> list[Values]:
    """Measure gevent's operations on the bridge of each tree, in turns, in microseconds."""
    found: list[Values] = [{} for _ in trees]
    for number in range(runs):
        for index in _order(number, len(trees)):
            for contender in ("host", "guest"):
                for name, value in _micro(trees[index], contender).items():
                    _add(found[index], f"{name}, {contender}: us", value)
            say(f"micro {number + 1}/{runs}  {trees[index].commit}")
    return found


def _micro(tree: Tree, contender: str) -> dict[str, float]:
    code = (
        "import json, sys; from benchmarks.micro.gevent_loop import run;print(json.dumps(run(sys.argv[1])))"
    )
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, contender],
        cwd=tree.directory,
        env=environment(tree.directory),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    values: dict[str, float] = json.loads(out)
    return values


def table(trees: Sequence[Tree], found: Sequence[Mapping[str, Sequence[float]]]) -> str:
    """Medians with the lowest and highest, and the ratio of medians with that of each pair of runs."""
    first, second = trees
    lines = [
        f"| | {first.commit} | {second.commit} | ratio | of each pair |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, before in found[0].items():
        after = found[1][name]
        ratios = [new / old for old, new in zip(before, after, strict=True) if old]
        ratio = f"{median(after) / median(before):.3f}" if median(before) else "-"
        pairs = f"{min(ratios):.3f} to {max(ratios):.3f}" if ratios else "-"
        lines.append(f"| {name} | {_spread(before)} | {_spread(after)} | {ratio} | {pairs} |")
    compiled = ", ".join(f"{each.commit}: {each.compiled}" for each in trees)
    return "\n".join([*lines, "", f"Compiled modules: {compiled}. A ratio is the second over the first.", ""])


def _spread(values: Sequence[float]) -> str:
    digits = 0 if median(values) >= 100 else 3
    middle, low, high = (f"{value:,.{digits}f}" for value in (median(values), min(values), max(values)))
    return f"{middle} ({low} to {high})"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=__doc__.partition("\n")[0], allow_abbrev=False
    )
    parser.add_argument("commit", nargs=2, help="two commits, branches or tags")
    parser.add_argument(
        "--workload",
        action="append",
        choices=WORKLOADS,
        help="hello, unless there is --micro; may be repeated",
    )
    parser.add_argument("--micro", action="store_true", help="gevent's operations on the bridge")
    add_timing(parser, only=False)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run to this file, too")
    return parser.parse_args()


def _end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    arguments = _arguments()
    check_machine()
    signal.signal(signal.SIGTERM, _end)  # or the trees would stay
    workloads = arguments.workload or ([] if arguments.micro else ["hello"])
    commits = [resolve(commit) for commit in arguments.commit]  # now: HEAD may move while the first is built
    with tree(commits[0]) as first, tree(commits[1]) as second:
        trees = (first, second)
        found: list[Values] = [{}, {}]
        for name in workloads:
            for mine, new in zip(found, measure_http(trees, name, timing_of(arguments)), strict=True):
                mine.update(new)
        if arguments.micro:
            for mine, new in zip(found, measure_micro(trees, arguments.runs), strict=True):
                mine.update(new)
        if arguments.json:
            runs = {each.commit: values for each, values in zip(trees, found, strict=True)}
            write(arguments.json, {"date": today(), "settings": machine(), "runs": runs})
        print(table(trees, found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
