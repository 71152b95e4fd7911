"""asyncio's record of the current task, exchanged for code that runs between a task's steps."""

from __future__ import annotations

import asyncio.tasks
from collections.abc import Callable
from typing import Any

from bridge._compat import PY312

__all__ = ["swap_current_task"]

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
