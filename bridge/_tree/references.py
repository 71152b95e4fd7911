"""Whom a callback would wake: found by following references, not by knowing every class.

gevent's compiled classes hide their attributes, but the garbage collector
shows what they refer to.  A greenlet counts as woken by a callback if the
callback leads to its ``switch`` or ``throw`` method, to a gevent ``Waiter``
of it, or to one of the bridge's own objects that holds it.
"""

from __future__ import annotations

import asyncio
import functools
import gc
from collections import deque
from types import BuiltinMethodType, CellType, FunctionType, MethodType
from typing import Any

from gevent.hub import Hub, Waiter
from greenlet import greenlet

__all__ = ["Woken", "module_of", "woken_by"]

_DEEPEST = 9
_MOST_OBJECTS = 400
_CONTAINERS = (list, tuple, set, frozenset, deque)
_WAKING = ("switch", "throw", "switch_args", "_switch", "kill")


class Woken:
    """Greenlets and futures that something would wake."""

    __slots__ = ("futures", "greenlets")

    def __init__(self) -> None:
        self.greenlets: dict[int, greenlet] = {}
        self.futures: dict[int, asyncio.Future[Any]] = {}


def module_of(cls: type) -> str:
    """Return where a class comes from; some types have no text there."""
    name = cls.__module__
    return name if type(name) is str else ""


def _own(cls: type) -> bool:
    """Whether instances belong to gevent or the bridge, and so may be looked into."""
    return module_of(cls).partition(".")[0] in ("gevent", "bridge", "_asyncio", "asyncio")


def _next(obj: object) -> list[Any]:
    cls = type(obj)
    if cls is MethodType or cls is BuiltinMethodType:
        return [obj.__self__]  # type: ignore[attr-defined]
    if cls is FunctionType:
        closure = obj.__closure__  # type: ignore[attr-defined]
        return list(closure or ())
    if cls is CellType:
        try:
            return [obj.cell_contents]  # type: ignore[attr-defined]
        except ValueError:
            return []
    if issubclass(cls, functools.partial):
        return [obj.func, *obj.args]  # type: ignore[attr-defined]
    if issubclass(cls, _CONTAINERS):
        return list(obj) if len(obj) <= _MOST_OBJECTS else []  # type: ignore[call-overload, arg-type]
    if cls is dict or not _own(cls):
        return []
    return [each for each in gc.get_referents(obj) if type(each) is not dict] + (
        list(vars(obj).values()) if hasattr(obj, "__dict__") and not issubclass(cls, type) else []
    )


def woken_by(*starts: object) -> Woken:
    """Return whom these callbacks, or the callbacks kept in these objects, would wake."""
    woken = Woken()
    seen: set[int] = set()
    level: list[tuple[Any, bool]] = [(start, False) for start in starts]
    for depth in range(_DEEPEST):
        following: list[tuple[Any, bool]] = []
        for obj, waking in level:
            if id(obj) in seen and not waking:
                continue
            seen.add(id(obj))
            cls = type(obj)
            if issubclass(cls, greenlet):
                if waking and not issubclass(cls, Hub):
                    woken.greenlets[id(obj)] = obj
                continue
            if depth and issubclass(cls, asyncio.Future):
                woken.futures[id(obj)] = obj
                continue
            if issubclass(cls, asyncio.AbstractEventLoop | type) or _is_loop(obj):
                continue
            if len(seen) > _MOST_OBJECTS:
                return woken
            wakes = (
                ((cls is MethodType or cls is BuiltinMethodType) and getattr(obj, "__name__", "") in _WAKING)
                or issubclass(cls, Waiter)
                or module_of(cls).startswith("bridge.")
            )
            following += [(each, wakes) for each in _next(obj)]
        if not following:
            break
        level = following
    return woken


def _is_loop(obj: object) -> bool:
    return hasattr(type(obj), "run_callback")
