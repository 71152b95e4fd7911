"""What ``asyncio.run`` leaves behind, found for many loops at once.

When ``asyncio.run`` ends it cancels the tasks its loop still has, and to find
them it looks through every task of the process.  A thousand loops that end
together would look a thousand times through a thousand tasks, which takes
longer than all the rest.  So nested loops that end in the same turn share one
look.
"""

from __future__ import annotations

import asyncio
import asyncio.runners
import asyncio.tasks
from collections.abc import Callable, Iterable
from typing import Any

from gevent import sleep

__all__ = ["install_shared_look"]

# Fewer tasks than this are looked through faster than a turn of the hub takes.
_FEW_TASKS = 64
_UNKNOWN = None

_ending: dict[Any, bool | None] = {}


def _registered_tasks() -> Any:
    """Return asyncio's set of all tasks, whose name depends on the version; None if it has gone."""
    module: Any = asyncio.tasks
    return getattr(module, "_scheduled_tasks", None) or getattr(module, "_all_tasks", None)


def _look(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Find out which of the ending loops have a task left; like asyncio's all_tasks()."""
    for aio, known in list(_ending.items()):
        if known is _UNKNOWN:
            _ending[aio] = False
    for task in tasks:
        aio = task.get_loop()
        if _ending.get(aio) is False and not task.done():
            _ending[aio] = True


def _has_tasks(aio: Any) -> bool:
    """Tell whether *aio*, stopped now, has tasks that are not done; lets other greenlets run first."""
    registered = _registered_tasks()
    if registered is None or len(registered) < _FEW_TASKS:
        return True  # let asyncio see for itself
    _ending[aio] = _UNKNOWN
    try:
        sleep(0)  # all others that end in this turn come here
        if _ending[aio] is _UNKNOWN:
            try:
                _look(list(registered))
            except RuntimeError:  # another thread has changed the set meanwhile
                return True
        return _ending[aio] is not False
    finally:
        del _ending[aio]


def install_shared_look(applies: Callable[[Any], bool]) -> None:
    """Let ``asyncio.Runner.close`` share its look through all tasks, for loops to which this *applies*."""
    runners: Any = asyncio.runners
    original = getattr(runners, "_cancel_all_tasks", None)
    if original is None or hasattr(original, "_bridge_original"):
        return

    def _cancel_all_tasks(aio: Any) -> None:
        left = True
        try:
            if applies(aio):
                left = _has_tasks(aio)
        finally:
            if left:
                original(aio)

    _cancel_all_tasks._bridge_original = original  # type: ignore[attr-defined]
    runners._cancel_all_tasks = _cancel_all_tasks
