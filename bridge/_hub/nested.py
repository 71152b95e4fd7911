"""asyncio loops that run inside ordinary greenlets, any number at once.

Such a loop does not poll.  Where asyncio would block in its selector, the
greenlet parks like any other, with gevent watchers on the loop's descriptors,
and whoever hosts the thread polls for everybody.

asyncio keeps the running loop and the hooks for asynchronous generators in
one slot per native thread.  They belong to the nested loop only while its
greenlet runs, so they are taken out whenever it parks (:class:`_Slots`) and
sibling greenlets never see them.  The current task needs no such care up to
Python 3.13: asyncio files it under its loop.

uvloop polls in C and cannot be told to park.
"""

from __future__ import annotations

import asyncio
import asyncio.events
import functools
import inspect
import selectors
import sys
from asyncio.events import _get_running_loop
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any, TypeVarTuple

from gevent._hub_local import get_hub_if_exists
from gevent.hub import Hub, get_hub
from greenlet import getcurrent, greenlet

from bridge._compat import base_policy
from bridge._errors import WrongContextError
from bridge._hub.current_task import hide_loop, show_loop
from bridge._hub.leftovers import install_shared_look
from bridge._hub.swapping import Swapping
from bridge._watchers.io import READ, WRITE, io

__all__ = [
    "NestedLoop",
    "in_nested_place",
    "install_nested_loops",
    "is_nested",
    "must_nest",
    "run_nested",
]

_Ts = TypeVarTuple("_Ts")

_MISSING = object()
_OWN_LOOP = "_bridge_event_loop"  # in a greenlet's __dict__
# A loop that watches no descriptor may turn so often before others have their turn: the many
# short turns in which asyncio.run() winds up would each cost two switches.
_TURNS_AT_A_STRETCH = 8


def in_nested_place() -> bool:
    """Tell whether an asyncio loop that starts to run here has to share the thread with others.

    True in ordinary greenlets of a hub; False in the greenlet that made the
    hub, in the root greenlet, in hosts and in the hub itself.
    """
    me = getcurrent()
    if me.parent is None:
        return False
    hub: Any = get_hub_if_exists()
    if hub is None or me is hub.parent or isinstance(me, Hub):
        return False
    driver = getattr(hub.loop, "_driver", _MISSING)
    return driver is not _MISSING and me is not driver


class _Slots:
    """What asyncio keeps per native thread, swapped as one greenlet parks and goes on.

    ``leave`` and ``enter`` run in the greenlet itself or just before it is
    switched to; each does nothing when it has been done already.
    """

    __slots__ = ("_hooks", "_inside", "_loop", "_outer", "_outer_hooks", "_outer_task", "_task")

    def __init__(self, aio: Any) -> None:
        self._loop = aio
        self._outer: Any = None
        self._outer_hooks: Any = sys.get_asyncgen_hooks()
        self._hooks: Any = self._outer_hooks
        self._inside = True
        self._task: Any = None
        self._outer_task: Any = None

    def leave(self) -> None:
        if self._inside:
            self._inside = False
            self._hooks = sys.get_asyncgen_hooks()
            sys.set_asyncgen_hooks(*self._outer_hooks)
            running = _get_running_loop()
            self._task = hide_loop(running if running is self._loop else None)
            show_loop(self._outer, self._outer_task)

    def enter(self) -> None:
        if not self._inside:
            self._inside = True
            self._outer = _get_running_loop()
            self._outer_hooks = sys.get_asyncgen_hooks()
            sys.set_asyncgen_hooks(*self._hooks)
            self._outer_task = hide_loop(self._outer)
            show_loop(self._loop, self._task)

    def end(self) -> None:
        """The loop has stopped: leave the thread as it was when the greenlet was last switched to."""
        self._inside = False
        sys.set_asyncgen_hooks(*self._outer_hooks)
        show_loop(self._outer, self._outer_task)


class NestedSelector(selectors.BaseSelector):
    """A selector whose ``select`` parks the greenlet.

    A descriptor that was reported is watched again by the next ``select``
    only, so one the loop does not look after for a while costs nothing.
    """

    def __init__(self) -> None:
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._watchers: dict[int, io] = {}
        self._ready: dict[int, int] = {}
        self._hub: Any = None
        self._slots: _Slots | None = None
        self._parked: greenlet | None = None
        self._woken = False
        self._resuming = False
        self._turns = 0

    # -- the selector interface ------------------------------------------------

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} (FD {fd}) is already registered")
        key = selectors.SelectorKey(fileobj, fd, events, data)
        if self._hub is not None:
            self._watch(fd, events)
        self._keys[fd] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = self.get_key(fileobj)
        del self._keys[key.fd]
        self._unwatch(key.fd)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = self.get_key(fileobj)
        if key.events != events:
            watcher = self._watchers.get(key.fd)
            if watcher is not None:
                watcher.stop()
                watcher.events = _mask(events)
                watcher.start(self._on_ready, key.fd, pass_events=True)
            self._ready.pop(key.fd, None)
        key = self._keys[key.fd] = key._replace(events=events, data=data)
        return key

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        try:
            return self._keys[fd]
        except KeyError:
            raise KeyError(f"{fileobj!r} is not registered") from None

    def close(self) -> None:
        for fd in list(self._watchers):
            self._unwatch(fd)
        self._keys.clear()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        slots = self._slots
        assert slots is not None
        for fd in self._ready:
            watcher = self._watchers.get(fd)
            if watcher is not None and not watcher.active:
                watcher.start(self._on_ready, fd, pass_events=True)
        self._ready.clear()
        blocking = timeout is None or timeout > 0
        if not blocking and not self._keys and self._turns < _TURNS_AT_A_STRETCH:
            self._turns += 1
            return []
        self._turns = 0
        slots.leave()
        try:
            if blocking:
                self._park(timeout)
            else:
                self._pass_turn()
        finally:
            slots.enter()
        keys = self._keys
        return [
            (keys[fd], keys[fd].events & (ready & READ and _R) | keys[fd].events & (ready & WRITE and _W))
            for fd, ready in self._ready.items()
            if fd in keys
        ]

    # -- parking -----------------------------------------------------------------

    def bind(self, hub: Any, slots: _Slots) -> None:
        """The loop starts to run, in a greenlet of *hub*."""
        self._slots = slots
        if hub is not self._hub:
            for fd in list(self._watchers):
                self._unwatch(fd)
            self._hub = hub
            for fd, key in self._keys.items():
                self._watch(fd, key.events)

    def unbind(self) -> None:
        """The loop has stopped.  Its descriptors stay watched: usually it goes on in a moment."""
        self._slots = None

    @property
    def parked(self) -> bool:
        return self._parked is not None

    def wake(self) -> None:
        """Let the parked loop look at its queue; from greenlets of the same thread."""
        self._woken = True
        if self._parked is not None and not self._resuming:
            self._resuming = True
            self._hub.loop.run_callback(self._resume)

    def wake_threadsafe(self) -> None:
        """Let the loop look at its queue; from any thread, and from signal handlers."""
        self._woken = True
        hub = self._hub
        if hub is not None and not self._resuming:
            loop = hub.loop
            if loop is not None:
                self._resuming = True
                loop.run_callback_threadsafe(self._resume)

    def _park(self, timeout: float | None) -> None:
        hub = self._hub
        loop = hub.loop
        timer = loop.timer(timeout) if timeout is not None else None
        self._parked = getcurrent()
        # Another thread may be all that is going to wake us.
        loop.ref()
        try:
            if timer is not None:
                timer.start(self._resume)
            if not self._woken:
                hub.switch()
        finally:
            self._parked = None
            self._woken = False
            loop.unref()
            if timer is not None:
                timer.close()

    def _pass_turn(self) -> None:
        """The loop has more to do: let all others, and the poll, have a turn first."""
        self._parked = getcurrent()
        if not self._resuming:
            self._resuming = True
            self._hub.loop.run_callback(self._resume)
        try:
            self._hub.switch()
        finally:
            self._parked = None
            self._woken = False

    def _resume(self) -> None:
        self._resuming = False
        parked = self._parked
        if parked is not None:
            parked.switch()

    # -- descriptors ---------------------------------------------------------------

    def _watch(self, fd: int, events: int) -> None:
        watcher = self._watchers[fd] = self._hub.loop.io(fd, _mask(events))
        watcher.start(self._on_ready, fd, pass_events=True)

    def _unwatch(self, fd: int) -> None:
        self._ready.pop(fd, None)
        watcher = self._watchers.pop(fd, None)
        if watcher is not None:
            watcher.stop()
            entry = watcher.loop._fds.get(fd)
            if entry is not None and not entry.watchers:
                # The caller is likely to close the descriptor now; whoever polls must have forgotten it.
                watcher.loop.closing_fd(fd)

    def _on_ready(self, ready: int, fd: int) -> None:
        self._ready[fd] = ready
        watcher = self._watchers[fd]
        watcher.stop()
        self.wake()  # not resumed at once: the same poll may have found other descriptors ready


_R: int = selectors.EVENT_READ
_W: int = selectors.EVENT_WRITE


def _mask(events: int) -> int:
    return (events & _R and READ) | (events & _W and WRITE)


class NestedLoop(asyncio.SelectorEventLoop):
    """What ``asyncio.run`` uses inside a greenlet: a selector loop without descriptors of its own."""

    _selector: NestedSelector
    _ssock = None
    _csock = None

    def __init__(self) -> None:
        super().__init__(NestedSelector())
        self._signal_watchers: dict[int, Any] = {}

    # -- waking: no socket pair ----------------------------------------------------

    def _make_self_pipe(self) -> None:
        pass

    def _close_self_pipe(self) -> None:
        pass

    def _write_to_self(self) -> None:
        selector = self._selector
        if selector is not None:
            selector.wake_threadsafe()

    def call_soon(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = super().call_soon(callback, *args, context=context)
        if self._selector._parked is not None:
            self._selector.wake()
        return handle

    def call_at(
        self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = super().call_at(when, callback, *args, context=context)
        if self._selector._parked is not None:
            self._selector.wake()  # it may be due before what the loop waits for
        return handle

    # -- signals: asyncio would take over the process's wake-up descriptor ------------

    def add_signal_handler(self, sig: int, callback: Callable[[*_Ts], object], *args: *_Ts) -> None:
        """Call back when the signal arrives; several loops may watch the same one."""
        if asyncio.iscoroutine(callback) or inspect.iscoroutinefunction(callback):
            raise TypeError("coroutines cannot be used with add_signal_handler()")
        self._check_signal(sig)  # type: ignore[attr-defined]
        self._check_closed()  # type: ignore[attr-defined]
        self.remove_signal_handler(sig)
        handle = asyncio.Handle(callback, args, self)
        try:
            watcher = get_hub().loop.signal(sig, ref=False)
            watcher.start(self._on_signal, handle)
        except ValueError as exc:
            raise RuntimeError(f"sig {sig} cannot be caught: {exc}") from exc
        self._signal_watchers[sig] = watcher

    def remove_signal_handler(self, sig: int) -> bool:
        self._check_signal(sig)  # type: ignore[attr-defined]
        watcher = self._signal_watchers.pop(sig, None)
        if watcher is None:
            return False
        watcher.close()
        return True

    def _on_signal(self, handle: asyncio.Handle) -> None:
        if not handle.cancelled():
            self._add_callback_signalsafe(handle)  # type: ignore[attr-defined]

    # -- life ------------------------------------------------------------------------

    def close(self) -> None:
        if not self.is_running():
            for sig in list(self._signal_watchers):
                self.remove_signal_handler(sig)
        super().close()


def must_nest(aio: Any, hosted: bool) -> bool:
    """Tell whether *aio*, about to run in the current greenlet, has to share the thread.

    :param hosted: another loop hosts this thread already
    :raises WrongContextError: if it has to and cannot
    """
    if isinstance(aio, NestedLoop):
        return True
    if not in_nested_place():
        return False
    if isinstance(aio, BaseSelectorEventLoop):
        return True
    if hosted:
        raise WrongContextError(
            f"{type(aio).__module__}.{type(aio).__qualname__} cannot run inside a greenlet while another "
            "asyncio loop hosts this thread, because it polls by itself. Write asyncio.run(main()) without a "
            "loop_factory, which uses a loop that can, or bridge.wait(main()) to run it on the host's loop."
        )
    return False


def is_nested(aio: Any) -> bool:
    """Tell whether *aio* runs nested, so cannot host the thread."""
    return type(getattr(aio, "_selector", None)) is NestedSelector


def run_nested(original: Callable[[Any], None], aio: Any) -> None:
    """Run *aio*, for which :func:`must_nest` said yes; *original* is ``run_forever`` of its class."""
    own = None if isinstance(aio, NestedLoop) else _lend_selector(aio)
    slots = _Slots(aio)
    slots._outer = _get_running_loop()
    swapping = Swapping(getcurrent(), slots)
    selector: NestedSelector = aio._selector
    selector.bind(get_hub(), slots)
    try:
        original(aio)
    finally:
        slots.end()
        swapping.undo()
        selector.unbind()
        if own is not None:
            _return_selector(aio, selector, own)


def _lend_selector(aio: Any) -> Any:
    """Give a selector loop, made elsewhere, a selector that parks; return its own."""
    own = aio._selector
    lent = NestedSelector()
    for key in list(own.get_map().values()):
        lent.register(key.fd, key.events, key.data)
    aio._selector = lent
    for name in ("call_soon", "call_at"):
        setattr(aio, name, functools.partial(_waking, getattr(type(aio), name), aio))
    return own


def _return_selector(aio: Any, lent: NestedSelector, own: Any) -> None:
    for name in ("call_soon", "call_at"):
        vars(aio).pop(name, None)
    for key in list(own.get_map().values()):
        own.unregister(key.fileobj)
    keys = list(lent.get_map().values())
    lent.close()
    for key in keys:
        own.register(key.fd, key.events, key.data)
    aio._selector = own


def _waking(method: Callable[..., Any], aio: Any, *args: Any, **kwargs: Any) -> Any:
    handle = method(aio, *args, **kwargs)
    if aio._selector._parked is not None:
        aio._selector.wake()
    return handle


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
