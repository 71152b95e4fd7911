"""Lines of the server and of requests given to Python's loggers (``--log-config``)."""

from __future__ import annotations

import json
import logging
from typing import Any

from engine.logs.selection import Selection

__all__ = ["LoggerStream"]


class LoggerStream:
    """Gives lines to a logger; in the log process, so that no handler ever holds a worker up.

    :param is_whole: what comes at once is one record, of however many lines
    """

    def __init__(self, name: str, selection: Selection, *, is_whole: bool) -> None:
        self._logger = logging.getLogger(name)
        self._selection = selection
        self._is_whole = is_whole

    def feed(self, data: bytes) -> None:
        """Log what has come: lines that are complete."""
        for line in [data.rstrip(b"\n")] if self._is_whole else data.split(b"\n"):
            if line and self._selection.wants(line):
                self._log(line.decode("utf-8", "backslashreplace"))

    def _log(self, text: str) -> None:
        level = logging.ERROR if "Traceback (most recent call last)" in text else logging.INFO
        self._logger.log(level, "%s", text, extra={"request": _fields(text)})

    def finish(self) -> None:
        """Nothing is left: packets hold whole lines."""

    def open(self) -> None:
        """Have the files of handlers opened again, for logrotate."""
        for handler in _handlers(self._logger):
            if isinstance(handler, logging.FileHandler) and handler.stream is not None:
                handler.acquire()
                try:
                    handler.stream.close()
                    handler.stream = None  # the next record opens it
                finally:
                    handler.release()

    def rotate(self, *, only_big: bool) -> None:
        """Handlers rotate by themselves."""


def _fields(text: str) -> dict[str, Any]:
    """The fields of a request's line that ``--log-json`` has made; none of other lines."""
    if text.startswith("{"):
        try:
            return dict(json.loads(text))
        except ValueError:
            pass
    return {}


def _handlers(logger: logging.Logger | None) -> list[logging.Handler]:
    found: list[logging.Handler] = []
    while logger is not None:
        found += logger.handlers
        logger = logger.parent if logger.propagate else None
    return found
