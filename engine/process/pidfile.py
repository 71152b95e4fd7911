"""Pid files (uWSGI ``--pidfile``, ``--safe-pidfile``) and what ``--stop`` and ``--reload`` do with them."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from engine.config.settings import Pidfile
from engine.errors import ConfigError

__all__ = ["Pidfiles", "signal_from_pidfile"]


class Pidfiles:
    """All files of one server; make it before the directory changes."""

    def __init__(self, wanted: Sequence[Pidfile]) -> None:
        self._files = [Pidfile(os.path.abspath(each.path), each.safe) for each in wanted]

    def write(self) -> None:
        """Write those that are written at start-up.

        :raises ConfigError: if a file cannot be written
        """
        for file in self._files:
            if not file.safe:
                _write(file.path)

    def write_safe(self) -> None:
        """Write those that wait for the application."""
        for file in self._files:
            if file.safe:
                _write(file.path)

    def write_all(self) -> None:
        """Write every file anew (master fifo ``P``).

        :raises ConfigError: if one cannot be written
        """
        self.write()
        self.write_safe()

    def remove(self) -> None:
        """Remove every file that still names this process."""
        for file in self._files:
            if _read(file.path) == os.getpid():
                try:
                    os.unlink(file.path)
                except OSError:
                    pass


def signal_from_pidfile(option: str, path: str, number: signal.Signals) -> None:
    """Send a signal to the process that a pid file names.

    :raises ConfigError: if there is no such file or process
    """
    pid = _read(path)
    if pid is None:
        watch = "; to reload when files change, write --py-autoreload=SECONDS" if option == "reload" else ""
        raise ConfigError(
            f"--{option} {path}: that is no pid file; it must hold the number of a process{watch}"
        )
    try:
        os.kill(pid, number)
    except ProcessLookupError as exc:
        raise ConfigError(f"--{option} {path}: process {pid} does not run any more") from exc
    except PermissionError as exc:
        raise ConfigError(f"--{option} {path}: process {pid} belongs to another user") from exc


def _write(path: str) -> None:
    # Beside it and then renamed: a reader never sees half a number, and --stop never kills process 1.
    beside = f"{path}.{os.getpid()}"
    try:
        with open(beside, "w") as file:
            file.write(f"{os.getpid()}\n")
        os.replace(beside, path)
    except OSError:
        try:  # a file we may write in a directory we may not
            with open(path, "w") as file:
                file.write(f"{os.getpid()}\n")
        except OSError as exc:
            raise ConfigError(f"--pidfile {path}: {exc.strerror}; choose a path that can be written") from exc


def _read(path: str) -> int | None:
    try:
        with open(path) as file:
            text = file.read(32).strip()
    except OSError:
        return None
    return int(text) if text.isascii() and text.isdecimal() and int(text) > 1 else None
