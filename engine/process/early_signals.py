"""Signals that come before anybody can act on them: while the application loads, after a fork.

They are not blocked: what the application starts meanwhile (threads, other programs) would inherit
that, and a program that cannot be terminated is a bad thing to leave behind.
"""

from __future__ import annotations

import signal
from collections.abc import Collection, Iterable

__all__ = ["EarlySignals"]


class EarlySignals:
    """Takes note of signals, or ends the process at once; one per process.

    :param leaving: signals that end the process with status 0; may be changed later
    """

    def __init__(self, leaving: Collection[int] = ()) -> None:
        self.leaving = leaving
        self._noted: list[int] = []

    def take(self, numbers: Iterable[int]) -> None:
        """Handle these signals from now on, and let them come in if they are blocked."""
        numbers = set(numbers)
        for number in numbers:
            signal.signal(number, self._note)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)

    def _note(self, number: int, frame: object) -> None:
        if number in self.leaving:
            raise SystemExit(0)
        self._noted.append(number)

    def replay(self) -> None:
        """Give what was noted to the handlers that are installed now; call in the main thread."""
        noted, self._noted = self._noted, []
        for number in noted:
            signal.raise_signal(number)
