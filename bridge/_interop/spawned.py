"""Greenlets that can be awaited and that inherit the caller's context variables."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import gevent

from bridge._interop.greenlet_future import future
from bridge._interop.place import here

__all__ = ["AwaitableGreenlet", "spawn"]

if TYPE_CHECKING:
    _Greenlet = gevent.Greenlet[..., Any]
else:
    _Greenlet = gevent.Greenlet


class AwaitableGreenlet(_Greenlet):
    """A ``gevent.Greenlet`` with ``await``; see :func:`spawn`."""

    def __await__(self) -> Generator[Any, None, Any]:
        return future(self).__await__()


def spawn(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> AwaitableGreenlet:
    """Start ``fn(*args, **kwargs)`` in a new greenlet, from a greenlet or from a task.

    The greenlet starts soon, never inside this call.  It runs in a copy of the
    caller's context (PEP 567), unlike with ``gevent.spawn``.  ``await g`` gives
    its result or exception; cancelling the awaiting task kills the greenlet.
    The greenlet belongs to the thread of the call; tasks of other threads may
    await it.

    :raises LoopSelectionError: if gevent runs on another event loop
    """
    here()
    greenlet = AwaitableGreenlet(fn, *args, **kwargs)
    greenlet.gr_context = copy_context()
    greenlet.start()
    return greenlet
