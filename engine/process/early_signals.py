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
        self._noted: list[tuple[int, int]] = []  # signals, and the loop that was woken by each

    def take(self, numbers: Iterable[int]) -> None:
        """Handle these signals from now on, and let them come in if they are blocked."""
        numbers = set(numbers)
        for number in numbers:
            signal.signal(number, self._note)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)

    def _note(self, number: int, frame: object) -> None:
        if number in self.leaving:
            raise SystemExit(0)
        self._noted.append((number, _wakeup_fd()))

    def replay(self) -> None:
        """Give what was noted to the handlers that are installed now; call in the main thread.

        Except what has woken the loop that runs now: it has that already, and the second signal of a
        kind means to end without waiting.
        """
        noted, self._noted = self._noted, []
        loop = _wakeup_fd()
        for number, woken in noted:
            if woken < 0 or woken != loop:
                signal.raise_signal(number)


def _wakeup_fd() -> int:
    """Return the descriptor that wakes the loop of this process on signals, -1 if there is none."""
    fd = signal.set_wakeup_fd(-1)
    if fd >= 0:
        signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
    return fd
