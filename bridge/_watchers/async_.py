"""The one watcher that other threads may touch."""

from __future__ import annotations

from typing import Any

from bridge._watchers.base import watcher

__all__ = ["async_"]


class async_(watcher):
    """Run the callback once in the hub soon after :meth:`send`, from whichever thread that came.

    Create, start, stop and close it in the loop's own thread only.
    """

    __slots__ = ("_sent",)

    def __init__(self, loop: Any, ref: bool = True, priority: int | None = None) -> None:
        self._setup(loop, ref, priority)
        self._sent = False

    def send(self) -> None:
        """Ask for one call.  Safe from any thread and from signal handlers; sends coalesce."""
        if self._active and not self._sent:
            self._sent = True
            self.loop._fire_threadsafe(self)

    def send_ignoring_arg(self, _ignored: object) -> None:
        """Same as :meth:`send`, in the shape of a link callback."""
        self.send()

    def _register(self) -> None:
        self._sent = False
        self.loop._hold(self)

    def _unregister(self) -> None:
        self._sent = False
        self.loop._release(self)

    def _fire(self) -> None:
        if self._sent:
            self._sent = False
            watcher._fire(self)

    @property
    def pending(self) -> bool:
        """True from :meth:`send` until the callback is entered."""
        return self._sent
