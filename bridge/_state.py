"""The part of a loop that its watchers use, so that they need not know the loop.

A base class and not a Protocol: compiled watchers then reach these fields
without a look-up.
"""

from __future__ import annotations

from typing import Any

from bridge._types import HostLoop

__all__ = ["LoopState"]


class LoopState:
    """Whether the loop lives, what keeps it alive, and where watchers register."""

    def __init__(self) -> None:
        self._closed = False
        self._refs = 0
        self._scheduled = False  # the hub will look at the queues without being told
        self._aio: HostLoop | None = None  # the asyncio loop that polls for us

    def _check_alive(self) -> None:
        if self._closed:
            raise ValueError("operation on destroyed loop")

    def _add_ref(self) -> None:
        self._refs += 1

    def _drop_ref(self) -> None:
        self._refs -= 1
        if self._refs == 0 and not self._scheduled and self._aio is not None:
            self._schedule()  # a blocked run() must notice that nothing is left

    # -- supplied by the scheduler and the trampoline ---------------------------

    def _schedule(self) -> None:
        """Have the hub look at the queues; it would not by itself."""
        raise NotImplementedError

    def _add_timer(self, t: Any, due: float) -> None:
        """Have *t* expire at *due*."""
        raise NotImplementedError

    def _cancel_timer(self, t: Any) -> None:
        """Have *t* not expire; harmless if it would not."""
        raise NotImplementedError

    def _fd_entry(self, fd: int) -> Any:
        """Return the entry that all watchers of *fd* share."""
        raise NotImplementedError

    def _mark_dirty(self, entry: Any) -> None:
        """Pass a changed entry on to the kernel before the next poll."""
        raise NotImplementedError

    def _hold(self, w: object) -> None:
        """Keep a started watcher alive that no other table holds."""
        raise NotImplementedError

    def _release(self, w: object) -> None:
        raise NotImplementedError

    def _fire_threadsafe(self, w: Any) -> None:
        """Queue a detected event from any thread or signal handler, and wake the loop."""
        raise NotImplementedError

    def _report(self, context: object) -> None:
        """Report the exception being handled."""
        raise NotImplementedError
