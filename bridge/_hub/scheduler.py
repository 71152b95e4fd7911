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
from time import monotonic
from typing import Any

from gevent.exceptions import HubDestroyed
from greenlet import GreenletExit

from bridge._callbacks import CallbackQueue, callback
from bridge._compat import get_native_ident
from bridge._poller import READ, WRITE, Poller
from bridge._state import LoopState
from bridge._timer_heap import TimerHeap
from bridge._types import Cancellable, ErrorHandler, Fireable, HostLoop
from bridge._watchers.io import FdEntry
from bridge._watchers.io import io as io_watcher
from bridge._watchers.timer import timer as timer_watcher

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
        self._aio: HostLoop | None = None
        # Work.
        self._callbacks = CallbackQueue()
        self._incoming: deque[callback] = deque()  # from other threads
        self._fired: deque[Fireable] = deque()
        self._expired: deque[list[Any]] = deque()
        self._timers = TimerHeap()
        self._held: set[object] = set()
        # Descriptors.
        self._fds: dict[int, FdEntry] = {}
        self._dirty: list[FdEntry] = []
        self._always_ready: list[FdEntry] = []
        self._on_uvloop = False
        self._poller: Poller | None = None
        # Phases.
        self._phases: dict[str, list[Any]] = {"prepare": [], "check": [], "idle": []}
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
        return io_watcher(self, fd, events, ref, priority)

    def timer(
        self, after: float, repeat: float = 0.0, ref: bool = True, priority: int | None = None
    ) -> timer_watcher:
        """Call back after *after* seconds, then every *repeat* seconds (0.0: once)."""
        return timer_watcher(self, after, repeat, ref, priority)

    def _hold(self, w: object) -> None:
        """Keep a started watcher alive that no other table holds."""
        self._held.add(w)

    def _release(self, w: object) -> None:
        self._held.discard(w)

    def _add_timer(self, due: float, t: timer_watcher) -> list[Any]:
        entry = self._timers.push(due, t)
        if not self._scheduled and due < self._armed_at:
            self._schedule()
        return entry

    def _cancel_timer(self, entry: list[Any]) -> None:
        self._timers.cancel(entry)

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
        self._phases[name].append(w)
        self._want_pass = True
        if not self._scheduled:
            self._schedule()
        return self._passes

    def _leave_phase(self, name: str, w: object) -> None:
        self._phases[name].remove(w)

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
        cb = callback(func, args)
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
                self._report(cb)
            finally:
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
        late: list[list[Any]] = []
        for entry in self._timers.pop_due(now):
            if entry[2]._priority < 0:
                late.append(entry)  # gevent.Timeout: whatever else is due goes first
            else:
                expired.append(entry)
        expired.extend(late)
        return self._run_expired(now)

    def _run_expired(self, now: float) -> bool:
        expired = self._expired
        while expired:
            entry = expired.popleft()
            due = entry[0]
            t = self._timers.settle(entry)
            if t is None:
                continue
            self._events_seen += 1
            t._expire(due, now)  # type: ignore[attr-defined]
            if self._interrupted:
                return True
        return False

    # -- one pass ---------------------------------------------------------------------

    def _run_pass(self) -> bool:
        """Run what is queued and what is ready; True if there was something, so more may be by now."""
        self._passes += 1
        self._want_pass = False
        phases = self._phases
        seen = self._events_seen
        busy = False
        if phases["prepare"]:
            self._run_phase("prepare")
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
        if phases["check"]:
            self._run_phase("check")
        if (self._expired or self._timers._entries) and self._run_timers():
            return True
        if phases["idle"]:
            self._run_idle()
        return busy or self._events_seen != seen

    def _run_phase(self, name: str) -> None:
        passes = self._passes
        for w in tuple(self._phases[name]):
            if w._active:
                if w._since < passes:
                    w._fire()
                else:
                    self._want_pass = True

    def _run_idle(self) -> None:
        busy = self._events_seen != self._idle_mark
        self._idle_mark = self._events_seen
        if not busy and not self._callbacks.count and not self._fired:
            self._run_phase("idle")

    def _has_queued(self) -> bool:
        """Whether something is queued that needs neither a poll nor the time to pass."""
        return bool(self._callbacks.count or self._incoming or self._fired or self._expired)

    def _has_work(self) -> bool:
        """Whether a pass would run something now."""
        return bool(
            self._callbacks.count
            or self._incoming
            or self._fired
            or self._expired
            or self._want_pass
            or self._always_ready
            or self._phases["idle"]
        )

    def _alive(self) -> bool:
        """Whether run() must go on: active referenced watchers, or queued work."""
        return bool(self._refs > 0 or self._callbacks.count or self._fired or self._incoming)

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
        if self._timers._entries:
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
        for fd, ready in poller.ready():
            entry = self._fds.get(fd)
            if entry is None:
                poller.forget(fd)
                continue
            entry.ready |= ready
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
