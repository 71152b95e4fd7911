"""What asyncio keeps per native thread, while several loops take turns on it.

That is the running loop and the hooks for asynchronous generators.  They belong to a nested loop only while
its greenlet runs, so they are taken out whenever it parks and sibling greenlets never see them.  The current
task needs no such care up to Python 3.13: asyncio files it under its loop.
"""

from __future__ import annotations

import sys
from typing import Any

from bridge._hub.current_task import hide_loop, show_loop
from bridge._hub.running_loop import get_running_loop

__all__ = ["NestedSlots"]


class NestedSlots:
    """What asyncio keeps per native thread, swapped as one greenlet parks and goes on.

    ``leave`` and ``enter`` run in the greenlet itself or just before it is
    switched to; each does nothing when it has been done already.
    """

    __slots__ = ("_hooks", "_inside", "_loop", "_outer", "_outer_hooks", "_outer_task", "_task")

    def __init__(self, aio: Any) -> None:
        self._loop = aio
        self._outer: Any = None
        self._outer_hooks: Any = sys.get_asyncgen_hooks()
        self._hooks: Any = self._outer_hooks
        self._inside = True
        self._task: Any = None
        self._outer_task: Any = None

    def leave(self) -> None:
        if self._inside:
            self._inside = False
            self._hooks = sys.get_asyncgen_hooks()
            sys.set_asyncgen_hooks(*self._outer_hooks)
            running = get_running_loop()
            self._task = hide_loop(running if running is self._loop else None)
            show_loop(self._outer, self._outer_task)

    def enter(self) -> None:
        if not self._inside:
            self._inside = True
            self._outer = get_running_loop()
            self._outer_hooks = sys.get_asyncgen_hooks()
            sys.set_asyncgen_hooks(*self._hooks)
            self._outer_task = hide_loop(self._outer)
            show_loop(self._loop, self._task)

    def end(self) -> None:
        """The loop has stopped: leave the thread as it was when the greenlet was last switched to."""
        self._inside = False
        sys.set_asyncgen_hooks(*self._outer_hooks)
        show_loop(self._outer, self._outer_task)
