"""How a master looks to the service manager: ready, reloading, stopping, alive."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from engine.process.notify import Notifier
from engine.process.plan import Phase
from engine.stats.scoreboard import Column

if TYPE_CHECKING:
    from engine.process.master import Master

__all__ = ["Reporting"]


class Reporting:
    """Looks at a master about once a second."""

    def __init__(self, master: Master, notifier: Notifier) -> None:
        self._master = master
        self._notifier = notifier
        self._reloading = False
        self._stopping = False
        interval = notifier.watchdog_interval()
        if interval:
            # Beats of workers are a second old at most, so signs of life need not be more frequent.
            self._patience = max(3.0, 2 * interval)
            master.each_cycle(self._give_sign)
        master.each_cycle(self._look)

    def _look(self) -> None:
        master, notifier = self._master, self._notifier
        if master.is_stopping():
            if not self._stopping:
                self._stopping = True
                notifier.stopping()
            return
        if master.is_reloading():
            if not self._reloading:
                self._reloading = True
                notifier.reloading()
            return
        self._reloading = False
        serving = [child for child in master.children() if child.phase is Phase.READY]
        status = f"{len({child.number for child in serving})} of {master.wanted} workers serve"
        if len({child.number for child in serving if not child.stale}) >= master.wanted:
            notifier.ready(status)
        notifier.status(status)

    def _give_sign(self) -> None:
        """Only while some worker's loop turns: a server that hangs is to be started anew."""
        now = time.monotonic()
        beats = [child.row[Column.BEAT] / 1000 for child in self._master.children() if child.row is not None]
        starting = any(child.phase is Phase.STARTING for child in self._master.children())
        if starting or any(now - beat < self._patience for beat in beats):
            self._notifier.alive(now)
