"""Changes of a file, found by looking at it every so often."""

from __future__ import annotations

import os
from typing import Any

from bridge._watchers.base import watcher

__all__ = ["stat"]

# libev's own bounds (ev.pod, "ev_stat"): five seconds unless asked, a tenth at least.
_DEFAULT_INTERVAL = 5.0074
_MIN_INTERVAL = 0.1074891


def _look(path: str | bytes) -> os.stat_result | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found if found.st_nlink else None


class stat(watcher):
    """Watch a path for changes of what ``os.stat`` says of it.

    :param interval: seconds between looks; 0.0 means about five, at least about 0.1
    """

    __slots__ = ("_attr", "_paths", "_prev", "_timer", "interval", "path")

    def __init__(
        self,
        loop: Any,
        path: str | bytes | os.PathLike[str],
        interval: float = 0.0,
        ref: bool = True,
        priority: int | None = None,
    ) -> None:
        super().__init__(loop, ref, priority)
        self.path = path
        self._paths = os.fsencode(path)
        self.interval = float(interval)
        self._attr: os.stat_result | None = None
        self._prev: os.stat_result | None = None
        self._timer: Any = None

    @property
    def attr(self) -> os.stat_result | None:
        """What the last look saw; None when the file is missing."""
        return self._attr

    @property
    def prev(self) -> os.stat_result | None:
        """What the look before the last change saw; None when the file was missing."""
        return self._prev

    def _register(self) -> None:
        if not self.interval:
            self.interval = _DEFAULT_INTERVAL
        elif self.interval < _MIN_INTERVAL:
            self.interval = _MIN_INTERVAL
        self._attr = self._prev = _look(self._paths)
        self._timer = self.loop.timer(self.interval, self.interval, ref=False)
        self._timer.start(self._check)

    def _unregister(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.stop()

    def _check(self) -> None:
        seen = _look(self._paths)
        if seen != self._attr:
            self._prev = self._attr
            self._attr = seen
            self._fire()

    def _describe(self) -> str:
        return f" path={self.path!r} interval={self.interval}"
