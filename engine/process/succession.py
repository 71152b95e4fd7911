"""The phases of a worker as its master moves it through them: ready, to be replaced, told to end, killed."""

from __future__ import annotations

import signal
import time

from engine.logs.server_log import ServerLog
from engine.pids import send_signal
from engine.process.burials import Burials
from engine.process.child import Child
from engine.process.children import Children
from engine.process.intent import Intent
from engine.process.plan import Phase

__all__ = ["Succession"]


class Succession:
    """Hears what workers say of themselves, and ends those whose time has come."""

    def __init__(self, intent: Intent, children: Children, burials: Burials, log: ServerLog) -> None:
        self._intent = intent
        self._children = children
        self._burials = burials
        self._log = log
        children.on_control(b"ready", lambda child, rest: self._is_ready(child))
        children.on_control(b"leave", self._wants_to_leave)

    def _is_ready(self, child: Child) -> None:
        if child.phase is not Phase.STARTING:
            return
        child.move(Phase.READY)
        self._burials.ever_ready = True
        if child.stale:
            return  # of the image before; its successor is on the way
        for other in self._children:
            if other.number == child.number and other is not child and other.phase is not Phase.LEAVING:
                other.stale = True

    def _wants_to_leave(self, child: Child, reason: bytes) -> None:
        if not child.stale:
            self._log.line(f"worker {child.number} (pid: {child.pid}) is to be replaced: {reason.decode()}")
            child.stale = True

    def retire(self, child: Child) -> None:
        """Tell a worker to finish what runs and end."""
        child.told_at = time.monotonic()
        child.move(Phase.LEAVING)
        send_signal(child.pid, signal.SIGTERM if self._intent.stopping else signal.SIGHUP)

    def kill(self, child: Child) -> None:
        """End a worker that did not end by itself."""
        if not self._intent.hurry and not child.brutal:
            self._log.line(
                f"worker {child.number} (pid: {child.pid}) is taking too much time to die...NO MERCY !!!"
            )
        child.killed = True
        child.move(Phase.LEAVING)
        send_signal(child.pid, signal.SIGKILL)
