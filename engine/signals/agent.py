"""Signals as one process sees them: it registers, sends, waits, and runs handlers in greenlets."""

from __future__ import annotations

import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

from bridge.lowlevel import Greenlet, breathe, current_greenlet
from bridge.sync import Event
from engine.errors import HarakiriError
from engine.signals.wire import Hello, Leaving, Message, Register, Send, Taken, encode
from engine.stats.scoreboard import Column, Row

__all__ = ["Agent", "Handler", "SignalGreenlet", "Transport"]

Handler = Callable[[int], Any]
Transport = Callable[[bytes], bool]
"""Takes an encoded message to the switchboard; False if it cannot take any now."""

# Handlers started in one turn of the loop, so that requests have their turn too.
_BATCH: Final = 64
_GIVE_UP: Final = 10.0  # seconds to wait for a master that does not read
_QUEUE_FULL: Final = "*** SIGNAL QUEUE IS FULL: the master does not read; signal {} is lost ***"


class SignalGreenlet(Greenlet):
    """The greenlet of one handler; ``signum`` is the signal it handles."""

    signum: int = -1


class Agent:
    """One per process; the loop's thread only, except :meth:`send`.

    :param log: writes one line to the server log
    """

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._handlers: dict[int, tuple[str, Handler]] = {}
        self._transport: Transport | None = None
        self._early: list[bytes] = []
        self._waiting: deque[int] = deque()
        self._call_soon: Callable[..., Any] | None = None
        self._start: Callable[[SignalGreenlet], None] = SignalGreenlet.start
        self._draining = False
        self._waiters: list[tuple[int | None, Event, list[int]]] = []
        self._running: set[SignalGreenlet] = set()
        self._idle: Event | None = None
        self.limit: Callable[[int], AbstractContextManager[None]] = lambda number: nullcontext()
        """Surrounds each handler: its deadline, in mules and spoolers."""
        self.worker_id = 0
        self.row: Row | None = None
        self.handled = 0
        """Handlers begun since this process was made."""

    # -- connecting -----------------------------------------------------------------

    def connect(self, transport: Transport) -> None:
        """Send messages this way from now on, first those that could not be sent so far."""
        self._transport = transport
        early, self._early = self._early, []
        for message in early:
            self._post(message)

    def disconnect(self) -> None:
        """Keep messages until :meth:`connect`; after a fork, in the child."""
        self._transport = None

    def serve(self, call_soon: Callable[..., Any], start: Callable[[SignalGreenlet], None]) -> None:
        """Take signals from now on; call in the loop.

        :param call_soon: the asyncio loop's
        :param start: runs a new greenlet, in a callback of the loop
        """
        self._call_soon = call_soon
        self._start = start
        self._post(encode(Hello()))
        if self._waiting:
            self._drain_soon()

    def leave(self) -> None:
        """Take no more signals than are on their way."""
        self._post(encode(Leaving()))

    # -- registering and sending --------------------------------------------------------

    def register(self, number: int, target: str, handler: Handler) -> None:
        """Handle a signal in this process, and in those it forks."""
        self._handlers[number] = (target, handler)
        self._post(encode(Register(number, target)))

    def is_registered(self, number: int) -> bool:
        """Whether this process has a handler for a signal."""
        return number in self._handlers

    def tell(self, message: Message) -> None:
        """Send the switchboard a message: a timer, a cron entry, a file."""
        self._post(encode(message))

    def send(self, number: int) -> None:
        """Raise a signal; any thread and greenlet."""
        data = encode(Send(bytes((number,))))
        if not self._post(data) and not self._post_patiently(data):
            self._log(_QUEUE_FULL.format(number))

    def _post(self, data: bytes) -> bool:
        if self._transport is None:
            self._early.append(data)
            return True
        return self._transport(data)

    def _post_patiently(self, data: bytes) -> bool:
        """The master is behind: let others run until it has read something."""
        give_up = time.monotonic() + _GIVE_UP
        while time.monotonic() < give_up:
            if not _may_block():
                return False
            breathe()
            if self._post(data):
                return True
        return False

    # -- handling -----------------------------------------------------------------------

    def deliver(self, numbers: bytes) -> None:
        """Signals have arrived for this process; call in a callback of the loop."""
        self._waiting.extend(numbers)
        if not self._draining and self._call_soon is not None:
            self._drain()

    def _drain_soon(self) -> None:
        if self._call_soon is not None:
            self._draining = True
            self._call_soon(self._drain)

    def _drain(self) -> None:
        self._draining = False
        count = min(_BATCH, len(self._waiting))
        if not count:
            return
        numbers = [self._waiting.popleft() for _ in range(count)]
        # Before they run: if this process dies now, nobody else handles them again.
        self._post(encode(Taken(count)))
        if self._waiting:
            self._drain_soon()
        for number in numbers:
            self._begin(number)

    def _begin(self, number: int) -> None:
        self.handled += 1
        if self.row is not None:
            self.row[Column.SIGNALS] = self.handled
            self.row[Column.SIGNAL] = number + 1
        greenlet = SignalGreenlet(self._handle, number)
        greenlet.signum = number
        self._running.add(greenlet)
        self._start(greenlet)

    def _handle(self, number: int) -> None:
        try:
            self._call(number)
        finally:
            self._running.discard(current_greenlet())
            if self.row is not None:
                self.row[Column.SIGNAL] = self.running_signal() + 1
            if not self._running and self._idle is not None:
                self._idle.set()
            self._wake_waiters(number)

    def _call(self, number: int) -> None:
        entry = self._handlers.get(number)
        if entry is None:
            self._log(f"error managing signal {number} on worker {self.worker_id}")
            return
        try:
            with self.limit(number):
                entry[1](number)
        except (Exception, HarakiriError):
            self._log("".join(traceback.format_exception(*sys.exc_info())).rstrip())
            self._log(f"error managing signal {number} on worker {self.worker_id}")

    def running_signal(self) -> int:
        """The signal of a handler that still runs, -1 if none does."""
        for greenlet in self._running:
            return greenlet.signum
        return -1

    def wait_handled(self, timeout: float) -> bool:
        """Wait until no handler runs; False if some still do after *timeout* seconds."""
        if not self._running and not self._waiting:
            return True
        self._idle = Event()
        return self._idle.wait(timeout)

    # -- signal_wait ---------------------------------------------------------------------

    def wait(self, number: int | None = None) -> int:
        """Park the greenlet until a signal, or that signal, has been handled here; return its number."""
        event, got = Event(), [-1]
        waiter = (number, event, got)
        self._waiters.append(waiter)
        try:
            event.wait()
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
        return got[0]

    def _wake_waiters(self, number: int) -> None:
        if not self._waiters:
            return
        stay = []
        for waiter in self._waiters:
            wanted, event, got = waiter
            if wanted is None or wanted == number:
                got[0] = number
                event.set()
            else:
                stay.append(waiter)
        self._waiters[:] = stay

    def __repr__(self) -> str:
        return f"<Agent worker={self.worker_id} {len(self._handlers)} handlers, {self.handled} handled>"


def _may_block() -> bool:
    """Whether the caller is in a greenlet, or in a thread of its own."""
    me = current_greenlet()
    return me.parent is not None
