"""The logs of one server: its files, and the log process if there has to be one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from engine.errors import ConfigError
from engine.logs.log_file import LogFile
from engine.process.log_process import LogProcess

__all__ = ["Logs"]


class Logs:
    """Inherited by all processes of the server.

    :param say: takes a line for the log
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.files: list[LogFile] = []
        self.process: LogProcess | None = None

    def open(self) -> None:
        """Open the files again, in this process."""
        for file in self.files:
            try:
                file.open()
            except ConfigError as error:
                self._say(f"{error}; the old file is written on")

    def open_everywhere(self, tell_workers: Callable[[], None]) -> None:
        """Open the files again in all processes; for the master."""
        self.open()
        tell_workers()
        if self.process is not None:
            self.process.tell(signal.SIGHUP)

    def rotate_everywhere(self, tell_workers: Callable[[], None], *, only_big: bool = False) -> None:
        """Move the files away and begin new ones, in all processes; for the master.

        :param only_big: only files that have reached ``--log-maxsize``
        """
        moved = False
        for file in self.files:
            if only_big and not file.is_too_big():
                continue
            try:
                self._say(f"*** rotating log file {file.path} to {file.rotate()} ***")
                moved = True
            except OSError as exc:
                self._say(f"the log file {file.path} cannot be rotated: {exc.strerror}")
        if moved:
            self.open()
            tell_workers()
        if self.process is not None and not only_big:
            self.process.tell(signal.SIGUSR1)

    def size(self) -> int:
        """Bytes in the first file; 0 if there is none."""
        try:
            return os.stat(self.files[0].path).st_size if self.files else 0
        except OSError:
            return 0
