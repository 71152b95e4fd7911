"""Runs the tasks of a spool, one after the other, in one greenlet."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, Final

from bridge.lowlevel import breathe
from bridge.sync import Event
from engine.uwsgi_api.helpers.roles import SpoolerSettings
from engine.uwsgi_api.helpers.spool import Spool, Task

__all__ = ["Spooler"]

_OK: Final = -2


class Spooler:
    """One spooler.

    :param function: ``uwsgi.spooler`` of the moment, or None
    :param frequency: seconds between two looks at the directory
    """

    def __init__(
        self,
        directory: str,
        settings: SpoolerSettings,
        function: Callable[[], Callable[[dict[Any, bytes]], Any] | None],
        log: Callable[[str], None],
        frequency: Callable[[], float],
    ) -> None:
        self.spool = Spool(directory)
        self._frequency = frequency
        self._settings = settings
        self._function = function
        self._log = log
        self._poked = Event()
        self._stopping = False
        self.done = 0

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
                if self._settings.max_tasks and self.done >= self._settings.max_tasks:
                    return
                breathe()
            self._poked.wait(self._frequency())

    def _manage(self, path: str) -> None:
        try:
            with self.spool.claim(path) as task:
                if task is None:
                    return
                if self._run(path, task) == _OK:
                    self.spool.remove(path)
        except ValueError as error:
            self._log(
                f"[spooler {self.spool.directory} pid: {os.getpid()}] {path}: {error}; it is left alone"
            )

    def _run(self, path: str, task: Task) -> int:
        function = self._function()
        if not callable(function):
            return 0
        name = os.path.basename(path)
        where = f"[spooler {self.spool.directory} pid: {os.getpid()}]"
        if not self._settings.quiet:
            self._log(f"{where} managing request {name} ...")
        began = time.monotonic()
        fields: dict[Any, bytes] = {"spooler_task_name": name.encode(), **task.fields}
        if task.body:
            fields["body"] = task.body
        try:
            answer = int(function(fields))
        except Exception:
            self._log("".join(traceback.format_exception(*sys.exc_info())).rstrip())
            answer = -1
        self.done += 1
        if answer == _OK and not self._settings.quiet:
            self._log(f"{where} done with task {name} after {time.monotonic() - began:.0f} seconds")
        return answer
