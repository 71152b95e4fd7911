"""Signals that come before anybody can act on them: while the application loads, after a fork.

They are not blocked: what the application starts meanwhile (threads, other programs) would inherit
that, and a program that cannot be terminated is a bad thing to leave behind.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterable
from typing import TypeAlias

__all__ = ["EarlySignals"]


# Device and inode of the socket or pipe that wakes it.
_Loop: TypeAlias = "tuple[int, int] | None"


class EarlySignals:
    """Takes note of signals, or ends the process at once; one per process.

    :param leaving: signals that end the process with status 0; may be changed later
    """

    def __init__(self, leaving: Collection[int] = ()) -> None:
        self.leaving = leaving
        self._noted: list[tuple[int, _Loop]] = []  # signals, and the loop that was woken by each

    def take(self, numbers: Iterable[int]) -> None:
        """Handle these signals from now on, and let them come in if they are blocked."""
        numbers = set(numbers)
        for number in numbers:
            signal.signal(number, self._note)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)

    def _note(self, number: int, frame: object) -> None:
        if number in self.leaving:
            raise SystemExit(0)
        self._noted.append((number, _woken_loop()))

    def replay(self) -> None:
        """Give what was noted to the handlers that are installed now; call in the main thread.

        Except what has woken the loop that runs now: it has that already, and the second signal of a
        kind means to end without waiting.
        """
        noted, self._noted = self._noted, []
        loop = _woken_loop()
        for number, woken in noted:
            if woken is None or woken != loop:
                signal.raise_signal(number)


def _woken_loop() -> _Loop:
    """Tell which loop of this process signals wake, None if there is none.

    Not by its descriptor: a loop of the application that has ended leaves the number to the next one.
    """
    fd = signal.set_wakeup_fd(-1)
    if fd < 0:
        return None
    signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
    try:
        seen = os.fstat(fd)
    except OSError:  # closed without a word
        return None
    return seen.st_dev, seen.st_ino
