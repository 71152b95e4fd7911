"""A file for each metric, which holds its value (uWSGI ``--metrics-dir``)."""

from __future__ import annotations

import os
from collections.abc import Iterable

from engine.errors import ConfigError

__all__ = ["MetricFiles"]


class MetricFiles:
    """The directory; files are written when values change.

    :raises ConfigError: if nothing can be written there
    """

    def __init__(self, directory: str) -> None:
        if not os.access(directory, os.W_OK | os.X_OK) or not os.path.isdir(directory):
            raise ConfigError(
                f"--metrics-dir {directory}: no directory that this user can write to; make it first"
            )
        self._directory = directory
        self._written: dict[str, int] = {}

    def read(self, name: str) -> int:
        """Return the value of a metric as it was last written; 0 if there is none."""
        try:
            with open(os.path.join(self._directory, name), "rb") as file:
                return int(file.readline(32).strip(b"\0\r\n\t "))
        except (OSError, ValueError):
            return 0

    def write(self, values: Iterable[tuple[str, int]]) -> str:
        """Write those that have changed; return what went wrong, if something did."""
        for name, value in values:
            if self._written.get(name) == value or "/" in name or name.startswith("."):
                continue
            try:
                self._put(name, f"{value}\n".encode())
            except OSError as exc:
                return f"--metrics-dir {self._directory}: {name}: {exc.strerror}"
            self._written[name] = value
        return ""

    def _put(self, name: str, data: bytes) -> None:
        path = os.path.join(self._directory, name)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            # Shortened after, not before: whoever reads in between finds a whole first line.
            os.pwrite(fd, data, 0)
            os.ftruncate(fd, len(data))
        finally:
            os.close(fd)
