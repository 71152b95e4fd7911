"""Greenlets parked on futures of an asyncio loop are woken when that loop is closed.

Nothing else could ever wake them: a closed loop runs no callbacks.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["parked_on", "wake_parked_on"]

Waker: TypeAlias = Callable[[Any], None]

_parked: weakref.WeakKeyDictionary[Any, set[Waker]] = weakref.WeakKeyDictionary()


def parked_on(aio: Any) -> set[Waker]:
    """Return the set of callables to call, with None, when *aio* has been closed."""
    wakers = _parked.get(aio)
    if wakers is None:
        wakers = _parked[aio] = set()
    return wakers


def wake_parked_on(aio: Any) -> None:
    """Call them; *aio* is closed."""
    for wake in tuple(_parked.pop(aio, ())):
        wake(None)
