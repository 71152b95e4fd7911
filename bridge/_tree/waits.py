"""What each greenlet and task waits for."""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from time import monotonic
from types import BuiltinMethodType, FrameType, MethodType
from typing import Any

import gevent
from gevent.hub import Hub, Waiter
from greenlet import getcurrent, greenlet

from bridge._tree.heap import Heap
from bridge._tree.model import Wait
from bridge._tree.references import module_of, woken_by
from bridge._tree.stacks import is_active
from bridge._watchers.io import events_to_str
from bridge.loop import loop

__all__ = ["Waits"]

# Who joins a gevent greenlet shows only from the other end, one pass over the heap for each joined one.
_LONGEST_SEARCH = 0.5


class Waits:
    """Greenlets and tasks by what will wake them; made from one :class:`Heap`."""

    def __init__(self, heap: Heap) -> None:
        self._heap = heap
        self.ready: set[int] = set()
        self.by_greenlet: dict[int, list[Wait]] = {}
        self.timeouts: dict[int, list[str]] = {}
        self._awaiting: dict[int, list[int]] = {}  # future -> tasks that await it
        self._via: dict[int, list[int]] = {}  # future -> tasks and futures whose end ends it
        self._texts: dict[int, str] = {}  # future -> what will end it
        self._parked_on: list[tuple[int, asyncio.Future[Any]]] = []
        for key, task in heap.tasks.items():
            fut = getattr(task, "_fut_waiter", None)
            if fut is not None:
                self._awaiting.setdefault(id(fut), []).append(key)
        for each in heap.loops:
            self._from_loop(each)
        for linkable in heap.linkables:
            self._from_linkable(linkable)
        for shared in heap.shared:
            self._from_shared(shared)
        for fut in (*heap.tasks.values(), *heap.futures.values()):
            self._from_future(fut)
        for key, fut in self._parked_on:
            for wait in self._behind(fut, set()) or [Wait(_future_text(fut))]:
                self._add(key, wait)
        for timeout in heap.timeouts:
            self._from_asyncio_timeout(timeout)
        self._from_joins()

    def _add(self, key: int, wait: Wait) -> None:
        waits = self.by_greenlet.setdefault(key, [])
        if wait not in waits:
            waits.append(wait)

    # -- greenlets ---------------------------------------------------------------

    def _woken_by(self, *starts: object) -> list[int]:
        """Return whom the loop wakes; also greenlets that ``gc.freeze()`` hides from the collector."""
        found = woken_by(*starts).greenlets
        for g in found.values():
            self._heap.add_greenlet(g)
        return [key for key, g in found.items() if not g.dead]

    def _from_loop(self, each: loop) -> None:
        for cb in (*each._callbacks, *each._incoming):
            if cb.callback is not None:
                self.ready.update(self._woken_by(cb.callback, *(cb.args or ())))
        for item in list(each._fired):
            self.ready.update(self._woken_by(item))
        for entry in list(each._fds.values()):
            for w in list(entry.watchers):
                for key in self._woken_by(w.callback):
                    self._add(key, Wait(f"descriptor {entry.fd} {events_to_str(w._events)}"))
        for t in each._timers.timers():
            left = f"{max(t.at - monotonic(), 0.0):.2f} s left"
            timeout = getattr(t.callback, "__self__", None)
            if isinstance(timeout, gevent.Timeout):
                for key in self._woken_by(*_timeout_targets(t)):
                    self.timeouts.setdefault(key, []).append(f"gevent.Timeout, {left}")
                continue
            for key in self._woken_by(t.callback, *(t.args or ())):
                self._add(key, Wait(f"timer, {left}"))
        for held in list(each._held):
            for key in self._woken_by(getattr(held, "callback", None)):
                self._add(key, Wait(_watcher_text(held)))

    def _from_linkable(self, linkable: Any) -> None:
        cls = type(linkable)
        for key in woken_by(linkable).greenlets:
            if self.by_greenlet.get(key) and module_of(cls).startswith("gevent."):
                continue  # select() and poll() keep an Event of their own
            self._add(key, Wait(f"{cls.__qualname__} at {id(linkable):#x}"))

    def _from_shared(self, shared: Any) -> None:
        """One of ``bridge.sync``: wakes greenlets and tasks alike."""
        text = f"{type(shared).__qualname__} at {id(shared):#x}"
        woken = woken_by(shared)
        for key in woken.greenlets:
            self._add(key, Wait(text))
        for key in woken.futures:
            self._texts.setdefault(key, text)

    def _from_future(self, fut: asyncio.Future[Any]) -> None:
        """Whoever is woken by *fut* waits for it."""
        for entry in getattr(fut, "_callbacks", None) or ():
            callback = entry[0] if isinstance(entry, tuple) else entry
            woken = woken_by(callback)
            self._parked_on += [(key, fut) for key in woken.greenlets]
            for key in woken.futures:
                if key != id(fut):
                    self._via.setdefault(key, []).append(id(fut))

    def _from_asyncio_timeout(self, timeout: Any) -> None:
        task = getattr(timeout, "_task", None)
        when = timeout.when()
        if task is not None and when is not None and id(task) in self._heap.tasks:
            left = max(when - task.get_loop().time(), 0.0)
            self.timeouts.setdefault(id(task), []).append(f"asyncio.timeout, {left:.2f} s left")

    def _from_joins(self) -> None:
        """Greenlets that join others: gevent's Greenlet does not show whom it will wake."""
        unknown = [
            g
            for key, g in self._heap.greenlets.items()
            if is_active(g)
            and g is not getcurrent()
            and key not in self.by_greenlet
            and key not in self.ready
            and not isinstance(g, Hub)
        ]
        if not unknown:
            return
        owners = _switches_of({id(g): g for g in unknown})
        switches = [switch for switch, _ in owners.values()]
        # gevent keeps links in lists; one pass over the heap finds all that hold one of these.
        links = [each for each in gc.get_referrers(*switches) if _is_links(each) and each is not switches]
        until = monotonic() + _LONGEST_SEARCH
        for each in links:
            waiting = [owners[id(switch)][1] for switch in each if id(switch) in owners]
            for joined in gc.get_referrers(each):
                if issubclass(type(joined), gevent.Greenlet):
                    for g in waiting:
                        if g is not joined:
                            self._add(id(g), Wait("greenlet", id(joined)))
            if monotonic() > until:
                return

    # -- tasks ---------------------------------------------------------------------

    def of_task(self, task: asyncio.Task[Any], frames: list[FrameType]) -> list[Wait]:
        """Return what a task waits for; an empty list if nothing (it is ready, or it runs)."""
        fut = getattr(task, "_fut_waiter", None)
        if fut is None or fut.done():
            return []
        waits = self._behind(fut, set())
        text = self._texts.get(id(fut)) or _frame_text(frames)
        if waits:
            return waits
        return [Wait(text or _future_text(fut))]

    def _behind(self, fut: Any, seen: set[int]) -> list[Wait]:
        """Return the tasks and greenlets whose end would end *fut*."""
        if id(fut) in seen:
            return []
        seen.add(id(fut))
        if id(fut) in self._heap.tasks:
            return [Wait("task", id(fut))]
        watched = getattr(fut, "_greenlet", None)
        if isinstance(watched, greenlet):
            return [Wait("greenlet", id(watched))]
        waits: list[Wait] = []
        for key in self._via.get(id(fut), ()):
            source = self._heap.tasks.get(key) or self._heap.futures.get(key)
            waits += [wait for wait in self._behind(source, seen) if wait not in waits]
        return waits


def _switches_of(parked: dict[int, greenlet]) -> dict[int, tuple[Any, greenlet]]:
    """Return the bound ``switch`` methods of greenlets and of their Waiters, each with its greenlet."""
    found: dict[int, tuple[Any, greenlet]] = {}
    for obj in gc.get_objects():
        cls = type(obj)
        if cls is BuiltinMethodType or cls is MethodType:
            owner = obj.__self__
            if issubclass(type(owner), Waiter):
                owner = getattr(owner, "greenlet", None)
            g = parked.get(id(owner))
            if g is not None and obj.__name__ == "switch":
                found[id(obj)] = (obj, g)
    return found


def _is_links(obj: object) -> bool:
    return type(obj) is list or type(obj) is deque


def _timeout_targets(t: Any) -> tuple[Any, ...]:
    """The greenlet that a gevent.Timeout will throw into is an argument of its timer."""
    return tuple(each.throw if isinstance(each, greenlet) else each for each in (t.args or ()))


def _watcher_text(w: Any) -> str:
    kind = type(w).__name__.rstrip("_")
    for name in ("pid", "_pid", "signalnum", "_signum", "path", "_path"):
        value = getattr(w, name, None)
        if isinstance(value, int | str):
            return f"{kind} watcher {value}"
    return f"{kind} watcher"


def _future_text(fut: asyncio.Future[Any]) -> str:
    return f"{type(fut).__qualname__} at {id(fut):#x}"


def _when_left(handle: Any, aio: Any) -> str:
    try:
        return f"{max(handle.when() - aio.time(), 0.0):.2f} s left"
    except Exception:
        return "?"


def _frame_text(frames: list[FrameType]) -> str:
    """What the innermost coroutine is known to wait for, by the names of its local variables."""
    if not frames:
        return ""
    frame = frames[-1]
    module = str(frame.f_globals.get("__name__", ""))
    if module.partition(".")[0] not in ("asyncio", "bridge"):
        return ""
    names = frame.f_locals
    handle = names.get("h")
    if frame.f_code.co_name == "sleep" and handle is not None:
        return f"timer, {_when_left(handle, names.get('loop'))}"
    owner = names.get("self")
    where = frame.f_code.co_qualname
    if owner is None:
        return f"{module}.{where}"
    text = f"{module}.{where} of {type(owner).__qualname__} at {id(owner):#x}"
    transport = getattr(owner, "_transport", None)
    if transport is not None:
        text += _transport_text(transport)
    return text


def _transport_text(transport: Any) -> str:
    try:
        sock = transport.get_extra_info("socket")
        return "" if sock is None else f", descriptor {sock.fileno()}"
    except Exception:
        return ""
