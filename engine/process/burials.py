"""The end of a worker: why it came, and whether and when another takes its place."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from engine.logs.server_log import ServerLog
from engine.pids import exit_code
from engine.process.child import Child
from engine.process.children import Children
from engine.process.intent import Intent
from engine.process.plan import Phase, respawn_delay

__all__ = ["Burials"]

_YOUNG: Final = 1.0  # seconds; whoever dies before that counts as a bad start
_APP_FAILED: Final = 22  # exit status of a worker that could not load the application, as in uWSGI


class Burials:
    """Reaps workers.

    :param first_delay: seconds until a worker that did not even start is started again
    :param give_up: called with a reason when no worker could ever load the application

    ``not_before``: by worker number, the earliest moment of its next start.
    """

    def __init__(
        self,
        first_delay: float,
        intent: Intent,
        children: Children,
        log: ServerLog,
        give_up: Callable[[str], None],
    ) -> None:
        self._first_delay = first_delay
        self._intent = intent
        self._children = children
        self._log = log
        self._give_up = give_up
        self._failures: dict[int, int] = {}
        self.not_before: dict[int, float] = {}
        self.ever_ready = False
        """Whether any worker has served, one of the image before included."""

    def reap(self) -> None:
        """Bury every worker that has ended."""
        for child in self._children:
            code = exit_code(child.pid)
            if code is not None:
                self._buried(self._children.remove(child.pid), code)

    def _buried(self, child: Child, code: int) -> None:
        who = f"worker {child.number} (pid: {child.pid})"
        if self._intent.stopping:
            self._log.line(f"worker {child.number} buried (pid: {child.pid})")
        elif child.phase is Phase.LEAVING and not child.killed:
            self._log.line(f"worker {child.number} killed successfully (pid: {child.pid})")
        elif child.phase is Phase.READY and code == 0:
            self._log.line(f"{who} has ended; starting another")
        else:
            self._died(child, who, code)

    def _died(self, child: Child, who: str, code: int) -> None:
        how = f"killed by signal {-code}" if code < 0 else f"exited with status {code}"
        delay = self._delay(child)
        if child.phase is Phase.STARTING and self._keep_old_ones():
            self._log.line(f"{who} {how} before it was ready; the workers that run now go on serving")
            return
        soon = f" in {delay:g} seconds" if delay else ""
        self._log.line(f"DAMN ! {who} died, {how} :( trying respawn{soon} ...")
        if code == _APP_FAILED and not self.ever_ready:
            self._intent.exit_status = _APP_FAILED
            self._give_up("no worker could load the application")

    def _delay(self, child: Child) -> float:
        """Return how long its number has to wait, in seconds."""
        young = child.phase is Phase.STARTING or time.monotonic() - child.started < _YOUNG
        self._failures[child.number] = failures = self._failures.get(child.number, 0) + 1 if young else 0
        delay = respawn_delay(failures, self._first_delay)
        self.not_before[child.number] = time.monotonic() + delay
        return delay

    def _keep_old_ones(self) -> bool:
        """Give up a replacement that does not start; False if there is nobody to keep."""
        kept = [child for child in self._children if child.stale and child.phase is Phase.READY]
        for child in kept:
            child.stale = False
        return bool(kept)
