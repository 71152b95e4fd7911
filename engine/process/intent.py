"""What a master has been told since it was made."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Final

__all__ = ["MASTER_SIGNALS", "Intent"]

MASTER_SIGNALS: Final = frozenset(
    (
        signal.SIGTERM,
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGHUP,
        signal.SIGCHLD,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGTSTP,
        signal.SIGTTIN,
        signal.SIGTTOU,
    )
)


@dataclass(slots=True)
class Intent:
    """What signals, fifo and workers have asked for so far; the master's parts look at it.

    :param wanted: how many workers there are to be
    :param hurry: end without waiting for requests
    :param chain: replace one worker at a time
    """

    wanted: int
    stopping: bool = False
    hurry: bool = False
    chain: bool = False
    paused: bool = False
    exit_status: int = 0
