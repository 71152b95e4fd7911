"""Where uwsgi signals are routed: one place for a whole server, in the master or in the only process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from engine.signals.file_monitor import FileMonitor, new_monitor
from engine.signals.lines import IN_FLIGHT, Lines
from engine.signals.registry import Registry, Wishes
from engine.signals.schedule import NEVER, CronTable, TimerTable
from engine.signals.targets import Kind, parse_target
from engine.signals.wire import (
    AddCron,
    AddFile,
    AddTimer,
    Hello,
    Leaving,
    Message,
    Register,
    Send,
    Taken,
    decode,
)

__all__ = ["Deliver", "Elsewhere", "Events", "Switchboard"]

Elsewhere = Callable[[int, str, str, int], bool]
"""Takes number, target, claim and its milliseconds of a signal to all servers; False if it cannot be."""
Deliver = Callable[[bytes], bool]
"""Takes signal numbers to a process; False if it is gone or does not read."""

_CRON_TICK: Final = 1.0
_FILE_TICK: Final = 1.0
# Of several servers with the same timer one raises the signal; the others keep still for so long.
_MOST_OF_A_PERIOD: Final = 0.75
_CRON_CLAIM: Final = 300_000  # milliseconds that the clocks of servers may differ by
_RETRY: Final = 0.05  # seconds until a process that did not take signals is tried again


class Handle(Protocol):
    """What ``call_later`` returns."""

    def cancel(self) -> None: ...


class Events(Protocol):
    """What waits for descriptors and moments: the master's loop, or an asyncio loop."""

    def add_reader(self, fd: int, call: Callable[[], None], /) -> Any: ...
    def call_later(self, delay: float, call: Callable[[], None], /) -> Handle: ...


class Switchboard:
    """Knows all registrations, raises what is due, hands signals to processes.  One thread.

    :param count: how many processes of a kind there are meant to be
    :param log: writes one line to the server log
    """

    def __init__(
        self,
        count: Callable[[Kind], int],
        log: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        monitor: Callable[[], FileMonitor] = new_monitor,
        farms: Callable[[str | int], Iterable[int] | None] = lambda which: None,
    ) -> None:
        self._log = log
        self._clock = clock
        self._wall = wall
        self._new_monitor = monitor
        self._registry = Registry()
        self._wishes = Wishes()
        self._lines = Lines(count, farms)
        self._deliver: dict[int, Deliver] = {}
        self._timers = TimerTable()
        self._cron = CronTable()
        self._files: dict[str, list[int]] = {}
        self._monitor: FileMonitor | None = None
        self._events: Events | None = None
        self._timer_handle: Handle | None = None
        self._timer_at = NEVER
        self._flush_handle: Handle | None = None
        self._ticking = False
        self._ready_to_start: list[AddTimer] = []
        self.routed = self.unrouted = 0
        """Signals that found somebody to handle them, and that found nobody."""
        self.elsewhere: Elsewhere | None = None
        """Where signals go first; they come back through :meth:`route_here`."""

    # -- life -----------------------------------------------------------------------

    def start(self, events: Events) -> None:
        """Begin to raise signals and to hand them out; what was added before counts from now."""
        self._events = events
        for timer in self._ready_to_start:
            self._timers.add(self._clock(), timer.number, timer.seconds, timer.iterations)
        self._ready_to_start.clear()
        self._arm_timers()
        files, self._files = self._files, {}
        for path, numbers in files.items():
            for number in numbers:
                self._watch(number, path)
        self._tick_if_needed()
        self._flush_soon()

    def open(self, process: int, kind: Kind, number: int, deliver: Deliver) -> None:
        """A process takes signals from now on.

        :param process: identifies it, not 0; no two processes have the same, also not one after the other
        """
        self._deliver[process] = deliver
        self._lines.open(process, kind, number)
        self._flush_soon()

    def leave(self, process: int) -> None:
        """A process is about to end: it is sent nothing more."""
        self._lines.leave(process)
        self._flush_soon()

    def close(self, process: int) -> None:
        """A process has ended."""
        self._deliver.pop(process, None)
        self._lines.close(process)
        self._registry.forget(process)
        self._wishes.forget(process)
        self._flush_soon()

    # -- what processes say --------------------------------------------------------------

    def receive(self, process: int, data: bytes, greet: Callable[[], None] | None = None) -> None:
        """Take a message of a process as bytes; *greet* is called if it says that it takes signals."""
        message = decode(data)
        if isinstance(message, Hello):
            if greet is not None:
                greet()
        else:
            self.take(process, message)

    def take(self, process: int, message: Message) -> None:
        """Take a message; *process* is 0 for the master itself."""
        match message:
            case Send(numbers):
                for number in numbers:
                    self.raise_signal(number)
            case Taken(count):
                self._lines.taken(process, count)
                self._flush_soon()
            case Register(number, target):
                if self._registry.register(number, target, process):
                    shown = target or "default, any worker"
                    self._log(
                        f"[uwsgi-signal] signum {number} registered (wid: 0 modifier1: 0 target: {shown})"
                    )
            case AddTimer():
                if self._wishes.add(process, message):
                    self._add_timer(message)
            case AddCron(number, entry):
                if self._wishes.add(process, message):
                    self._cron.add(number, entry)
                    self._tick_if_needed()
            case AddFile(number, path):
                if self._wishes.add(process, message):
                    self._watch(number, path)
            case Leaving():
                self.leave(process)
            case Hello():
                pass

    def raise_signal(self, number: int, claim: str = "", claim_ms: int = 0) -> None:
        """Route one signal.

        :param claim: of several servers that raise the same at about the same time only one is to
        """
        target = self._registry.row(number).target
        if self.elsewhere is None or not self.elsewhere(number, target, claim, claim_ms):
            self.route_here(number, target)

    def route_here(self, number: int, target: str) -> None:
        """Route one signal to processes of this server."""
        row = self._registry.row(number)
        owners = None if row.is_everywhere() else row.owners
        problem = self._lines.route(number, parse_target(target), owners)
        if problem is None:
            self.routed += 1
        else:
            self.unrouted += 1
            self._log(problem)
        self._flush_soon()

    # -- timers and cron -------------------------------------------------------------------

    def _add_timer(self, timer: AddTimer) -> None:
        if self._events is None:
            self._ready_to_start.append(timer)
            return
        self._timers.add(self._clock(), timer.number, timer.seconds, timer.iterations)
        self._arm_timers()

    def _arm_timers(self) -> None:
        when = self._timers.next()
        if self._events is None or when >= self._timer_at:
            return
        if self._timer_handle is not None:
            self._timer_handle.cancel()
        self._timer_at = when
        self._timer_handle = self._events.call_later(max(0.0, when - self._clock()), self._fire_timers)

    def _fire_timers(self) -> None:
        self._timer_handle = None
        self._timer_at = NEVER
        for number, period in self._timers.expired(self._clock()):
            self.raise_signal(number, f"timer:{number}:{period:g}", int(period * _MOST_OF_A_PERIOD * 1000))
        self._arm_timers()

    def _tick_if_needed(self) -> None:
        if self._ticking or self._events is None or not (self._cron or self._files):
            return
        self._ticking = True
        self._events.call_later(min(_CRON_TICK, _FILE_TICK), self._tick)

    def _tick(self) -> None:
        self._ticking = False
        now = self._wall()
        for number in self._cron.due(now, time.localtime(now)):
            self._log(f"[uwsgi-cron] routing signal {number}")
            self.raise_signal(number, f"cron:{number}:{int(now // 60)}", _CRON_CLAIM)
        if self._monitor is not None:
            self._raise_for(self._monitor.poll())
        self._tick_if_needed()

    # -- files -----------------------------------------------------------------------------

    def _watch(self, number: int, path: str) -> None:
        known = path in self._files
        self._files.setdefault(path, []).append(number)
        events = self._events
        if events is None or known:
            return
        if self._monitor is None:
            self._monitor = self._new_monitor()
            if self._monitor.fileno() >= 0:
                events.add_reader(self._monitor.fileno(), self._files_changed)
        problem = self._monitor.add(path)
        if problem is not None:
            self._log(f"[uwsgi-fmon] {problem}")
        self._tick_if_needed()

    def _files_changed(self) -> None:
        if self._monitor is not None:
            self._raise_for(self._monitor.changed())

    def _raise_for(self, paths: list[str]) -> None:
        for path in paths:
            for number in self._files.get(path, ()):
                # The file is on this machine only.
                self.route_here(number, self._registry.row(number).target)

    # -- out --------------------------------------------------------------------------------

    def later(self, delay: float, call: Callable[[], None]) -> bool:
        """Call in the thread of the switchboard; False before :meth:`start`."""
        if self._events is not None:
            self._events.call_later(delay, call)
        return self._events is not None

    def _flush_soon(self) -> None:
        if self._flush_handle is None and self._events is not None:
            self._flush_handle = self._events.call_later(0.0, self._flush)

    def hand_over(self) -> None:
        """Send everything to the processes that run now, whatever they have to do already."""
        self._flush(most=None)
        left = self._lines.pending_here()
        if left:
            self._log(f"{left} uwsgi signals are lost: no process is there to take them")

    def _flush(self, most: int | None = IN_FLIGHT) -> None:
        self._flush_handle = None
        failed = False
        for process, numbers in self._lines.outgoing(most):
            deliver = self._deliver.get(process)
            if deliver is None or not deliver(numbers):
                failed = True
                self._lines.take_back(process, len(numbers))
        if failed and self._events is not None:
            self._flush_handle = self._events.call_later(_RETRY, self._flush)

    def pending(self) -> int:
        """How many signals nobody has begun to handle."""
        return self._lines.pending()

    def __repr__(self) -> str:
        return f"<Switchboard {self._lines!r}, {len(self._timers)} timers>"
