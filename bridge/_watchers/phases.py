"""Watchers of the loop's own phases: prepare, check, idle; and of fork."""

from __future__ import annotations

from bridge._watchers.base import watcher

__all__ = ["check", "fork", "idle", "prepare"]


class _phase(watcher):
    __slots__ = ("_since",)

    _since: int

    def _register(self) -> None:
        self._since = self.loop._enter_phase(type(self).__name__, self)

    def _unregister(self) -> None:
        self.loop._leave_phase(type(self).__name__, self)


class prepare(_phase):
    """Called at the beginning of every pass through the queues."""

    __slots__ = ()


class check(_phase):
    """Called once per pass after the events; first in the pass *after* the one that started it."""

    __slots__ = ()


class idle(_phase):
    """Called when a pass found nothing else to do; an active one keeps the loop turning."""

    __slots__ = ()


class fork(watcher):
    """Called in the child after the process forked."""

    __slots__ = ()

    def _register(self) -> None:
        self.loop._hold(self)

    def _unregister(self) -> None:
        self.loop._release(self)
