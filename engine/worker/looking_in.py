"""What shows a worker from inside: who holds its loop too long, and all that waits in it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from typing import Any

import bridge
from bridge import dump

__all__ = ["LookingIn"]


class LookingIn:
    """Make it in the worker's main thread, once its loop runs.

    :param threshold: seconds from which on whoever holds the loop is logged; 0.0 means never
    :param running: requests by core; read from a thread of the watch
    :param report: takes a text for the log, in any thread
    """

    def __init__(self, threshold: float, running: Mapping[int, Any], report: Callable[[str], None]) -> None:
        self._running = running
        self._report = report
        self._watch = bridge.watch_blocking(threshold, report=self._blocked) if threshold else None
        try:
            # As in uWSGI SIGUSR2 tells what a worker does; "python -m bridge.dump PID" fetches it.
            dump.install_signal_handler(signal.SIGUSR2)
        except (OSError, dump.DumpError) as exc:
            signal.signal(signal.SIGUSR2, signal.SIG_IGN)
            report(f"SIGUSR2 shows nothing here: {exc}; set BRIDGE_DUMP_DIR to a directory of this user")

    def _blocked(self, blocked: Any) -> None:
        assert self._watch is not None
        del self._watch.reports[:-1]  # what was logged is not kept
        lines = [str(blocked)]
        if not blocked.over:
            lines += [
                f'  core {core} is managing "{exchange.method} {exchange.uri}"'
                for core, exchange in list(self._running.items())
            ]
        self._report("\n".join(lines))

    def stop(self) -> None:
        """Watch no more."""
        if self._watch is not None:
            self._watch.stop()
        dump.remove_signal_handler()
        signal.signal(
            signal.SIGUSR2, signal.SIG_IGN
        )  # whoever asks now is too late, which is no reason to die
