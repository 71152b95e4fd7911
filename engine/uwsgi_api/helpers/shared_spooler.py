"""Runs the tasks of a spool that several servers share."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from bridge.lowlevel import breathe
from bridge.sync import Event
from engine.uwsgi_api.cluster.tasks import Claim, SharedSpool
from engine.uwsgi_api.helpers.roles import SpoolerSettings
from engine.uwsgi_api.helpers.spooler import OK, Limit, TaskRunner

__all__ = ["SharedSpooler"]

_WAIT: Final = 1.0  # seconds; also how late a task for later may be
_PAUSE: Final = 0.5  # seconds until Redis is tried again


class SharedSpooler:
    """One spooler; the face of :class:`engine.uwsgi_api.helpers.spooler.Spooler`.

    A task that is to be tried again waits for :func:`frequency` seconds, and may then run on any server.

    :param consumer: identifies this process among all spoolers
    """

    def __init__(
        self,
        spool: SharedSpool,
        consumer: str,
        settings: SpoolerSettings,
        function: Callable[[], Callable[[dict[Any, bytes]], Any] | None],
        log: Callable[[str], None],
        frequency: Callable[[], float],
        limit: Limit,
    ) -> None:
        self._spool = spool
        self._consumer = consumer
        self._settings = settings
        self._log = log
        self._frequency = frequency
        self.runner = TaskRunner(spool.directory, settings.quiet, function, log, limit)
        self._stopping = False

    def poke(self) -> None:
        """Nothing: spoolers hear of new tasks from Redis."""

    def stop(self) -> None:
        """End after the task that runs."""
        self._stopping = True

    def is_stopping(self) -> bool:
        """Whether it was told to end."""
        return self._stopping

    def run(self) -> None:
        """Run tasks until :meth:`stop`, or as many as ``--spooler-max-tasks`` allows."""
        while not self._stopping:
            try:
                claim = self._spool.take(self._consumer)
                if claim is None:
                    self._spool.wait(_WAIT)
                else:
                    self._manage(claim)
            except Exception as error:
                self._log(f"[spooler {self._spool.directory} pid: {os.getpid()}] {error}; trying again")
                self._spool.forget()
                Event().wait(_PAUSE)
            if self._settings.max_tasks and self.runner.done >= self._settings.max_tasks:
                return
            breathe()

    def _manage(self, claim: Claim) -> None:
        if self.runner.run(claim.name, claim.task) == OK:
            self._spool.done(claim)
        else:
            self._spool.retry(claim, self._frequency())
