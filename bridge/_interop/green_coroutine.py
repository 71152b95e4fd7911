"""What asyncio steps in place of the coroutine of a green task."""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

from gevent.hub import get_hub
from greenlet import GreenletExit, getcurrent, greenlet

from bridge._hub.nested import is_nested
from bridge._interop.green_state import RAISED, RETURNED, YIELDED, GreenState
from bridge._interop.green_worker import GreenWorker, as_exception
from bridge._interop.place import here

__all__ = ["GreenCoroutine"]

T = TypeVar("T")


class GreenCoroutine(Coroutine[Any, Any, T]):
    """What asyncio steps instead of the coroutine.  Other attributes are the coroutine's own."""

    __slots__ = ("__weakref__", "_bridge", "_inner", "_state", "_worker")

    def __init__(self, aio: Any, inner: Coroutine[Any, Any, T]) -> None:
        self._inner: Any = inner
        self._bridge = here()
        self._state = GreenState(aio, inner)
        self._worker: GreenWorker | None = None

    # -- steps; called by asyncio in the host ------------------------------------------

    def send(self, value: Any) -> Any:
        state = self._state
        if state.late is not None and state.kind is not None:
            late, state.late = state.late, None
            return self.throw(late)
        if state.kind is None:
            if not state.idle:
                raise RuntimeError("this green coroutine is blocked in gevent; only its task may continue it")
            state.request = value
            return self._step()
        return self._outcome()

    def throw(self, *args: Any) -> Any:
        state = self._state
        exc = as_exception(*args)
        if state.interruption is not None:
            exc = self._exchange(exc)
        if state.parked:
            # Cancelled while blocked in gevent: raise it right there.
            state.future = None
            state.parked = False
            return self._step(exc)
        if state.deputy is not None:
            state.future = None
            deputy, state.deputy = state.deputy, None
            return self._step(exc, deputy)
        if state.kind is RETURNED or state.kind is RAISED:
            return self._outcome()  # it ended before the cancellation got here
        if not state.idle:
            # Blocked in gevent, but in another greenlet, which was not found.
            state.late = exc
            return self._blocked()
        state.kind = None  # what it awaits, if anything, was never handed out
        state.value = None
        state.throwing = True
        state.request = exc
        return self._step()

    def _exchange(self, exc: BaseException) -> BaseException:
        """Undo the cancellation that carried another exception here; a real one goes first."""
        state = self._state
        assert state.interruption is not None
        (wanted, before), state.interruption = state.interruption, None
        task = state.task()
        if isinstance(exc, asyncio.CancelledError) and task is not None and task.uncancel() <= before:
            return wanted
        return exc

    def _step(self, exc: BaseException | None = None, deputy: greenlet | None = None) -> Any:
        state = self._state
        worker = self._worker
        if worker is None:
            worker = self._begin()
        state.back = getcurrent()
        self._bridge.run_visible(deputy or worker, exc)
        if state.kind is None:
            state.back = None
            if not state.parked and state.deputy is None:
                state.deputize(worker)
            return self._blocked()
        return self._outcome()

    def _blocked(self) -> Any:
        """Return what asyncio is to wait for while the worker is blocked in gevent."""
        future = self._state.future = self._state.loop.create_future()
        future._asyncio_future_blocking = True
        return future

    def _begin(self) -> GreenWorker:
        state = self._state
        task = asyncio.current_task(state.loop)
        if task is not None:
            state.task = weakref.ref(task)
        if is_nested(state.loop):
            state.hooks = sys.get_asyncgen_hooks()
        worker = self._worker = GreenWorker(state, get_hub())
        # The task's own context, not a copy: context variables stay what the task thinks they are.
        worker.gr_context = getcurrent().gr_context
        return worker

    def _outcome(self) -> Any:
        state = self._state
        kind, state.kind = state.kind, None
        value, state.value = state.value, None
        if kind is YIELDED:
            return value
        self._worker = None
        state.kind = kind  # for ever
        if kind is RETURNED:
            raise StopIteration(value)
        try:
            raise value
        finally:
            del value

    def close(self) -> None:
        """End the coroutine, as with any other (GeneratorExit)."""
        state = self._state
        worker, self._worker = self._worker, None
        if worker is not None and state.parked:
            worker.throw(GreenletExit)
        elif state.deputy is not None:
            state.deputy.throw(GreenletExit)
        elif state.inner is not None:
            state.inner.close()
            state.inner = None

    @property
    def gr_frame(self) -> Any:
        """Where the coroutine is blocked in gevent, as for a greenlet; None while it is not."""
        worker = self._worker
        return worker.gr_frame if worker is not None and self._state.parked else None

    # -- as something to await inside a plain coroutine ---------------------------------

    def __await__(self) -> Generator[Any, None, T]:
        return self

    def __iter__(self) -> GreenCoroutine[T]:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __repr__(self) -> str:
        return f"<green {self._inner!r}>"
