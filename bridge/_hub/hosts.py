"""User loops as hosts: who runs which asyncio loop in this thread.

asyncio tells nobody when a loop starts to run, so ``run_forever`` of
``asyncio.BaseEventLoop`` and of ``uvloop.Loop`` is wrapped (``asyncio.run``,
``Runner.run`` and ``run_until_complete`` all pass through it).  Wrapping
``_set_running_loop`` instead would not do: uvloop binds it in C.

A loop class that brings a ``run_forever`` of its own is adopted when gevent
is first used inside it, and let go when it is closed.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

from gevent._hub_local import get_hub_if_exists
from gevent.hub import Hub, get_hub
from greenlet import getcurrent, greenlet

from bridge._compat import MAIN_THREAD_IDENT, ThreadLocal, get_native_ident
from bridge._hub.closing import wake_parked_on
from bridge._hub.nested import install_nested_loops, is_nested, must_nest, run_nested
from bridge._hub.running_loop import get_running_loop
from bridge._hub.swapping import HostSlots, Swapping
from bridge._hub.trampoline import Trampoline
from bridge._hub.wakeup import install_prompt_wakeups
from bridge._types import HostLoop

__all__ = ["Hosts", "install_hooks", "original_run_forever"]


class _Running(ThreadLocal):  # type: ignore[misc]
    """Per native thread: which greenlet runs which asyncio loop."""

    def __init__(self) -> None:
        self.greenlets: dict[Any, greenlet] = {}


_running = _Running()
_originals: dict[type, Callable[[Any], None]] = {}


def original_run_forever(aio: Any) -> None:
    """Run *aio* without making it a host."""
    for cls in type(aio).__mro__:
        original = _originals.get(cls)
        if original is not None:
            original(aio)
            return
    aio.run_forever()


class Hosts(Trampoline):
    """Which user loops host this thread's hub, innermost last."""

    __slots__ = ("_outer_hosts", "_swapping")

    def __init__(self) -> None:
        super().__init__()
        self._outer_hosts: list[tuple[greenlet, HostLoop]] = []
        self._swapping: Swapping | None = None  # of a host that was entered without our hook
        running = get_running_loop()
        if running is not None:
            # The first use of gevent is inside a loop that was entered without our hook. It must
            # be known before another thread wants to wake us.
            running.call_soon(self._adopt_if_free, running)

    def _adopt_if_free(self, running: Any) -> None:
        if self._aio is None and not self._closed:
            self._adopt_running_loop(running)

    def _is_thread_loop(self) -> bool:
        hub: Any = get_hub_if_exists()
        return hub is not None and hub.loop is self

    def _adopt_running_loop(self, running: Any) -> bool:
        """Make the loop that runs in this thread the host; False if it cannot be."""
        if running is self._private or not self._is_thread_loop() or is_nested(running):
            return False
        host = _running.greenlets.get(running)
        if host is None:
            host = getcurrent()
            self._undo_swapping()
            self._swapping = Swapping(host, HostSlots())
        self._ext = host
        self._ext_aio = running
        self._bind(running)
        return True

    def _undo_swapping(self) -> None:
        if self._swapping is not None:
            self._swapping.undo()
            self._swapping = None

    def shares_thread(self, aio: Any) -> bool:
        """Tell whether *aio* runs in this thread, so its futures may be used directly."""
        return aio is self._ext_aio or aio is self._private or aio in _running.greenlets

    def is_host(self, who: greenlet) -> bool:
        """Tell whether *who* runs the asyncio loop that polls for this thread."""
        return who is self._ext or (who is self._driver and who is not None)

    def run_visible(self, target: greenlet, exc: BaseException | None = None) -> None:
        """Run *target* at once, with the running asyncio loop visible; return when it parks or switches back.

        As :meth:`run_direct`, but *target* may also switch to the caller by
        itself, and the caller may be any greenlet.

        :param exc: raise this in *target* instead of just switching to it
        """
        hub = self._runner
        if hub is None or hub.dead or not hub:
            self._enter_hub()
        me = getcurrent()
        outer, interrupted = self._direct, self._interrupted
        self._direct = me
        self._interrupted = True
        self._scheduled = True
        driving = me is self._driver
        if driving:
            self._driver_running = False
        try:
            if exc is None:
                greenlet.switch(target)
            else:
                greenlet.throw(target, exc)
        finally:
            if driving:
                self._driver_running = True
            self._direct = outer
            self._interrupted = interrupted
            self._settle()

    def _enter_host(self, aio: HostLoop, host: greenlet) -> None:
        if self._ext is not None and self._ext_aio is not None:
            self._outer_hosts.append((self._ext, self._ext_aio))
        self._ext = host
        self._ext_aio = aio
        self._bind(aio)
        self._scheduled = self._drain_queued = True
        aio.call_soon(self._drain)

    def _drop_stopped_host(self) -> bool:
        """Let go of a user loop that ended unseen: it was adopted inside a ``run_forever`` without our hook.

        So it is when the program imports the bridge, or makes its first hub, inside ``asyncio.run``.
        """
        aio = self._ext_aio
        if aio is None or aio.is_running():
            return False
        self._leave_host(aio)
        return True

    def _leave_host(self, aio: HostLoop) -> None:
        if self._ext_aio is not aio:
            self._outer_hosts = [outer for outer in self._outer_hosts if outer[1] is not aio]
            return
        if self._aio is aio:
            self._unbind()
        self._undo_swapping()
        self._ext = self._ext_aio = None
        while self._outer_hosts:
            host, outer = self._outer_hosts.pop()
            if not outer.is_closed() and not host.dead:
                self._enter_host(outer, host)
                return


def _hosts_of_this_thread() -> Hosts | None:
    hub: Any = get_hub_if_exists()
    if hub is None:
        if get_native_ident() != MAIN_THREAD_IDENT or isinstance(getcurrent(), Hub):
            return None
        # The hub's parent is the greenlet that creates it; made here that is the host,
        # so errors that end the program go to the right place.
        hub = get_hub()
    loop = hub.loop
    return loop if isinstance(loop, Hosts) else None


def _wrap(original: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(original)
    def run_forever(self: Any) -> None:
        me = getcurrent()
        hosts = _hosts_of_this_thread()
        if hosts is not None:
            hosts._drop_stopped_host()
        if isinstance(me, Hub) or self.is_running():
            original(self)
            return
        if must_nest(self, hosted=hosts is not None and hosts._ext is not None):
            run_nested(original, self)
            return
        _running.greenlets[self] = me
        swapping = Swapping(me, HostSlots())
        if hosts is not None:
            hosts._enter_host(self, me)
        try:
            original(self)
        finally:
            swapping.undo()
            _running.greenlets.pop(self, None)
            hosts = _hosts_of_this_thread() if hosts is None else hosts
            if hosts is not None:
                hosts._leave_host(self)

    return run_forever


def _wrap_close(original: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(original)
    def close(self: Any) -> None:
        original(self)
        if self.is_closed():
            wake_parked_on(self)

    return close


def install_hooks() -> None:
    """Wrap ``run_forever`` of asyncio's and uvloop's loops, once per process."""
    install_nested_loops()
    install_prompt_wakeups()
    classes: list[type] = [asyncio.BaseEventLoop]
    try:
        import uvloop
    except ImportError:
        pass
    else:
        classes.append(uvloop.Loop)
    for cls in classes:
        if cls not in _originals:
            original = cls.run_forever  # type: ignore[attr-defined]
            _originals[cls] = original
            cls.run_forever = _wrap(original)  # type: ignore[attr-defined]
            cls.close = _wrap_close(cls.close)  # type: ignore[attr-defined]
