"""Files whose modification means a command (uWSGI ``--touch-reload`` and its relatives)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

__all__ = ["TouchWatch", "modified"]


class TouchWatch:
    """Compares modification times, as uWSGI does each second.

    A file that is not there yet counts as touched when it appears.

    :param before: how files were at an earlier moment (:func:`modified`), to notice what has changed since
    """

    def __init__(self, before: Mapping[str, float | None] | None = None) -> None:
        self._before = before or {}
        self._watched: list[tuple[str, Callable[[str], None]]] = []
        self._times: dict[str, float | None] = {}

    def add(self, path: str, call: Callable[[str], None]) -> None:
        """Call with *path* whenever the file was modified."""
        path = os.path.abspath(path)
        self._watched.append((path, call))
        self._times[path] = self._before[path] if path in self._before else modified(path)

    def __bool__(self) -> bool:
        return bool(self._watched)

    def look(self) -> None:
        """Compare now."""
        changed = set()
        for path, before in self._times.items():
            now = modified(path)
            if now != before:
                self._times[path] = now
                if now is not None:
                    changed.add(path)
        for path, call in self._watched:
            if path in changed:
                call(path)


def modified(path: str) -> float | None:
    """Return when a file was modified, None if it is not there."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None
