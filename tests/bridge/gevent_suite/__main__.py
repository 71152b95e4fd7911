"""Run gevent's own test suite on the bridge, and print a table of the results."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.bridge.gevent_suite.modules import FAST, has_examples, suite_modules
from tests.bridge.gevent_suite.not_applicable import not_applicable
from tests.bridge.gevent_suite.outcome import Outcome
from tests.bridge.gevent_suite.running import Mode, run_modules

_printing = threading.Lock()
_COLUMNS = (
    "Python",
    "loop",
    "modules",
    "tests",
    "passed",
    "skipped",
    "fail on libev too",
    "not applicable",
    "failed",
)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bridge.gevent_suite", description=__doc__)
    parser.add_argument("modules", nargs="*", help="such as test__queue; default: all of gevent.tests")
    parser.add_argument("--loop", action="append", choices=["uvloop", "asyncio"], help="default: both")
    parser.add_argument(
        "--guest", action="store_true", help="run inside asyncio.run, beside a heartbeat task"
    )
    parser.add_argument("--fast", action="store_true", help="the subset that takes less than a minute")
    parser.add_argument(
        "--baseline", action="store_true", help="run gevent's libev loop too; what fails there is forgiven"
    )
    parser.add_argument(
        "--again",
        type=int,
        nargs="?",
        const=1,
        default=0,
        metavar="TIMES",
        help="run modules that failed again, alone, at most so often (default 1); what passes then is named "
        "but forgiven",
    )
    parser.add_argument(
        "--compare",
        action="store_true",
        help="run modules that failed on gevent's libev loop too; what fails there is forgiven "
        "(as --baseline, but only for those modules)",
    )
    parser.add_argument("--workers", type=int, default=2, help="modules at once (default 2)")
    parser.add_argument("--logs", type=Path, help="folder that gets the output of every module")
    return parser.parse_args(argv)


def _chosen(options: argparse.Namespace) -> list[str]:
    if options.modules:
        return [name.removeprefix("gevent.tests.").removesuffix(".py") for name in options.modules]
    return list(FAST) if options.fast else [name for name in suite_modules() if not has_examples(name)]


def _run(mode: Mode, options: argparse.Namespace) -> list[Outcome]:
    logs: Path | None = options.logs and options.logs / str(mode).replace(" ", "-")
    if logs is not None:
        logs.mkdir(parents=True, exist_ok=True)

    def report(outcome: Outcome) -> None:
        gap = "" if outcome.longest_gap is None else f", longest gap {outcome.longest_gap * 1000:.0f} ms"
        state = "ok" if outcome.ok else "FAILED " + " ".join(outcome.failing)
        with _printing:
            print(
                f"{mode}: {outcome.module}: {outcome.ran} in {outcome.seconds:.1f} s{gap}: {state}",
                flush=True,
            )
        if logs is not None:
            Path(logs, outcome.module + ".log").write_text(outcome.output)

    outcomes = run_modules(mode, _chosen(options), workers=options.workers, report=report)
    if logs is not None:
        summary = {o.module: [o.ran, o.skipped, list(o.failing), o.seconds, o.longest_gap] for o in outcomes}
        Path(logs, "summary.json").write_text(json.dumps(summary, indent=1))
    return outcomes


def _unexpected(mode: Mode, outcomes: Iterable[Outcome], forgiven: set[tuple[str, str]]) -> list[str]:
    return [
        f"{outcome.module}.{test}"
        for outcome in outcomes
        for test in outcome.failing
        if (outcome.module, test) not in forgiven
        and not_applicable(outcome.module, test, guest=mode.guest) is None
    ]


def _quietly(outcome: Outcome) -> None:
    pass


def _of(outcomes: Iterable[Outcome], names: Iterable[str]) -> list[str]:
    """Return the modules that *names*, which are those of tests, belong to."""
    return [o.module for o in outcomes if any(name.startswith(f"{o.module}.") for name in names)]


def _confirmed(
    mode: Mode, outcomes: list[Outcome], unexpected: list[str], forgiven: set[tuple[str, str]], times: int
) -> list[str]:
    """Return the failures that come every time when nothing else runs beside them."""
    for _ in range(times):
        suspects = _of(outcomes, unexpected)
        again = _unexpected(mode, run_modules(mode, suspects, workers=1, report=_quietly), forgiven)
        for name in unexpected:
            if name not in again:
                print(f"{mode}: {name} failed once and passed when run again alone")
        unexpected = [name for name in unexpected if name in again]
    return unexpected


def _failing_on_libev(outcomes: list[Outcome], unexpected: list[str]) -> set[tuple[str, str]]:
    suspects = _of(outcomes, unexpected)
    on_libev = run_modules(Mode("libev"), suspects, workers=1, report=_quietly)
    return {(o.module, test) for o in on_libev for test in o.failing}


def _row(mode: Mode, outcomes: list[Outcome], unexpected: list[str], forgiven: set[tuple[str, str]]) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    failing = [(o.module, test) for o in outcomes for test in o.failing]
    out = sum(not_applicable(module, test, guest=mode.guest) is not None for module, test in failing)
    as_libev = sum(pair in forgiven for pair in failing)
    ran = sum(o.ran for o in outcomes)
    skipped = sum(o.skipped for o in outcomes)
    passed = sum(o.passed for o in outcomes)
    cells = [version, mode, len(outcomes), ran, passed, skipped, as_libev, out, len(unexpected)]
    return _line(cells)


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 if every test passed that has to."""
    options = _arguments(argv)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started in the background by a shell; tests send themselves SIGINT.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    modes = [Mode(loop, options.guest) for loop in options.loop or ("uvloop", "asyncio")]
    forgiven: set[tuple[str, str]] = set()
    rows = []
    wrong: list[str] = []
    if options.baseline:
        libev = Mode("libev")
        outcomes = _run(libev, options)
        forgiven = {(o.module, test) for o in outcomes for test in o.failing}
        rows.append(_row(libev, outcomes, [], forgiven))
    for mode in modes:
        outcomes = _run(mode, options)
        unexpected = _unexpected(mode, outcomes, forgiven)
        if options.compare and unexpected:
            forgiven |= _failing_on_libev(outcomes, unexpected)
            unexpected = _unexpected(mode, outcomes, forgiven)
        unexpected = _confirmed(mode, outcomes, unexpected, forgiven, options.again)
        rows.append(_row(mode, outcomes, unexpected, forgiven))
        wrong += [f"{mode}: {name}" for name in unexpected]
    print("\n" + _line(_COLUMNS))
    print(_line("-" for _ in _COLUMNS))
    print("\n".join(rows))
    for line in wrong:
        print("FAILED", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
