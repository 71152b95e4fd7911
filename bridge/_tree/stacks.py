"""Stacks of greenlets, coroutines and threads, and short names for them."""

from __future__ import annotations

import asyncio
import os
import selectors
from types import FrameType
from typing import Any

import gevent
from greenlet import greenlet

from bridge._tree.model import Frame

__all__ = [
    "coroutine_frames",
    "frames_of",
    "function_name",
    "greenlet_label",
    "is_active",
    "is_polling",
    "own_frames_left_out",
    "task_label",
]

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_DUMP = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "dump.py")
_HOSTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "_hub", "hosts.py")
_SELECTORS = selectors.__file__
_MOST_FRAMES = 200


def frames_of(innermost: FrameType | None) -> list[Frame]:
    """Return the stack that ends in *innermost*, outermost first, without this package's own frames."""
    found: list[Frame] = []
    frame = innermost
    while frame is not None and len(found) < _MOST_FRAMES:
        code = frame.f_code
        file = code.co_filename
        if not _is_own(frame):
            found.append(Frame(file, frame.f_lineno or code.co_firstlineno, code.co_qualname))
        frame = frame.f_back
    found.reverse()
    return found


def own_frames_left_out(innermost: FrameType | None) -> FrameType | None:
    """Return the innermost frame that is not this package's."""
    frame = innermost
    while frame is not None and _is_own(frame):
        frame = frame.f_back
    return frame


def is_polling(innermost: FrameType | None) -> bool:
    """Tell whether a thread with this stack waits in its loop's poll, or runs nothing written in Python."""
    frame = own_frames_left_out(innermost)
    if frame is None:
        return True
    return frame.f_code.co_filename in (_SELECTORS, _HOSTS)  # asyncio's poll; uvloop's is not in Python


def _is_own(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith(_HERE) or file == _DUMP


def coroutine_frames(coro: Any) -> list[FrameType]:
    """Return the frames of a suspended coroutine and of what it awaits, outermost first."""
    frames: list[FrameType] = []
    seen = 0
    while coro is not None and seen < _MOST_FRAMES:
        seen += 1
        frame = None
        for name in ("cr_frame", "gi_frame", "ag_frame"):
            frame = getattr(coro, name, None)
            if frame is not None:
                break
        if isinstance(frame, FrameType):
            frames.append(frame)
        following = None
        for name in ("cr_await", "gi_yieldfrom", "ag_await"):
            following = getattr(coro, name, None)
            if following is not None:
                break
        coro = following
    return frames


def function_name(func: object) -> str:
    """Return a function's name without calling any ``__repr__`` of a program."""
    while True:
        inner = getattr(func, "func", None)  # functools.partial
        if inner is None or inner is func:
            break
        func = inner
    name = getattr(func, "__qualname__", None)
    return name if isinstance(name, str) else type(func).__qualname__


def greenlet_label(g: greenlet) -> str:
    """Return ``"name" function`` of a gevent greenlet, or what there is of a plain one."""
    if isinstance(g, gevent.Greenlet):
        run = getattr(g, "_run", None)
        name = getattr(g, "name", "")
        what = f" {function_name(run)}" if run is not None else ""
        return f'"{name}"{what}'
    return f"at {id(g):#x}"


def task_label(task: asyncio.Task[Any]) -> str:
    """Return ``"name" coroutine`` of a task."""
    return f'"{task.get_name()}" {function_name(task.get_coro())}'


def is_active(g: greenlet) -> bool:
    """Tell whether a greenlet has begun to run and has not ended (gevent's own ``bool()`` says less)."""
    return greenlet.__bool__(g)
