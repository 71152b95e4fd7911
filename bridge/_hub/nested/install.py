"""asyncio's own functions, made to know nested loops: how one is made, how one is remembered."""

from __future__ import annotations

import asyncio
import asyncio.events
import functools
from typing import Any

from greenlet import getcurrent

from bridge._compat import base_policy
from bridge._hub.leftovers import install_shared_look
from bridge._hub.nested.loop import NestedLoop
from bridge._hub.nested.place import in_nested_place
from bridge._hub.nested.run import is_nested

__all__ = ["install_nested_loops"]

_OWN_LOOP = "_bridge_event_loop"  # in a greenlet's __dict__


def install_nested_loops() -> None:
    """Let ``asyncio.new_event_loop``, and so ``asyncio.run``, make nested loops where one is needed.

    The event loop policy is not asked there: uvloop's would make a loop that
    cannot run in that place.
    """
    install_shared_look(is_nested)
    original = asyncio.events.new_event_loop
    if hasattr(original, "_bridge_original"):
        return

    @functools.wraps(original)
    def new_event_loop() -> asyncio.AbstractEventLoop:
        return NestedLoop() if in_nested_place() else original()

    new_event_loop._bridge_original = original  # type: ignore[attr-defined]
    asyncio.events.new_event_loop = new_event_loop
    asyncio.new_event_loop = new_event_loop
    _remember_per_greenlet()


def _remember_per_greenlet() -> None:
    """Let ``set_event_loop`` in a nested place hold for that greenlet alone.

    ``asyncio.run`` calls it, and the policy remembers one loop per native
    thread: siblings would get each other's loops from ``get_event_loop``, and
    the end of one ``asyncio.run`` would make everybody forget theirs.
    """
    policy = base_policy()
    if policy is None:
        return
    get, set_ = policy.get_event_loop, policy.set_event_loop

    @functools.wraps(get)
    def get_event_loop(self: Any) -> Any:
        own = vars(getcurrent()).get(_OWN_LOOP)
        return get(self) if own is None else own

    @functools.wraps(set_)
    def set_event_loop(self: Any, loop: Any) -> None:
        if not in_nested_place():
            set_(self, loop)
        elif loop is None:
            vars(getcurrent()).pop(_OWN_LOOP, None)
        else:
            vars(getcurrent())[_OWN_LOOP] = loop

    policy.get_event_loop = get_event_loop
    policy.set_event_loop = set_event_loop
