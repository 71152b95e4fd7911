"""Runs the tasks of a spool, one after the other, in one greenlet."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, TypeAlias

from bridge.lowlevel import breathe
from bridge.sync import Event
from engine.errors import HarakiriError
from engine.uwsgi_api.helpers.roles import SpoolerSettings
from engine.uwsgi_api.helpers.spool import Spool, Task

__all__ = ["OK", "Limit", "Spooler", "TaskRunner"]

OK: Final = -2
Limit: TypeAlias = Callable[[str], AbstractContextManager[None]]


class TaskRunner:
    """Gives tasks to the application.

    :param where: the spool, for the log
    :param limit: surrounds the task of a name: its deadline
    """

    def __init__(
        self,
        where: str,
        quiet: bool,
        function: Callable[[], Callable[[dict[Any, bytes]], Any] | None],
        log: Callable[[str], None],
        limit: Limit,
    ) -> None:
        self._where = where
        self._limit = limit
        self._quiet = quiet
        self._function = function
        self._log = log
        self.done = 0
        self.notify: Callable[[int, bool], None] = lambda done, runs: None
        """Told how many tasks were done, and whether one runs."""

    def run(self, name: str, task: Task) -> int:
        """Run a task and return what the application says of it: ``SPOOL_OK`` and so on."""
        function = self._function()
        if not callable(function):
            return 0
        where = f"[spooler {self._where} pid: {os.getpid()}]"
        if not self._quiet:
            self._log(f"{where} managing request {name} ...")
        began = time.monotonic()
        fields: dict[Any, bytes] = {"spooler_task_name": name.encode(), **task.fields}
        if task.body:
            fields["body"] = task.body
        self.notify(self.done, True)
        try:
            with self._limit(name):
                answer = int(function(fields))
        except (Exception, HarakiriError):
            self._log("".join(traceback.format_exception(*sys.exc_info())).rstrip())
            answer = -1
        self.done += 1
        self.notify(self.done, False)
        if answer == OK and not self._quiet:
            self._log(f"{where} done with task {name} after {time.monotonic() - began:.0f} seconds")
        return answer


class Spooler:
    """One spooler.

    :param function: ``uwsgi.spooler`` of the moment, or None
    :param frequency: seconds between two looks at the directory
    """

    def __init__(
        self,
        spool: Spool,
        settings: SpoolerSettings,
        function: Callable[[], Callable[[dict[Any, bytes]], Any] | None],
        log: Callable[[str], None],
        frequency: Callable[[], float],
        limit: Limit,
    ) -> None:
        self.spool = spool
        self._frequency = frequency
        self._settings = settings
        self.runner = TaskRunner(spool.directory, settings.quiet, function, log, limit)
        self._log = log
        self._poked = Event()
        self._stopping = False

    def poke(self) -> None:
        """Look at the directory now; call in the loop's thread."""
        self._poked.set()

    def stop(self) -> None:
        """End after the task that runs."""
        self._stopping = True
        self._poked.set()

    def is_stopping(self) -> bool:
        """Whether it was told to end."""
        return self._stopping

    def run(self) -> None:
        """Run tasks until :meth:`stop`, or as many as ``--spooler-max-tasks`` allows."""
        while not self._stopping:
            self._poked.clear()
            for path in self.spool.paths():
                if self.is_stopping():
                    return
                self._manage(path)
                if self._settings.max_tasks and self.runner.done >= self._settings.max_tasks:
                    return
                breathe()
            self._poked.wait(self._frequency())

    def _manage(self, path: str) -> None:
        try:
            with self.spool.claim(path) as task:
                if task is None:
                    return
                if self.runner.run(os.path.basename(path), task) == OK:
                    self.spool.remove(path)
        except ValueError as error:
            self._log(
                f"[spooler {self.spool.directory} pid: {os.getpid()}] {path}: {error}; it is left alone"
            )
