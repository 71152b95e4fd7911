"""Where on the C stack the hub lives.

A greenlet keeps its place on the thread's C stack.  Whoever switches to it must
first move away what lies deeper than the place where it began.  A hub that
began near the top of the stack so has everything moved, there and back, each
time an asyncio loop enters it, and libuv alone keeps 12 KiB of events there
while it polls.  A hub that began far below has next to nothing moved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["call_from_below"]

# Each call through ``map`` takes 0.5 to 1 KiB; uvloop's deepest callbacks are 20 KiB below its start.
_CALLS: Final = 48


def call_from_below(func: Callable[[], object], calls: int = _CALLS) -> object:
    """Call *func* some 32 KiB farther down the C stack; return what it returns."""
    if not calls:
        return func()
    return next(map(call_from_below, (func,), (calls - 1,)))
