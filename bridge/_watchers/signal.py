"""Unix signals, delivered in the hub.

The interpreter's own ``signal.signal`` stores the handler, not asyncio's
``add_signal_handler``: closing an asyncio loop resets the latter to SIG_DFL,
and between two loops a SIGUSR1 would then end the process.
"""

from __future__ import annotations

import signal as _signal
from typing import Any

from bridge._compat import native_signal
from bridge._watchers.base import watcher

__all__ = ["signal"]

# signum -> watchers, and what was installed before the first of them.
_watched: dict[int, list[signal]] = {}
_previous: dict[int, Any] = {}


def _on_signal(signum: int, frame: object) -> None:
    for w in tuple(_watched.get(signum, ())):
        if not w._caught:
            w._caught = True
            w.loop._fire_threadsafe(w)


class signal(watcher):
    """Watch for a signal; several watchers per signal are served in the order they started.

    Starting the first watcher of a signal must happen in the main thread
    (``signal.signal``); the previous handler returns with the last stop.

    :raises ValueError: if *signum* is not a signal number of this platform
    """

    __slots__ = ("_caught", "signum")

    def __init__(self, loop: Any, signum: int, ref: bool = True, priority: int | None = None) -> None:
        if signum < 1 or signum >= _signal.NSIG:
            raise ValueError(f"illegal signal number: {signum!r}")
        super().__init__(loop, ref, priority)
        self.signum = signum
        self._caught = False

    def _register(self) -> None:
        self._caught = False
        watchers = _watched.setdefault(self.signum, [])
        if not watchers:
            try:
                _previous[self.signum] = native_signal(self.signum, _on_signal)
            except BaseException:
                del _watched[self.signum]
                raise
        watchers.append(self)

    def _unregister(self) -> None:
        self._caught = False
        watchers = _watched.get(self.signum, [])
        watchers.remove(self)
        if not watchers:
            del _watched[self.signum]
            previous = _previous.pop(self.signum)
            if _signal.getsignal(self.signum) is _on_signal:
                # None: the handler before ours was not installed from Python.
                native_signal(self.signum, _signal.SIG_DFL if previous is None else previous)

    def _fire(self) -> None:
        if self._caught:
            self._caught = False
            super()._fire()

    @property
    def pending(self) -> bool:
        """True from the signal until the callback is entered."""
        return self._caught

    def _describe(self) -> str:
        return f" signum={self.signum}"
