"""One look over everything the garbage collector knows, for what can run or wake others."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterable
from typing import Any, Final

from gevent.hub import Hub
from greenlet import getcurrent, greenlet

from bridge._compat import PY314
from bridge._hub.running_loop import get_running_loop
from bridge._tree.references import module_of
from bridge.loop import live_loops, loop

__all__ = ["Heap", "look", "registered_tasks"]

# What greenlets can park on besides watchers, futures and other greenlets.  Looked up when needed:
# what was never imported has no instances.
_LINKABLE: Final = {
    "gevent.event": ("Event", "AsyncResult"),
    "gevent.lock": ("Semaphore", "BoundedSemaphore"),
    "gevent.queue": ("Queue", "SimpleQueue", "JoinableQueue", "Channel"),
}
# What ``asyncio.tasks`` keeps its tasks in, in one version or another.
_REGISTRIES = ("_all_tasks", "_scheduled_tasks", "_eager_tasks")


class Heap:
    """What was found; strong references, so let go of it soon."""

    __slots__ = ("futures", "greenlets", "hubs", "linkables", "loops", "shared", "tasks", "timeouts")

    def __init__(self) -> None:
        self.greenlets: dict[int, greenlet] = {}
        self.hubs: dict[int, Any] = {}
        self.tasks: dict[int, asyncio.Task[Any]] = {}
        self.futures: dict[int, asyncio.Future[Any]] = {}
        self.linkables: list[Any] = []
        self.shared: list[Any] = []
        self.timeouts: list[Any] = []
        self.loops: list[loop] = []

    def add_greenlet(self, g: greenlet) -> None:
        """Note a greenlet, and its parents, unless they have ended."""
        found: greenlet | None = g
        while found is not None and id(found) not in self.greenlets:
            if not found.dead:
                self.greenlets[id(found)] = found
                if isinstance(found, Hub):
                    self.hubs[id(found)] = found
            found = found.parent


def registered_tasks(loops: Iterable[Any] = ()) -> list[asyncio.Task[Any]]:
    """Return the tasks that asyncio itself lists: ``gc.freeze()`` hides old ones from the collector.

    :param loops: Python 3.14 tells the tasks of one loop only.  There, those of these loops
        are found and of the loops that hosted greenlets last; before, those of all loops.
    """
    found: list[asyncio.Task[Any]] = []
    if PY314:
        asked = {id(aio): aio for aio in (*loops, *_hosts())}
        for aio in asked.values():
            found += asyncio.all_tasks(aio)
        return found
    for name in _REGISTRIES:
        registry = getattr(asyncio.tasks, name, None)
        for _ in range(10):  # another thread may add one meanwhile
            try:
                found += list(registry or ())
                break
            except RuntimeError:
                continue
    return found


def _hosts() -> list[Any]:
    own = [aio for each in live_loops() for aio in (each._aio, each._ext_aio, each._private)]
    return [aio for aio in (*own, get_running_loop()) if aio is not None]


def _linkable_types() -> list[type]:
    found = [
        getattr(module, name, None)
        for where, names in _LINKABLE.items()
        if (module := sys.modules.get(where)) is not None
        for name in names
    ]
    return [each for each in found if isinstance(each, type)]


def look() -> Heap:
    """Find greenlets, tasks, futures and what greenlets park on; about 0.1 us an object of the process."""
    heap = Heap()
    add_greenlet = heap.add_greenlet
    add_greenlet(getcurrent())
    loops: list[Any] = []
    kinds: dict[type, str] = dict.fromkeys(_linkable_types(), "linkable")
    linkable = tuple(kinds)
    for obj in gc.get_objects():
        # type(), never isinstance(): proxies answer __class__ with code of their own.
        cls = type(obj)
        kind = kinds.get(cls)
        if kind is None:
            kind = kinds[cls] = _kind(cls, linkable)
        if not kind:
            continue
        if kind == "greenlet":
            add_greenlet(obj)
        elif kind == "task":
            heap.tasks[id(obj)] = obj
        elif kind == "future":
            heap.futures[id(obj)] = obj
        elif kind == "loop":
            loops.append(obj)
        elif kind == "shared":
            heap.shared.append(obj)
        elif kind == "timeout":
            heap.timeouts.append(obj)
        else:
            heap.linkables.append(obj)
    for task in registered_tasks(loops):
        heap.tasks[id(task)] = task
    heap.loops = live_loops()
    for each in heap.loops:
        if isinstance(each._runner, greenlet):
            add_greenlet(each._runner)
    heap.tasks = {key: task for key, task in heap.tasks.items() if not task.done()}
    heap.futures = {key: fut for key, fut in heap.futures.items() if not fut.done()}
    return heap


def _kind(cls: type, linkable: tuple[type, ...]) -> str:
    if issubclass(cls, greenlet):
        return "greenlet"
    if issubclass(cls, asyncio.Task):
        return "task"
    if issubclass(cls, asyncio.Future):
        return "future"
    if issubclass(cls, linkable):
        return "linkable"
    if issubclass(cls, asyncio.AbstractEventLoop):
        return "loop"
    if cls is asyncio.Timeout:
        return "timeout"
    package, _, module = module_of(cls).rpartition(".")
    if package == "bridge.sync" and not module.startswith("_"):
        return "shared"
    return ""
