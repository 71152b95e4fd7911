"""Pid files (uWSGI ``--pidfile``)."""

from __future__ import annotations

import os

from engine.errors import ConfigError

__all__ = ["remove_pidfile", "write_pidfile"]


def write_pidfile(path: str) -> None:
    """Write this process's id, with a newline.

    :raises ConfigError: if the file cannot be written
    """
    try:
        with open(path, "w") as file:
            file.write(f"{os.getpid()}\n")
    except OSError as exc:
        raise ConfigError(f"--pidfile {path}: {exc.strerror}; choose a path that can be written") from exc


def remove_pidfile(path: str) -> None:
    """Remove the file if it still names this process."""
    try:
        with open(path) as file:
            if file.read().strip() == str(os.getpid()):
                os.unlink(path)
    except OSError:
        pass
