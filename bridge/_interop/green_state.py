"""What asyncio shows the worker of a green task, and takes away, as the hub wakes it and it parks.

While the hub wakes the worker, asyncio is not in a step of its task, so the running loop and the current
task are put in place for it, and taken away when it parks.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from gevent.hub import Hub
from greenlet import getcurrent, greenlet

from bridge._hub.current_task import swap_current_task
from bridge._hub.running_loop import get_running_loop, set_running_loop
from bridge._interop.deputies import find_deputy, make_deputy
from bridge._interop.place import Worker

__all__ = ["RAISED", "RETURNED", "YIELDED", "GreenState"]

RETURNED, RAISED, YIELDED = 0, 1, 2  # how a step ended


def _no_task() -> None:
    return None


class GreenState:
    """What a worker, its wrapper and the hub share; knows neither worker nor wrapper."""

    __slots__ = (
        "back",
        "deputy",
        "future",
        "hooks",
        "idle",
        "inner",
        "inside",
        "interruption",
        "kind",
        "late",
        "loop",
        "outer_hooks",
        "outer_loop",
        "outer_task",
        "parked",
        "request",
        "task",
        "throwing",
        "value",
    )

    def __init__(self, aio: Any, inner: Any) -> None:
        self.loop = aio
        self.inner = inner
        self.task: Callable[[], Any] = _no_task
        self.request: Any = None  # what the next step sends or throws
        self.throwing = False
        self.kind: int | None = None  # how the last step ended; None: not yet
        self.value: Any = None
        self.back: greenlet | None = None  # who waits in a step
        self.future: asyncio.Future[None] | None = None  # what asyncio waits for while we block
        self.parked = False  # in gevent
        self.deputy: greenlet | None = None  # who is in gevent in the worker's place
        self.idle = True  # between two steps
        self.late: BaseException | None = None  # to be thrown at the end of the step
        self.inside = False
        self.interruption: tuple[BaseException, int] | None = None
        self.outer_loop: Any = None
        self.outer_task: Any = None
        self.hooks: Any = None
        self.outer_hooks: Any = None

    def enter(self) -> None:
        """The hub is about to switch to the worker: show it its loop and task."""
        self.parked = False
        self.inside = True
        self.outer_loop = get_running_loop()
        set_running_loop(self.loop)
        self.outer_task = swap_current_task(self.loop, self.task())
        if self.hooks is not None:
            self.outer_hooks = sys.get_asyncgen_hooks()
            sys.set_asyncgen_hooks(*self.hooks)

    def leave(self) -> None:
        """The worker hands back to the hub."""
        if self.inside:
            self.inside = False
            if self.hooks is not None:
                sys.set_asyncgen_hooks(*self.outer_hooks)
            swap_current_task(self.loop, self.outer_task)
            self.outer_task = None
            set_running_loop(self.outer_loop)

    def parks(self) -> None:
        """Who runs for the task hands over to the hub.  Inside a step the host looks after everything."""
        if self.back is None:
            self.leave()

    def resume(self, run: Callable[..., Any], target: Any, *args: Any) -> Any:
        """Wake *target*, the worker or its deputy, with *run*; from the hub, and back in it afterwards."""
        self.enter()
        try:
            return run(target, *args)
        finally:
            if self.inside and isinstance(getcurrent(), Hub):
                # What parked is a greenlet that the coroutine's code has made meanwhile.
                self.deputize(target)
                self.leave()

    def deputize(self, g: greenlet) -> None:
        """Find out which greenlet is parked in the place of the worker, which is *g* or above it."""
        worker: greenlet | None = g
        while worker is not None and not isinstance(worker, Worker):
            worker = worker.parent
        self.deputy = find_deputy(worker) if worker is not None else None
        if self.deputy is not None:
            make_deputy(self.deputy, self)
