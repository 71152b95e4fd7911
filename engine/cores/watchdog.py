"""Says where a loop hangs: a native thread that looks whether the loop still turns.

A request that computes for a minute, or calls something that blocks the thread, stops every other
request of its worker, and no greenlet or callback could tell.  This thread can, as long as the
culprit lets go of the interpreter lock now and then; where it does not, the master asks
``faulthandler`` before it kills the worker.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final

from bridge.lowlevel import original

__all__ = ["Watchdog"]

_LINES: Final = 40


class Watchdog:
    """Make it in the loop's thread.

    :param limit: seconds the loop may stand still
    :param last_turn: moment of the loop's last turn (monotonic clock)
    :param running: requests by core; read from the thread
    :param report: takes a text for the log, in any thread
    """

    def __init__(
        self,
        limit: float,
        last_turn: Callable[[], float],
        running: Mapping[int, Any],
        report: Callable[[str], None],
    ) -> None:
        self._limit = limit
        self._last_turn = last_turn
        self._running = running
        self._report = report
        self._thread: int = original("_thread", "get_ident")()
        self._stopped = False

    def start(self) -> None:
        """Start looking."""
        original("_thread", "start_new_thread")(self._run, ())

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True

    def _run(self) -> None:
        sleep = original("time", "sleep")
        told_of = 0.0
        while not self._stopped:
            sleep(min(1.0, max(0.05, self._limit / 4)))
            last = self._last_turn()
            late = time.monotonic() - last
            if late > self._limit and last != told_of and not self._stopped:
                told_of = last
                self._report(self.describe(late))

    def describe(self, late: float) -> str:
        """Return what the loop's thread is doing, and which requests wait for it."""
        frame = sys._current_frames().get(self._thread)
        stack = traceback.format_stack(frame)[-_LINES:] if frame is not None else ["  (no Python stack)\n"]
        lines = [f"the loop has not turned for {late:.1f} seconds: nobody is served. It is in\n", *stack]
        for core, exchange in list(self._running.items()):
            lines.append(f'  core {core} is managing "{exchange.method} {exchange.uri}"\n')
        return "".join(lines).rstrip()
