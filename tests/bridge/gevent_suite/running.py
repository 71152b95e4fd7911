"""Run modules of gevent's suite, each in a process of its own."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bridge.gevent_suite.modules import ALONE, suite_folder, timeout_of
from tests.bridge.gevent_suite.not_applicable import not_applicable
from tests.bridge.gevent_suite.outcome import Outcome, read_report

__all__ = ["Mode", "run_module", "run_modules"]

# Slower machines want more than 1.
_SCALE = float(os.environ.get("GEVENT_SUITE_TIMEOUT_SCALE", "1"))
_ROOT = Path(__file__).resolve().parents[3]


@dataclasses.dataclass(frozen=True, slots=True)
class Mode:
    """On what the suite runs.

    :param loop: ``uvloop`` or ``asyncio`` for the bridge's private loop, or ``libev`` for gevent's own
    :param guest: run inside ``asyncio.run`` on such a loop, with a heartbeat task beside the tests
    """

    loop: str
    guest: bool = False

    def __str__(self) -> str:
        return f"{self.loop} guest" if self.guest else self.loop

    def environment(self) -> dict[str, str]:
        """Return the variables of the child: those that gevent's own runner sets, and the loop."""
        env = dict(os.environ)
        env.update(
            # Some modules import neighbours by their bare names.
            PYTHONPATH=os.pathsep.join([str(_ROOT), env.get("PYTHONPATH", ""), str(suite_folder())]),
            PYTHONFAULTHANDLER="true",
            PYTHONDEVMODE="1",
            PYTHONWARNINGS="default,ignore:::site:,ignore:::importlib._bootstrap:",
            GEVENTTEST_USE_RESOURCES="-network",
            GEVENTTEST_QUIET="True",
        )
        if self.loop == "libev":
            env["GEVENT_LOOP"] = "libev-cext"
        else:
            env["GEVENT_LOOP"] = "bridge.loop.loop"
            env["BRIDGE_LOOP"] = self.loop
        return env

    def command(self, module: str, tests: Iterable[str] = ()) -> list[str]:
        """Return the argv that runs *module*, or only some of its tests."""
        if self.guest:
            return [sys.executable, "-u", "-m", "tests.bridge.gevent_suite.guest", module, *tests]
        return [sys.executable, "-u", "-m", f"gevent.tests.{module}", *tests]


def run_module(mode: Mode, module: str, tests: Iterable[str] = ()) -> Outcome:
    """Run one module to its end, or kill it and all it started when it is out of time."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gevent-suite-") as folder:
        log = Path(folder, "output")
        with log.open("wb") as output:
            process = subprocess.Popen(
                mode.command(module, tests),
                cwd=folder,
                env=mode.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            returncode: int | None
            try:
                returncode = process.wait(_SCALE * timeout_of(module))
            except subprocess.TimeoutExpired:
                returncode = None
                _ask_for_stacks(process)
            finally:
                _end_session(process)
        text = log.read_text(errors="replace")
    return read_report(module, returncode, text, time.monotonic() - started)


def _ask_for_stacks(process: subprocess.Popen[bytes]) -> None:
    # PYTHONFAULTHANDLER: SIGABRT prints where every thread is.
    process.send_signal(signal.SIGABRT)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        pass


def _end_session(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run_modules(
    mode: Mode, modules: Iterable[str], *, workers: int, report: Callable[[Outcome], None]
) -> list[Outcome]:
    """Run *modules*, several at once, except those that need the machine for themselves.

    :param report: called with each outcome as it comes, in any order, from worker threads
    """

    def run(module: str) -> Outcome:
        outcome = run_module(mode, module)
        report(outcome)
        return outcome

    names = [name for name in modules if not_applicable(name, guest=mode.guest) is None]
    together = [name for name in names if name not in ALONE]
    with ThreadPoolExecutor(workers) as pool:
        outcomes = list(pool.map(run, together))
    outcomes += [run(name) for name in names if name in ALONE]
    return sorted(outcomes, key=lambda outcome: outcome.module)
