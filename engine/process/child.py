"""One worker process as its master sees it."""

from __future__ import annotations

import time
from typing import Final

from engine.channels import MasterSide
from engine.process.plan import ChildSeen, Phase
from engine.stats.scoreboard import Column, Row, WorkerState

__all__ = ["Child"]

_STATES: Final = {
    Phase.STARTING: WorkerState.STARTING,
    Phase.READY: WorkerState.READY,
    Phase.LEAVING: WorkerState.LEAVING,
}


class Child:
    """A running worker; made after the fork, in the master.

    :param row: its row of the scoreboard; None for a worker of the image before
    """

    def __init__(self, pid: int, number: int, channel: MasterSide, row: Row | None) -> None:
        self.pid = pid
        self.number = number
        self.channel = channel
        self.row = row
        self.phase = Phase.STARTING
        self.stale = False
        self.brutal = False
        self.killed = False
        self.stuck = False
        self.started = time.monotonic()
        self.told_at = float("inf")

    def move(self, phase: Phase) -> None:
        """Enter a phase."""
        self.phase = phase
        if self.row is not None:
            self.row[Column.STATE] = _STATES[phase]

    def seen(self) -> ChildSeen:
        """Return what :func:`engine.process.plan.plan` needs to know."""
        return ChildSeen(
            self.pid, self.number, self.phase, self.stale, self.told_at, self.brutal, self.killed
        )

    def __repr__(self) -> str:
        stale = ", to be replaced" if self.stale else ""
        return f"<Child worker {self.number} pid {self.pid} {self.phase.value}{stale}>"
