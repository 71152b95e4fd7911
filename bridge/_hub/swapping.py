"""What a greenlet that runs an asyncio loop takes out of the thread's slots while it is parked in gevent.

asyncio keeps the running loop per native thread and the current task per loop (since Python 3.14 per thread).
Both belong to a greenlet only while it runs.  Code in a callback or in a plain
task may block in gevent by itself; greenlets that run meanwhile must see
neither, or libraries that guard against async contexts refuse to serve them.
"""

from __future__ import annotations

import weakref
from asyncio import current_task
from collections.abc import Callable
from typing import Any, Protocol

from greenlet import greenlet

from bridge._hub.current_task import swap_current_task
from bridge._hub.running_loop import get_running_loop, set_running_loop

__all__ = ["HostSlots", "Slots", "Swapping"]

_MISSING = object()
_NAMES = ("switch_out", "switch", "throw")


class Slots(Protocol):
    """What is swapped; each does nothing when it has been done already."""

    def leave(self) -> None:
        """The greenlet hands over to the hub."""

    def enter(self) -> None:
        """The greenlet is about to be switched to."""


class HostSlots:
    """The running loop and the current task of a host that itself waits in gevent.

    Where the host switches to the hub in the bridge's own code, nothing is done
    here: that code looks after the running loop, and no task is in a step.
    """

    __slots__ = ("_loop", "_task")

    def __init__(self) -> None:
        self._loop: Any = None  # while it is hidden
        self._task: Any = None

    def leave(self) -> None:
        running = get_running_loop()
        if running is not None and self._loop is None:
            self._loop = running
            if current_task(running) is not None:  # Python 3.12 cannot exchange none for none
                self._task = swap_current_task(running, None)
            set_running_loop(None)

    def enter(self) -> None:
        running, self._loop = self._loop, None
        if running is not None:
            task, self._task = self._task, None
            set_running_loop(running)
            if task is not None:
                swap_current_task(running, task)  # since Python 3.14 for the running loop only


class Swapping:
    """For as long as a loop runs in greenlet *me*, swap *slots* when *me* parks anywhere in gevent.

    gevent looks ``switch_out`` of the greenlet up before it parks, ``switch``
    and ``throw`` before it goes on.  The bridge's own switches use none of
    them, so they cost what they cost without.
    """

    __slots__ = ("_me", "_saved")

    def __init__(self, me: Any, slots: Slots) -> None:
        # A greenlet that holds itself would live until the next collection, if it has not ended for ever.
        self._me = weakref.ref(me)
        self._saved = {name: vars(me).get(name, _MISSING) for name in _NAMES}
        park = _without_holding(me, "switch_out")
        go_on, throw = _without_holding(me, "switch"), _without_holding(me, "throw")
        enter, leave = slots.enter, slots.leave

        def switch_out() -> None:
            leave()
            if park is not None:
                park()

        def switch(*args: Any, **kwargs: Any) -> Any:
            enter()
            return go_on(*args, **kwargs)  # type: ignore[misc]

        def throw_(*args: Any) -> Any:
            enter()
            return throw(*args)  # type: ignore[misc]

        me.switch_out, me.switch, me.throw = switch_out, switch, throw_

    def undo(self) -> None:
        """The loop has stopped."""
        me = self._me()
        if me is None:
            return
        attributes = vars(me)
        for name, value in self._saved.items():
            if value is _MISSING:
                attributes.pop(name, None)
            else:
                attributes[name] = value


def _without_holding(me: greenlet, name: str) -> Callable[..., Any] | None:
    """Return the method *name* of *me* in a form that does not keep *me* alive; None if it has none."""
    own: Callable[..., Any] | None = vars(me).get(name)
    if own is not None:
        return own
    function = getattr(type(me), name, None)
    if function is None:
        return None
    ref = weakref.ref(me)
    return lambda *args, **kwargs: function(ref(), *args, **kwargs)
