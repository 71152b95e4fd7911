"""What the loop has to do: callbacks, detected events, timers, descriptors, phases.

No greenlet is switched here.  :meth:`Scheduler._run_pass` runs queued work in
whatever greenlet calls it (the hub), :meth:`Scheduler._settle` passes on to
asyncio what has changed, when the host has control again.

Order inside one full pass, as libev has it where programs can tell: prepare,
callbacks, events, checks, timers, idle.
"""

from __future__ import annotations

import sys
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

from gevent.exceptions import HubDestroyed
from greenlet import GreenletExit

from bridge._callbacks import CallbackQueue, callback, new_callback
from bridge._clock import monotonic
from bridge._compat import get_native_ident
from bridge._poller import READ, WRITE, Poller
from bridge._state import LoopState
from bridge._types import Cancellable, ErrorHandler, Fireable, HostLoop
from bridge._watchers.io import FdEntry, new_io
from bridge._watchers.io import io as io_watcher
from bridge._watchers.timer import new_timer
from bridge._watchers.timer import timer as timer_watcher
from bridge._watchers.timer_heap import TimerHeap

__all__ = ["Scheduler"]

# How many callbacks run between looks at the clock, as in gevent's loops.
_CALLBACKS_PER_LOOK = 50
_INFINITY = float("inf")
# asyncio's and uvloop's timers count milliseconds; below this the loop turns once more instead.
_SHORTEST_SLEEP = 0.00005


class Scheduler(LoopState):
    """Queues and tables of one loop; used only in the loop's own thread except where noted."""

    def __init__(self) -> None:
        super().__init__()
        self.error_handler: ErrorHandler | None = None
        self._thread_ident = get_native_ident()
        # Work.
        self._callbacks = CallbackQueue()
        self._incoming: deque[callback] = deque()  # from other threads
        self._fired: deque[Fireable] = deque()
        self._expired: deque[timer_watcher] = deque()
        self._timers = TimerHeap()
        self._held: set[object] = set()
        # Descriptors.
        self._fds: dict[int, FdEntry] = {}
        self._dirty: list[FdEntry] = []
        self._always_ready: list[FdEntry] = []
        self._on_uvloop = False
        self._poller: Poller | None = None
        # Phases.
        self._prepares: list[Any] = []
        self._checks: list[Any] = []
        self._idles: list[Any] = []
        self._passes = 0
        self._want_pass = False
        # What asyncio knows of us.
        self._drain_queued = False
        self._wake_sent = False
        self._armed_at = _INFINITY
        self._timer_handle: Cancellable | None = None
        self._events_seen = 0
        self._idle_mark = 0
        self._interrupted = False  # a direct run ended; stop the pass and hand back at once

    # -- to be supplied by the trampoline ----------------------------------

    def _drain(self) -> None:
        raise NotImplementedError

    def _on_timer(self) -> None:
        raise NotImplementedError

    # -- services for watchers ----------------------------------------------

    def io(self, fd: int, events: int, ref: bool = True, priority: int | None = None) -> io_watcher:
        """Watch a descriptor: 1 readable, 2 writable, 3 both."""
        return new_io(self, fd, events, ref, priority)

    def timer(
        self, after: float, repeat: float = 0.0, ref: bool = True, priority: int | None = None
    ) -> timer_watcher:
        """Call back after *after* seconds, then every *repeat* seconds (0.0: once)."""
        return new_timer(self, after, repeat, ref, priority)

    def _hold(self, w: object) -> None:
        """Keep a started watcher alive that no other table holds."""
        self._held.add(w)

    def _release(self, w: object) -> None:
        self._held.discard(w)

    def _add_timer(self, t: timer_watcher, due: float) -> None:
        self._timers.push(t, due)
        if not self._scheduled and due < self._armed_at:
            self._schedule()

    def _cancel_timer(self, t: timer_watcher) -> None:
        self._timers.remove(t)

    def _fd_entry(self, fd: int) -> FdEntry:
        entry = self._fds.get(fd)
        if entry is None:
            entry = self._fds[fd] = FdEntry(self, fd)
        return entry

    def _mark_dirty(self, entry: FdEntry) -> None:
        entry.dirty = True
        self._dirty.append(entry)
        if not self._scheduled:
            self._schedule()

    def _fire_soon(self, w: Fireable) -> None:
        """Queue a detected event; own thread only."""
        self._fired.append(w)
        if not self._scheduled:
            self._schedule()

    def _fire_threadsafe(self, w: Fireable) -> None:
        """Queue a detected event from any thread or signal handler, and wake the loop."""
        self._fired.append(w)
        self._wake_threadsafe()

    def _wake_threadsafe(self) -> None:
        # The queue was appended to first: whoever binds a loop later sees it.
        if self._wake_sent:
            return
        aio = self._aio
        if aio is None:
            return
        self._wake_sent = True
        try:
            aio.call_soon_threadsafe(self._drain)
        except RuntimeError:  # closed meanwhile; the next loop to be bound drains
            self._wake_sent = False

    def _enter_phase(self, name: str, w: object) -> int:
        self._phase(name).append(w)
        self._want_pass = True
        if not self._scheduled:
            self._schedule()
        return self._passes

    def _leave_phase(self, name: str, w: object) -> None:
        self._phase(name).remove(w)

    def _phase(self, name: str) -> list[Any]:
        return {"prepare": self._prepares, "check": self._checks, "idle": self._idles}[name]

    def _phase_watchers(self) -> list[Any]:
        return [*self._prepares, *self._checks, *self._idles]

    # -- errors ---------------------------------------------------------------

    def handle_error(self, context: object, type: Any, value: Any, tb: Any) -> None:
        """Pass an error to the hub (ILoop); without a hub print it."""
        handler = self.error_handler
        if handler is not None:
            # Looked up every time: programs set ``hub.handle_error``.
            report: Any = getattr(handler, "handle_error", handler)
            report(context, type, value, tb)
            return
        if type is not None and issubclass(type, HubDestroyed):
            raise value
        traceback.print_exception(type, value, tb)
        self._stop_unhandled()

    def _stop_unhandled(self) -> None:
        """Hook: an error met no error handler."""

    def _report(self, context: object) -> None:
        """Report the exception being handled; nothing but HubDestroyed and a kill of the hub gets out."""
        exc_type, exc, tb = sys.exc_info()
        try:
            if exc_type is not None and issubclass(exc_type, HubDestroyed):
                assert exc is not None
                raise exc
            try:
                self.handle_error(context, exc_type, exc, tb)
            except (HubDestroyed, GreenletExit):
                raise
            except BaseException:
                self._print_quietly()  # a broken hub.handle_error must not end the hub
        finally:
            del exc_type, exc, tb

    @staticmethod
    def _print_quietly() -> None:
        """Print the exception being handled; stderr may be broken too."""
        try:
            traceback.print_exc()
        except BaseException:
            pass

    # -- callbacks ---------------------------------------------------------------

    def run_callback(self, func: Callable[..., object], *args: Any) -> callback:
        """Run ``func(*args)`` in the hub before it polls next; FIFO (ILoop)."""
        if self._closed:
            self._check_alive()
        cb = new_callback(func, args)
        self._callbacks.append(cb)
        if not self._scheduled:
            self._schedule()
        return cb

    def run_callback_threadsafe(self, func: Callable[..., object], *args: Any) -> callback:
        """Like :meth:`run_callback`, callable from any thread; wakes the loop (ILoop)."""
        self._check_alive()
        cb = callback(func, args)
        self._incoming.append(cb)
        self._wake_threadsafe()
        return cb

    def _take_incoming(self) -> None:
        incoming = self._incoming
        while incoming:
            self._callbacks.append(incoming.popleft())

    def _call_failed(self, cb: callback) -> None:
        try:
            self._report(cb)
        finally:
            cb.args = None

    def _run_callbacks(self) -> bool:
        """Run a bounded batch.  True: a direct run ended, hand back at once (so for all ``_run_*``)."""
        queue = self._callbacks
        left = _CALLBACKS_PER_LOOK
        give_up_at = 0.0
        while True:
            # No call here: the interpreter looks for signals after one, and a
            # KeyboardInterrupt would lose the callback.
            cb = queue.first
            if cb is None:
                break
            following = cb.following
            queue.first = following
            if following is None:
                queue.last = None
            cb.following = None
            queue.count -= 1
            func = cb.callback
            args = cb.args
            if func is None or args is None:
                continue  # stopped while queued
            cb.callback = None
            try:
                func(*args)
            except BaseException:
                self._call_failed(cb)
            cb.args = None
            if self._interrupted:
                return True
            left -= 1
            if not left:
                now = monotonic()
                if give_up_at == 0.0:
                    give_up_at = now + sys.getswitchinterval()
                elif now >= give_up_at:
                    break
                left = _CALLBACKS_PER_LOOK
        return False

    # -- events -------------------------------------------------------------------

    def _run_fired(self) -> bool:
        fired = self._fired
        for _ in range(len(fired)):
            if not fired:
                break
            item = fired[0]
            del fired[0]
            self._events_seen += 1
            if isinstance(item, FdEntry):
                entry: FdEntry = item  # by far the most; a call through C in the compiled build
                entry._fire()
            else:
                item._fire()
            if self._interrupted:
                return True
        return False

    # -- timers --------------------------------------------------------------------

    def _run_timers(self) -> bool:
        now = monotonic()
        if not self._expired and self._timers.next_due() > now:
            return False
        expired = self._expired
        late: list[timer_watcher] = []
        for t in self._timers.pop_due(now):
            if t._priority < 0:
                late.append(t)  # gevent.Timeout: whatever else is due goes first
            else:
                expired.append(t)
        if late:
            expired.extend(late)
        return self._run_expired(now)

    def _run_expired(self, now: float) -> bool:
        expired = self._expired
        while expired:
            t: timer_watcher = expired.popleft()
            if not t._take_turn():
                continue
            self._events_seen += 1
            t._expire(now)
            if self._interrupted:
                return True
        return False

    # -- one pass ---------------------------------------------------------------------

    def _run_pass(self) -> bool:
        """Run what is queued and what is ready; True if there was something, so more may be by now."""
        self._passes += 1
        self._want_pass = False
        seen = self._events_seen
        busy = False
        if self._prepares:
            self._run_phase(self._prepares)
        if self._incoming:
            self._take_incoming()
        if self._callbacks.count:
            busy = True
            if self._run_callbacks():
                return True
        # Descriptors before timers, so that data that has come beats a Timeout that is due.
        self._poll()
        if self._fired and self._run_fired():
            return True
        if self._checks:
            self._run_phase(self._checks)
        if (self._timers.count or self._expired) and self._run_timers():
            return True
        if self._idles:
            self._run_idle()
        return busy or self._events_seen != seen

    def _run_phase(self, watchers: list[Any]) -> None:
        passes = self._passes
        for w in tuple(watchers):
            if w._active:
                if w._since < passes:
                    w._fire()
                else:
                    self._want_pass = True

    def _run_idle(self) -> None:
        busy = self._events_seen != self._idle_mark
        self._idle_mark = self._events_seen
        if not busy and not self._callbacks.count and not self._fired:
            self._run_phase(self._idles)

    def _has_queued(self) -> bool:
        """Whether something is queued that needs neither a poll nor the time to pass."""
        if self._callbacks.count or self._incoming:
            return True
        return bool(self._fired or self._expired)

    def _has_work(self) -> bool:
        """Whether a pass would run something now."""
        # Not one expression: mixed with numbers its parts would become Python objects when compiled.
        if self._callbacks.count or self._want_pass:
            return True
        if self._incoming or self._fired or self._expired:
            return True
        return bool(self._always_ready or self._idles)

    def _alive(self) -> bool:
        """Whether run() must go on: active referenced watchers, or queued work."""
        if self._refs > 0 or self._callbacks.count:
            return True
        return bool(self._fired or self._incoming)

    # -- passing changes on to asyncio ------------------------------------------------

    def _settle(self) -> None:
        """Bring asyncio up to date; called in the host as soon as it has control again."""
        aio = self._aio
        if aio is None:
            self._scheduled = False
            return
        if self._dirty:
            self._register_dirty()
        if self._always_ready:
            self._queue_always_ready()
        if self._has_work():
            if not self._drain_queued:
                self._drain_queued = True
                aio.call_soon(self._drain)
            self._scheduled = True
            return
        self._scheduled = self._drain_queued
        if self._timers.count:
            self._arm_timer(aio)

    def _arm_timer(self, aio: HostLoop) -> None:
        due = self._timers.next_due()
        if due >= self._armed_at or due == _INFINITY:
            return
        handle = self._timer_handle
        if handle is not None:
            handle.cancel()
        delay = due - monotonic()
        if delay <= _SHORTEST_SLEEP:
            self._timer_handle = None
            self._armed_at = _INFINITY
            if not self._drain_queued:
                self._drain_queued = True
                self._scheduled = True
                aio.call_soon(self._drain)
            return
        self._armed_at = due
        self._timer_handle = aio.call_later(delay if delay > 0.001 else 0.001, self._on_timer)

    def _disarm_timer(self) -> None:
        handle = self._timer_handle
        self._timer_handle = None
        self._armed_at = _INFINITY
        if handle is not None:
            handle.cancel()

    def _queue_always_ready(self) -> None:
        still = [entry for entry in self._always_ready if entry.watchers]
        self._always_ready = still
        for entry in still:
            entry.ready = entry.wanted
            if not entry.queued:
                entry.queued = True
                self._fired.append(entry)

    def _register_dirty(self) -> None:
        dirty = self._dirty
        self._dirty = []
        for entry in dirty:
            entry.dirty = False
            self._register(entry)

    def _register(self, entry: FdEntry) -> None:
        if entry.dead:
            return
        wanted = entry.wanted
        fd = entry.fd
        poller = self._poller
        if poller is None:
            poller = self._poller = self._new_poller()
        try:
            if entry.renew:
                entry.renew = False
                poller.watch(fd, entry.registered, 0)
                entry.registered = 0
            if not entry.watchers:
                had, entry.registered = entry.registered, 0
                entry.always_ready = False
                if self._fds.get(fd) is entry:
                    del self._fds[fd]
                poller.watch(fd, had, 0)
            elif wanted != entry.registered and not entry.always_ready:
                poller.watch(fd, entry.registered, wanted)
                entry.registered = wanted
        except PermissionError:
            # A regular file: epoll refuses it, select(2) calls it always ready.
            entry.always_ready = True
            self._always_ready.append(entry)
            self._queue_always_ready()
        except OSError:
            # The descriptor is gone (EBADF): the waiters find out best by
            # trying what they wanted to do.
            entry.registered = 0
            entry.failed = True
            entry.ready = wanted
            if not entry.queued:
                entry.queued = True
                self._fired.append(entry)

    def _new_poller(self) -> Poller:
        """Make the poll descriptor, and have the bound asyncio loop watch it."""
        raise NotImplementedError

    def _poll(self) -> None:
        """Queue the events of all descriptors that are ready now."""
        if self._dirty:
            self._register_dirty()
        poller = self._poller
        if poller is None or not poller.count:
            return
        for index in range(poller.collect()):
            fd = poller.fd_at(index)
            entry = self._fds.get(fd)
            if entry is None:
                poller.forget(fd)
                continue
            entry.ready |= poller.ready_at(index)
            if not entry.queued:
                entry.queued = True
                self._fired.append(entry)

    # -- descriptors about to be closed ----------------------------------------------

    def closing_fd(self, fd: int) -> bool:
        """The descriptor is about to be closed (ILoop).

        Wakes everyone who waits on it.  True means somebody did: close it from
        a ``check`` watcher, after those events have run.
        """
        entry = self._fds.get(fd)
        if entry is None:
            return False
        if entry.registered and self._poller is not None:
            self._poller.watch(fd, entry.registered, 0)
        entry.registered = 0
        if not entry.watchers:
            return False
        # New watchers of this number belong to whatever is opened next.
        del self._fds[fd]
        entry.dead = True
        entry.ready = READ | WRITE
        if not entry.queued:
            entry.queued = True
            self._fired.append(entry)
        self._want_pass = True
        if not self._scheduled:
            self._schedule()
        return True
