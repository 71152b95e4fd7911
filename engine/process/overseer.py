"""Ends workers that cannot end by themselves: a loop that stands still, too much memory."""

from __future__ import annotations

import signal
import time
from functools import partial
from typing import Final

from engine.config.settings import Settings
from engine.logs.server_log import ServerLog
from engine.pids import send_signal
from engine.process.child import Child
from engine.process.children import Children
from engine.process.events import MasterEvents
from engine.process.plan import Phase
from engine.stats.scoreboard import Column, Row

__all__ = ["Overseer"]

_STUCK_GRACE: Final = 2.0  # seconds beyond --harakiri until a loop that does not turn is ended
_LAST_WORDS: Final = 1.0  # seconds between asking a stuck worker for its stack and SIGKILL


class Overseer:
    """Looks at the rows of workers that serve."""

    def __init__(self, settings: Settings, events: MasterEvents, children: Children, log: ServerLog) -> None:
        self._settings = settings
        self._events = events
        self._children = children
        self._log = log

    def look(self) -> None:
        """Look now."""
        now = time.monotonic()
        for child in self._children:
            row = child.row
            if row is None or child.phase is not Phase.READY or child.stuck:
                continue
            if not self._check_beat(child, row, now):
                self._check_memory(child, row)

    def _check_beat(self, child: Child, row: Row, now: float) -> bool:
        """End a worker whose loop stands still; return whether that was so."""
        limit = self._settings.harakiri
        beat = row[Column.BEAT] / 1000
        if not (limit and beat and now - beat > limit + _STUCK_GRACE):
            return False
        child.stuck = True
        self._log.line(
            f"HARAKIRI ON WORKER {child.number} (pid: {child.pid}): its loop has not turned for "
            f"{now - beat:.0f} seconds; its stack follows, then it is killed"
        )
        row[Column.HARAKIRIS] += 1
        send_signal(child.pid, signal.SIGQUIT)
        self._events.call_later(_LAST_WORDS, partial(send_signal, child.pid, signal.SIGKILL))
        return True

    def _check_memory(self, child: Child, row: Row) -> None:
        for limit, column, name in (
            (self._settings.evil_reload_on_rss, Column.RSS, "rss"),
            (self._settings.evil_reload_on_as, Column.VSZ, "address space"),
        ):
            if limit and row[column] > limit and not child.killed:
                self._log.line(
                    f"worker {child.number} (pid: {child.pid}): {name} of {row[column] >> 20} MB "
                    f"is over the limit, killing it"
                )
                child.killed = True
                send_signal(child.pid, signal.SIGKILL)
