"""One who waits: a task, a greenlet, or a native thread that has no hub.

A waiter's state is changed only under the guard of the primitive it waits
for.  The wake-up that follows carries nothing: it makes the waiter look.

    WAITING -> GRANTED   it was given what it waits for; from here on it owns that
    WAITING -> REFUSED   it will not get it (the queue was shut down)
    WAITING -> GONE      it stopped waiting
    GRANTED -> GONE      it cannot use what it was given, which goes to the next
"""

from __future__ import annotations

import _thread
import sys
from asyncio import Future, current_task
from enum import Enum
from typing import Any, Final

from gevent._hub_local import get_hub_if_exists
from gevent.exceptions import InvalidSwitchError
from gevent.hub import Hub
from greenlet import getcurrent, greenlet

from bridge._compat import get_native_ident
from bridge._errors import WrongContextError
from bridge._hub.running_loop import get_running_loop
from bridge._interop.place import running_loop
from bridge._pristine.threads import native_lock
from bridge.sync._place import hosts_here, runs_plain_tasks

__all__ = [
    "GONE",
    "GRANTED",
    "REFUSED",
    "WAITING",
    "GreenletWaiter",
    "State",
    "SyncWaiter",
    "TaskWaiter",
    "ThreadWaiter",
    "Waiter",
    "sync_waiter",
]


class State(Enum):
    """How far a waiter has come; the module's docstring has the transitions."""

    WAITING = 0
    GRANTED = 1
    REFUSED = 2
    GONE = 3


# Looking a member up in its class takes four times as long as a global (3.11).
WAITING: Final = State.WAITING
GRANTED: Final = State.GRANTED
REFUSED: Final = State.REFUSED
GONE: Final = State.GONE


class Waiter:
    """State, and room for what is handed over."""

    __slots__ = ("state", "value")

    state: State
    value: Any  # set when it is granted

    def __init__(self) -> None:
        self.state = WAITING

    def wake(self) -> bool:
        """Make the waiter look at its state, soon; False if its loop or thread has ended.

        Callable from any thread.  Nothing runs inside this call.
        """
        raise NotImplementedError


class TaskWaiter(Waiter):
    """A task of any loop, which awaits :attr:`future`."""

    __slots__ = ("_thread", "future")

    def __init__(self, call: str) -> None:
        self.state = WAITING
        self._thread = get_native_ident()
        self.future: Future[None] = running_loop(call).create_future()

    def wake(self) -> bool:
        aio = self.future.get_loop()
        try:
            if get_running_loop() is aio:
                self._resume()
            elif aio.is_closed():
                return False
            elif hosts_here(aio):
                self._resume()  # a greenlet runs inside a callback of the loop, which polls later
            elif not aio.is_running() and self._thread not in sys._current_frames():
                return False  # stopped, never closed, and its thread has ended
            else:
                aio.call_soon_threadsafe(self._resume)
        except RuntimeError:  # closed meanwhile
            return False
        return True

    def _resume(self) -> None:
        if not self.future.done():  # else cancelled: the task looks when it runs
            self.future.set_result(None)


class SyncWaiter(Waiter):
    """One that waits inside an ordinary call."""

    __slots__ = ()

    def park(self, timeout: float | None) -> None:
        """Return when the state has changed, or after *timeout* seconds."""
        raise NotImplementedError


class GreenletWaiter(SyncWaiter):
    """A greenlet of a thread that has a hub."""

    __slots__ = ("_expired", "_greenlet", "_hub", "_loop")

    def __init__(self, hub: Hub, me: greenlet) -> None:
        super().__init__()
        self._hub = hub
        self._loop: Any = hub.loop
        self._greenlet: greenlet | None = me
        self._expired = False

    def park(self, timeout: float | None) -> None:
        loop = self._loop
        timer = None
        loop.ref()  # a task or another thread may be all that is going to wake us
        try:
            if timeout is not None:
                timer = loop.timer(timeout)
                timer.start(self._expire)
            while self.state is WAITING and not self._expired:
                sent = self._hub.switch()
                if sent is not self:
                    raise InvalidSwitchError(
                        f"Something switched into {getcurrent()!r} while it waited, with {sent!r}. "
                        "Leave that to the hub: wake the greenlet through what it waits for, or kill it."
                    )
        finally:
            self._greenlet = None
            loop.unref()
            if timer is not None:
                timer.close()

    def wake(self) -> bool:
        parked = self._greenlet
        if parked is None:
            return True  # on its way out: it will look
        if parked.dead:  # so is every greenlet of a thread that has ended
            return False
        try:
            # The hub runs it soon. Not at once, even in an asyncio callback: release() and put()
            # must not run other code in the middle of their caller's.
            if get_hub_if_exists() is self._hub:
                self._loop.run_callback(self._fire)
            else:
                self._loop.run_callback_threadsafe(self._fire)
        except ValueError:  # the loop was destroyed
            return False
        return True

    def _fire(self) -> None:
        """In the hub."""
        parked = self._greenlet
        if parked is not None:
            parked.switch(self)

    def _expire(self) -> None:
        self._expired = True
        self._fire()


class ThreadWaiter(SyncWaiter):
    """A native thread without a hub: nothing else could run in it meanwhile."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        super().__init__()
        self._lock = native_lock()
        self._lock.acquire()

    def park(self, timeout: float | None) -> None:
        self._lock.acquire(timeout=-1 if timeout is None else min(timeout, _thread.TIMEOUT_MAX))

    def wake(self) -> bool:
        self._lock.release()  # once: the state leaves WAITING once
        return True


def sync_waiter(call: str, instead: str) -> SyncWaiter:
    """Return a waiter for whoever calls the blocking method *call*.

    :param instead: what a task is told to write
    :raises WrongContextError: in a task, in an asyncio callback, and in the hub
    """
    me = getcurrent()
    running = get_running_loop()
    if running is not None and runs_plain_tasks(running, me):
        task = current_task(running)
        where = "an asyncio callback" if task is None else f"asyncio task {task.get_name()!r}"
        raise WrongContextError(
            f"{call}() would have to wait, and was called inside {where}; it would stop the loop. "
            f"Write '{instead}' there, or run this function in a greenlet: bridge.spawn(fn)."
        )
    hub: Any = get_hub_if_exists()
    if hub is None:
        return ThreadWaiter()
    if me is hub:
        raise WrongContextError(
            f"{call}() would have to wait, and was called in the hub, which must never wait. "
            "Run this function in a greenlet: bridge.spawn(fn)."
        )
    return GreenletWaiter(hub, me)
