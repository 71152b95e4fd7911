"""Files whose modification means a command (uWSGI ``--touch-reload`` and its relatives)."""

from __future__ import annotations

import os
from collections.abc import Callable

__all__ = ["TouchWatch"]


class TouchWatch:
    """Compares modification times, as uWSGI does each second.

    A file that is not there yet counts as touched when it appears.
    """

    def __init__(self) -> None:
        self._watched: list[tuple[str, Callable[[str], None]]] = []
        self._times: dict[str, float | None] = {}

    def add(self, path: str, call: Callable[[str], None]) -> None:
        """Call with *path* whenever the file was modified."""
        path = os.path.abspath(path)
        self._watched.append((path, call))
        self._times[path] = _modified(path)

    def __bool__(self) -> bool:
        return bool(self._watched)

    def look(self) -> None:
        """Compare now."""
        changed = set()
        for path, before in self._times.items():
            now = _modified(path)
            if now != before:
                self._times[path] = now
                if now is not None:
                    changed.add(path)
        for path, call in self._watched:
            if path in changed:
                call(path)


def _modified(path: str) -> float | None:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None
