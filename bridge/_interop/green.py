"""Green tasks: coroutine code that may call what blocks in gevent.

The coroutine of a green task runs in a greenlet of its own, its *worker*.
For asyncio the task stays a stock ``asyncio.Task`` on a coroutine-like
wrapper.  A step (``send`` or ``throw``) switches into the worker:

- The coroutine yields or ends: the worker switches straight back, and the
  step has the same outcome as without all this.
- The coroutine blocks in gevent: the hub gets control, hands it back to the
  host at once, and the step ends with a future of ours.  When the worker has
  been woken by the hub and has finished the step, it sets that future, asyncio
  continues the task, and the next step hands out what was kept.

While the worker is woken by the hub, asyncio is not in a step of its task, so
the running loop and the current task are put in place for it, and taken away
when it parks (:class:`_Slots`).
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import weakref
from asyncio.events import _get_running_loop, _set_running_loop
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from typing import Any, ParamSpec, TypeVar

from gevent.hub import Hub, get_hub
from greenlet import GreenletExit, getcurrent, greenlet

from bridge._errors import WrongContextError
from bridge._hub.current_task import swap_current_task
from bridge._hub.nested import is_nested
from bridge._interop.deputies import find_deputy, make_deputy
from bridge._interop.place import Worker, here, running_loop

__all__ = ["create_green_task", "green", "green_task_factory"]

P = ParamSpec("P")
T = TypeVar("T")

_switch = greenlet.switch
_throw = greenlet.throw

_RETURNED, _RAISED, _YIELDED = 0, 1, 2


class _State:
    """What a worker, its wrapper and the hub share; knows neither worker nor wrapper."""

    __slots__ = (
        "back",
        "deputy",
        "future",
        "hooks",
        "idle",
        "inner",
        "inside",
        "interruption",
        "kind",
        "late",
        "loop",
        "outer_hooks",
        "outer_loop",
        "outer_task",
        "parked",
        "request",
        "task",
        "throwing",
        "value",
    )

    def __init__(self, aio: Any, inner: Any) -> None:
        self.loop = aio
        self.inner = inner
        self.task: Callable[[], Any] = _no_task
        self.request: Any = None  # what the next step sends or throws
        self.throwing = False
        self.kind: int | None = None  # how the last step ended; None: not yet
        self.value: Any = None
        self.back: greenlet | None = None  # who waits in a step
        self.future: asyncio.Future[None] | None = None  # what asyncio waits for while we block
        self.parked = False  # in gevent
        self.deputy: greenlet | None = None  # who is in gevent in the worker's place
        self.idle = True  # between two steps
        self.late: BaseException | None = None  # to be thrown at the end of the step
        self.inside = False
        self.interruption: tuple[BaseException, int] | None = None
        self.outer_loop: Any = None
        self.outer_task: Any = None
        self.hooks: Any = None
        self.outer_hooks: Any = None

    def enter(self) -> None:
        """The hub is about to switch to the worker: show it its loop and task."""
        self.parked = False
        self.inside = True
        self.outer_loop = _get_running_loop()
        _set_running_loop(self.loop)
        self.outer_task = swap_current_task(self.loop, self.task())
        if self.hooks is not None:
            self.outer_hooks = sys.get_asyncgen_hooks()
            sys.set_asyncgen_hooks(*self.hooks)

    def leave(self) -> None:
        """The worker hands back to the hub."""
        if self.inside:
            self.inside = False
            if self.hooks is not None:
                sys.set_asyncgen_hooks(*self.outer_hooks)
            swap_current_task(self.loop, self.outer_task)
            self.outer_task = None
            _set_running_loop(self.outer_loop)

    def parks(self) -> None:
        """Who runs for the task hands over to the hub.  Inside a step the host looks after everything."""
        if self.back is None:
            self.leave()

    def resume(self, run: Callable[..., Any], target: Any, *args: Any) -> Any:
        """Wake *target*, the worker or its deputy, with *run*; from the hub, and back in it afterwards."""
        self.enter()
        try:
            return run(target, *args)
        finally:
            if self.inside and isinstance(getcurrent(), Hub):
                # What parked is a greenlet that the coroutine's code has made meanwhile.
                self.deputize(target)
                self.leave()

    def deputize(self, g: greenlet) -> None:
        """Find out which greenlet is parked in the place of the worker, which is *g* or above it."""
        worker: greenlet | None = g
        while worker is not None and not isinstance(worker, GreenWorker):
            worker = worker.parent
        self.deputy = find_deputy(worker) if worker is not None else None
        if self.deputy is not None:
            make_deputy(self.deputy, self)


def _no_task() -> None:
    return None


class GreenWorker(Worker):
    """The greenlet of one green coroutine.  gevent finds ``switch_out``, ``switch`` and ``throw`` here."""

    def __init__(self, state: _State, parent: greenlet) -> None:
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
                _interrupt(state, _exception(*args))
            return None
        return _throw(self, *args)


def _exception(kind: Any = GreenletExit, value: Any = None, tb: Any = None) -> BaseException:
    exc: BaseException
    if isinstance(kind, BaseException):
        exc = kind
    elif isinstance(value, BaseException):
        exc = value
    else:
        exc = kind() if value is None else kind(value)
    return exc if tb is None else exc.with_traceback(tb)


def _interrupt(state: _State, exc: BaseException) -> None:
    """Raise *exc* where the coroutine awaits: as a cancellation whose exception is exchanged on its way."""
    task = state.task()
    if task is not None and not task.done() and state.interruption is None:
        state.interruption = (exc, task.cancelling())
        task.cancel()


def _work(state: _State) -> None:
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
            state.kind = _YIELDED
        except StopIteration as end:
            state.value = end.value
            state.kind = _RETURNED
        except BaseException as exc:
            state.value = exc
            state.kind = _RAISED
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
        if state.kind is not _YIELDED:
            state.inner = None
            getcurrent().parent = back  # the end of a greenlet is a switch to its parent
            return
        _switch(back)


class GreenCoroutine(Coroutine[Any, Any, T]):
    """What asyncio steps instead of the coroutine.  Other attributes are the coroutine's own."""

    __slots__ = ("__weakref__", "_bridge", "_inner", "_state", "_worker")

    def __init__(self, aio: Any, inner: Coroutine[Any, Any, T]) -> None:
        self._inner: Any = inner
        self._bridge = here()
        self._state = _State(aio, inner)
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
        exc = _exception(*args)
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
        if state.kind is _RETURNED or state.kind is _RAISED:
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
        if kind is _YIELDED:
            return value
        self._worker = None
        state.kind = kind  # for ever
        if kind is _RETURNED:
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


def green_task_factory(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, T], **kwargs: Any
) -> asyncio.Task[T]:
    """Make every task of a loop green: ``loop.set_task_factory(bridge.green_task_factory)``.

    Keyword arguments are those of ``asyncio.Task``, ``eager_start`` (Python
    3.12) too; on uvloop that is heeded only inside a task.
    """
    if "eager_start" in kwargs and not _may_start_eagerly(loop, kwargs["eager_start"]):
        del kwargs["eager_start"]
    return asyncio.Task(GreenCoroutine(loop, coro), loop=loop, **kwargs)


def _may_start_eagerly(aio: asyncio.AbstractEventLoop, wanted: bool | None) -> bool:
    """Tell whether the first step may run at once.

    Not in a protocol's callback on uvloop: libuv's poll keeps pointers into
    the C stack, which a switch of greenlets moves away.
    """
    if not wanted:
        return False
    return type(aio).__module__.partition(".")[0] != "uvloop" or asyncio.current_task(aio) is not None


def create_green_task(
    coro: Coroutine[Any, Any, T],
    *,
    name: str | None = None,
    context: Context | None = None,
    loop: asyncio.AbstractEventLoop | None = None,
) -> asyncio.Task[T]:
    """Start a task whose coroutine may call what blocks in gevent; only that task waits then.

    :param name: the task's name
    :param context: the context it runs in; default a copy of the caller's
    :param loop: default the running loop
    :raises NoHostLoopError: if no asyncio loop runs here and *loop* is not given
    :raises LoopSelectionError: if gevent runs on another event loop
    """
    if not asyncio.iscoroutine(coro):
        raise TypeError(f"create_green_task() needs a coroutine, not {coro!r}.")
    if loop is None:
        try:
            loop = running_loop("bridge.create_green_task()")
        except BaseException:
            coro.close()
            raise
    return green_task_factory(loop, coro, name=name, context=context)


def green(fn: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a coroutine function call what blocks in gevent, in whichever task awaits it.

    The task itself need not be green: the function's code is, with everything
    it awaits, and the task waits meanwhile.

    :raises TypeError: if *fn* is not a coroutine function
    """
    if not inspect.iscoroutinefunction(fn):
        raise TypeError(f"@green needs a coroutine function (async def), not {fn!r}.")

    @functools.wraps(fn)
    async def awaited(*args: P.args, **kwargs: P.kwargs) -> T:
        if isinstance(getcurrent(), Worker):
            return await fn(*args, **kwargs)
        aio = _get_running_loop()
        if aio is None:
            raise WrongContextError(f"{fn.__qualname__} is a green coroutine and needs an asyncio task.")
        return await GreenCoroutine(aio, fn(*args, **kwargs))

    return awaited
