"""What a master is told when it is made, and what it was told to do since."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Final

from engine.process.logs import Logs

__all__ = ["MASTER_SIGNALS", "Intent", "MasterSettings"]

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


@dataclass(frozen=True, slots=True)
class MasterSettings:
    """What a master needs to know; times in seconds, sizes in bytes.

    :param mercy: from telling a worker to stop until SIGKILL
    :param harakiri: longest time a worker's loop may not turn; 0 means any
    :param helper_mercy: from telling a mule or spooler to stop until SIGKILL
    :param exit_on_reload: end instead of reloading; whoever started the server starts it again
    :param count_by_core: let workers tell how many requests each core has ended
    :param reload_on_term: SIGTERM reloads instead of stopping, as in uWSGI without ``--die-on-term``
    """

    processes: int
    cores: int
    mercy: float
    forkbomb_delay: float = 2.0
    harakiri: float = 0.0
    evil_rss: int = 0
    evil_as: int = 0
    signal_bufsize: int = 0
    reload_on_term: bool = False
    helper_mercy: float = 60.0
    exit_on_reload: bool = False
    logs: Logs | None = None
    count_by_core: bool = False


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
