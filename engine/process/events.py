"""What the master waits for: signals, descriptors and moments, in one poll(2).

No asyncio: what runs before a fork must not own threads, loops or sockets that children would
share.  Python's wakeup descriptor turns signals into bytes, so none is lost between two waits.
"""

from __future__ import annotations

import heapq
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from bridge.lowlevel import original

__all__ = ["MasterEvents", "Moment"]

_READABLE: Final = 0x001 | 0x008 | 0x010  # POLLIN, POLLERR, POLLHUP
_WRITABLE: Final = 0x004


class Moment:
    """A call at a moment of the monotonic clock; see :meth:`MasterEvents.call_at`."""

    __slots__ = ("_call", "when")

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Never call."""
        self._call = None

    def fire(self) -> None:
        """Call, once."""
        call, self._call = self._call, None
        if call is not None:
            call()

    def is_cancelled(self) -> bool:
        """Whether nothing will be called."""
        return self._call is None


class MasterEvents:
    """Use in the main thread of one process.

    For parts that live in the master (signal router, timers, stats server): everything they
    register is called from :meth:`wait`, one at a time, and must not block.
    """

    def __init__(self) -> None:
        self._readers: dict[int, Callable[[], None]] = {}
        self._writers: dict[int, Callable[[], None]] = {}
        self._moments: list[tuple[float, int, Moment]] = []
        self._order = itertools.count()
        self._signals: dict[int, Callable[[int], None]] = {}
        self._wakeup: tuple[int, int] | None = None
        self._poll: Callable[[], Any] = original("select", "poll")

    # -- registering

    def add_reader(self, fd: int, call: Callable[[], None]) -> None:
        """Call whenever *fd* is readable (or broken)."""
        self._readers[fd] = call

    def remove_reader(self, fd: int) -> None:
        """Undo :meth:`add_reader`; nothing happens if there was none."""
        self._readers.pop(fd, None)

    def add_writer(self, fd: int, call: Callable[[], None]) -> None:
        """Call whenever *fd* is writable."""
        self._writers[fd] = call

    def remove_writer(self, fd: int) -> None:
        """Undo :meth:`add_writer`; nothing happens if there was none."""
        self._writers.pop(fd, None)

    def call_at(self, when: float, call: Callable[[], None]) -> Moment:
        """Call once at *when* of ``time.monotonic()``."""
        moment = Moment(when, call)
        heapq.heappush(self._moments, (when, next(self._order), moment))
        return moment

    def call_later(self, delay: float, call: Callable[[], None]) -> Moment:
        """Call once in *delay* seconds."""
        return self.call_at(time.monotonic() + delay, call)

    # -- signals

    def take_signals(self, numbers: Iterable[int], call: Callable[[int], None]) -> None:
        """Give these signals to *call* from now on, and unblock them."""
        read, write = os.pipe()
        os.set_blocking(read, False)
        os.set_blocking(write, False)
        self._wakeup = (read, write)
        self.add_reader(read, self._read_signals)
        for number in numbers:
            self._signals[number] = call
            signal.signal(number, _nothing)
            signal.siginterrupt(number, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._signals)

    def block_signals(self) -> None:
        """Let signals wait in the kernel: around fork and exec."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)

    def unblock_signals(self) -> None:
        """Undo :meth:`block_signals`."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._signals)

    def forget_in_child(self) -> None:
        """Let go of everything in a forked child; its signals must still be blocked.

        They keep a handler that does nothing until the child sets its own.
        """
        if self._wakeup is not None:
            signal.set_wakeup_fd(-1)
            for fd in self._wakeup:
                os.close(fd)
            self._wakeup = None
        self._readers.clear()
        self._writers.clear()
        self._moments.clear()

    def _read_signals(self) -> None:
        assert self._wakeup is not None
        try:
            numbers = os.read(self._wakeup[0], 4096)
        except BlockingIOError:
            return
        for number in numbers:
            call = self._signals.get(number)
            if call is not None:
                call(number)

    # -- waiting

    def wait(self, longest: float) -> None:
        """Wait until something happens, at most *longest* seconds; call what is due."""
        now = time.monotonic()
        while self._moments and self._moments[0][2].is_cancelled():
            heapq.heappop(self._moments)
        if self._moments:
            longest = min(longest, max(0.0, self._moments[0][0] - now))
        self._look(longest)
        now = time.monotonic()
        while self._moments and self._moments[0][0] <= now:
            heapq.heappop(self._moments)[2].fire()

    def _look(self, longest: float) -> None:
        poll = self._poll()
        for fd in self._readers.keys() | self._writers.keys():
            wanted = (1 if fd in self._readers else 0) | (_WRITABLE if fd in self._writers else 0)
            poll.register(fd, wanted)
        # Rounded up: waking early would spin until the moment has come.
        for fd, seen in poll.poll(int(longest * 1000) + 1):
            if seen & 0x020:  # POLLNVAL: closed without a word
                self.remove_reader(fd)
                self.remove_writer(fd)
                continue
            reader = self._readers.get(fd)
            if seen & _READABLE and reader is not None:
                reader()
            writer = self._writers.get(fd)
            if seen & (_WRITABLE | 0x008) and writer is not None:
                writer()


def _nothing(number: int, frame: object) -> None:
    """Handle a signal by having its number in the wakeup descriptor."""
