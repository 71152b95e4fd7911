"""Greenlets that the code of a green task makes itself and that block in gevent in its place.

SQLAlchemy's asyncio side runs its synchronous code so: the task's worker has
switched to a greenlet of plain ``greenlet.greenlet``, and when that one blocks
in gevent nothing tells whose work stands still.  It is looked for in the local
variables of the code that switched to it, and from then on looks after the
running loop and the current task as the worker itself does.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from greenlet import greenlet

__all__ = ["Deputized", "find_deputy", "make_deputy"]

_FRAMES = 3  # the innermost ones of each greenlet are looked at
_LONGEST_CHAIN = 8


class Deputized(Protocol):
    """What a deputy needs of the green task it stands for."""

    deputy: greenlet | None  # who is parked in gevent, if not the worker

    def resume(self, run: Callable[..., Any], target: Any, *args: Any) -> Any:
        """Show loop and task to *target* and run it; from the hub."""

    def parks(self) -> None:
        """The caller hands over to the hub now."""


def find_deputy(worker: greenlet) -> greenlet | None:
    """Return the greenlet that *worker*, directly or not, waits for the end of; None if it is not seen."""
    found = None
    inner: greenlet | None = worker
    for _ in range(_LONGEST_CHAIN):
        inner = _child_of(inner) if inner is not None else None
        if inner is None:
            break
        found = inner
    return found


def _child_of(parent: greenlet) -> greenlet | None:
    frame = parent.gr_frame
    for _ in range(_FRAMES):
        if frame is None:
            return None
        for value in frame.f_locals.values():
            if issubclass(type(value), greenlet) and value.parent is parent and value and not value.dead:
                return value  # type: ignore[no-any-return]
        frame = frame.f_back
    return None


def make_deputy(g: greenlet, state: Deputized) -> None:
    """Let *g* hide and show loop and task of *state* whenever it parks in gevent and goes on.

    gevent looks ``switch_out`` up before it parks a greenlet, ``switch`` and
    ``throw`` before it wakes one.  For good: at other times they do nothing.
    """
    if "switch_out" in vars(g):
        return  # it was one before
    own = weakref.ref(g)  # a greenlet that holds itself would live until the next collection
    kind: Any = type(g)
    park = getattr(kind, "switch_out", None)

    def switch_out() -> None:
        state.deputy = own()
        state.parks()
        if park is not None:
            park(own())

    def go_on(run: Callable[..., Any], *args: Any) -> Any:
        me = own()
        if state.deputy is not me:
            return run(me, *args)
        state.deputy = None
        return state.resume(run, me, *args)

    vars(g).update(
        switch_out=switch_out, switch=partial(go_on, kind.switch), throw=partial(go_on, kind.throw)
    )
