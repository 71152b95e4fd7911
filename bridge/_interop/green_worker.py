"""The greenlet in which the coroutine of a green task runs, step after step."""

from __future__ import annotations

import functools
from typing import Any

from gevent.hub import get_hub
from greenlet import GreenletExit, getcurrent, greenlet

from bridge._interop.green_state import RAISED, RETURNED, YIELDED, GreenState
from bridge._interop.place import Worker

__all__ = ["GreenWorker", "as_exception"]

_switch = greenlet.switch
_throw = greenlet.throw


class GreenWorker(Worker):
    """The greenlet of one green coroutine.  gevent finds ``switch_out``, ``switch`` and ``throw`` here."""

    def __init__(self, state: GreenState, parent: greenlet) -> None:
        super().__init__(functools.partial(_work, state), parent)
        self._state = state

    def switch_out(self) -> None:
        """gevent parks this greenlet now."""
        state = self._state
        state.parked = True
        state.parks()

    def switch(self, *args: Any) -> Any:
        """Wake from a wait in gevent; while the coroutine awaits something there is nothing to wake.

        In a step it may come from a child greenlet (SQLAlchemy's), and is what it is.
        """
        state = self._state
        if state.parked:
            return state.resume(_switch, self, *args)
        if state.idle:
            return None
        return _switch(self, *args)

    def throw(self, *args: Any) -> Any:
        """Raise in the coroutine, wherever it waits (gevent.Timeout, gevent.kill)."""
        state = self._state
        if state.parked:
            return state.resume(_throw, self, *args)
        if state.deputy is not None:
            # There the work stands still; abandoned, it would switch here at its end, whenever that is.
            return state.deputy.throw(*args)
        if state.idle:
            if self and not self.dead:
                _interrupt(state, as_exception(*args))
            return None
        return _throw(self, *args)


def as_exception(kind: Any = GreenletExit, value: Any = None, tb: Any = None) -> BaseException:
    exc: BaseException
    if isinstance(kind, BaseException):
        exc = kind
    elif isinstance(value, BaseException):
        exc = value
    else:
        exc = kind() if value is None else kind(value)
    return exc if tb is None else exc.with_traceback(tb)


def _interrupt(state: GreenState, exc: BaseException) -> None:
    """Raise *exc* where the coroutine awaits: as a cancellation whose exception is exchanged on its way."""
    task = state.task()
    if task is not None and not task.done() and state.interruption is None:
        state.interruption = (exc, task.cancelling())
        task.cancel()


def _work(state: GreenState) -> None:
    """Body of a worker: step after step, until the coroutine ends."""
    inner = state.inner
    while True:
        request, state.request = state.request, None
        state.idle = False
        try:
            if state.throwing:
                state.throwing = False
                state.value = inner.throw(request)
            else:
                state.value = inner.send(request)
            state.kind = YIELDED
        except StopIteration as end:
            state.value = end.value
            state.kind = RETURNED
        except BaseException as exc:
            state.value = exc
            state.kind = RAISED
        del request
        state.idle = True
        back = state.back
        if back is None:
            # The hub had woken us, after a wait in the middle of the step.
            state.leave()
            future, state.future = state.future, None
            if future is not None and not future.done() and not state.loop.is_closed():
                future.set_result(None)
            back = get_hub()
        else:
            state.back = None
        if state.kind is not YIELDED:
            state.inner = None
            getcurrent().parent = back  # the end of a greenlet is a switch to its parent
            return
        _switch(back)
