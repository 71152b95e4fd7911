"""What a start does about logs: the background, files, the log process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.apps.python_path import import_directories
from engine.errors import ConfigError
from engine.logs.log_file import LogFile
from engine.logs.server_log import ServerLog
from engine.process.daemon import daemonize
from engine.process.log_process import LogProcess
from engine.process.logs import Logs
from engine.process.privileges import identity

if TYPE_CHECKING:
    from engine.config.settings import Settings

__all__ = ["LogSetup"]


class LogSetup:
    """The steps of one start; afterwards :attr:`logs` is what all processes share.

    :param again: this is an image after a reload: it may be another user than the first one was, so that
        a log which cannot be opened any more must not end a server that serves
    """

    def __init__(self, settings: Settings, log: ServerLog, again: bool) -> None:
        self._settings = settings
        self._log = log
        self._again = again
        self._owner = identity(settings.uid, settings.gid) if settings.logfile_chown else None
        self.logs = Logs(log.line)

    def go_to_background(self) -> Callable[[], None]:
        """Daemonize if that is asked for; call what is returned once the server is up."""
        settings = self._settings
        up: Callable[[], None] = lambda: None  # noqa: E731
        if settings.daemonize is not None and not self._again:
            up = daemonize(self._file("daemonize", settings.daemonize))
        path = settings.logto or settings.daemonize
        if path is not None:
            self.log_to("logto" if settings.logto else "daemonize", path)
        return up

    def log_to(self, option: str, path: str) -> None:
        """Lead standard output and standard error to a file.

        :raises ConfigError: if it cannot be written, at a first start
        """
        file = self._file(option, path)
        try:
            file.open()
        except ConfigError:
            if not self._again:
                raise  # else opened as root at first; the descriptors are still there
        self.logs.files = [file]

    def open_loggers(self, *, supervised: bool) -> None:
        """Do what ``--logger`` and its relatives ask for.

        :param supervised: there will be a master, which starts the log process again if it dies
        :raises ConfigError: if something cannot be opened, at a first start
        """
        try:
            if self._settings.log_targets.needs_process():
                self._start_process(supervised)
            else:
                self._open_files()
        except ConfigError as error:
            if not self._again:
                raise
            self._log.line(f"{error}; lines go to standard error instead")

    def _start_process(self, supervised: bool) -> None:
        settings = self._settings
        process = LogProcess(
            *(settings.log_targets, settings.uid, settings.gid, self._owner),
            directory=settings.chdir,
            path=import_directories(settings) if settings.log_targets.python is not None else (),
        )
        process.start()
        self.logs.process = process
        if process.server_fd is not None:
            self._log.use_server_fd(process.server_fd)
        if process.request_fd is not None:
            self._log.use_request_fd(process.request_fd)
        if not supervised:
            process.close_reading_ends()

    def _open_files(self) -> None:
        targets = self._settings.log_targets
        path = targets.server.only_file()
        if path is not None:
            self.log_to("logger", path)
        path = targets.requests.only_file()
        if path is not None:
            file = self._file("req-logger", path, ())
            file.open()
            self.logs.files.append(file)
            self._log.use_request_fd(file.fd)

    def _file(self, option: str, path: str, descriptors: tuple[int, ...] = (1, 2)) -> LogFile:
        file = LogFile(option, path, descriptors, self._settings.log_targets.files, self._owner)
        if not self._again:
            file.truncate()
        return file
