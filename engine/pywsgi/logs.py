"""Where the server's lines go: files, loggers, nowhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

__all__ = ["LoggingLogAdapter", "NoopLog", "log_target"]

_INFO = 20  # logging.INFO; the module is not imported for it, since loggers make locks


class NoopLog:
    """A file that keeps nothing."""

    def write(self, *args: object) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing."""

    def writelines(self, *args: object) -> None:
        """Do nothing."""


class LoggingLogAdapter:
    """A file whose lines go to a :class:`logging.Logger`.

    Attributes that files do not have are the logger's, to read, set and delete.  Handlers of
    ``logging`` may block (sockets, locks); patch early if yours do.

    :param level: of every line
    """

    __slots__ = ("_level", "_logger")

    def __init__(self, logger: Any, level: int = _INFO) -> None:
        self._logger = logger
        self._level = level

    def write(self, msg: str) -> None:
        """Log *msg* without the newline at its end."""
        self._logger.log(self._level, msg.removesuffix("\n"))

    def flush(self) -> None:
        """Do nothing."""

    def writelines(self, lines: Iterable[str]) -> None:
        """Log each line by itself."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logger, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name in LoggingLogAdapter.__slots__:
            object.__setattr__(self, name, value)
        else:
            setattr(self._logger, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._logger, name)


def log_target(given: Any, level: int = _INFO) -> Any:
    """Return what lines are written to: ``"default"`` is stderr as it is now, None is nowhere."""
    if isinstance(given, str) and given == "default":
        return sys.stderr
    if given is None:
        return NoopLog()
    if not hasattr(given, "write") and hasattr(given, "log"):
        return LoggingLogAdapter(given, level)
    return given
