"""asyncio's record of the current task, exchanged for code that runs between a task's steps.

Up to Python 3.13 asyncio remembers a current task for each loop, so whoever
hides the running loop hides its task with it.  Python 3.14 remembers one task
for each native thread, and lets it be exchanged only while its loop is the
running one: there the two are hidden and shown together.
"""

from __future__ import annotations

import asyncio.tasks
from collections.abc import Callable
from typing import Any

from bridge._compat import PY312, PY314
from bridge._hub.running_loop import set_running_loop

__all__ = ["hide_loop", "show_loop", "swap_current_task"]

_tasks: Any = asyncio.tasks


def _swap_in_table(aio: Any, task: Any) -> Any:
    """For Python 3.11: there is only entering and leaving, which insist on an order."""
    table: dict[Any, Any] = _tasks._current_tasks
    before = table.pop(aio, None)
    if task is not None:
        table[aio] = task
    return before


# Takes the loop and the task that becomes its current one, or None; returns what was.
swap_current_task: Callable[[Any, Any], Any] = _tasks._swap_current_task if PY312 else _swap_in_table


def hide_loop(running: Any) -> Any:
    """Make no loop the running one of this native thread; return its task, for :func:`show_loop`.

    :param running: the running loop, or None
    """
    task = swap_current_task(running, None) if PY314 and running is not None else None
    set_running_loop(None)
    return task


def show_loop(running: Any, task: Any) -> None:
    """Make *running* the running loop again, with the task that :func:`hide_loop` returned."""
    set_running_loop(running)
    if task is not None:
        swap_current_task(running, task)
