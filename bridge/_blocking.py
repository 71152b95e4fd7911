"""Find the line that holds a loop: a native thread watches whether the loop still turns.

The watching thread asks the loop for an answer (a callback) and looks at the
clock.  While the loop's thread is seen in its poll nothing is asked, except
once a second, so an idle loop is left asleep.  While an answer is overdue the
thread takes samples of the stack; the line that most of them show is named.

Measuring every callback, as asyncio's debug mode does, was rejected: it costs
each callback two looks at the clock, tells only after the end, names the
callback rather than the line, and does not see greenlets.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import sysconfig
import weakref
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from types import FrameType, TracebackType
from typing import Any, Final, Self

from gevent.monkey import get_original

from bridge._interop.place import here
from bridge._tree.collect import collect
from bridge._tree.model import Frame, Kind, State
from bridge._tree.stacks import frames_of, is_polling, own_frames_left_out, task_label
from bridge.loop import loop

__all__ = ["Blocked", "BlockingWatch", "watch_blocking"]

_SHORTEST_INTERVAL: Final = 0.005
_LONGEST_IDLE: Final = 1.0
_STDLIB: Final = sysconfig.get_path("stdlib") + os.sep
_PACKAGES: Final = tuple({sysconfig.get_path("purelib") + os.sep, sysconfig.get_path("platlib") + os.sep})


@dataclass(frozen=True, slots=True)
class Blocked:
    """The loop of a thread did not turn for some time.

    *file*, *line* and *function* name the innermost line outside the standard
    library that most samples showed.  *seconds* is how long it has lasted;
    while *over* is false it goes on.
    """

    seconds: float
    over: bool
    threshold: float
    file: str
    line: int
    function: str
    who: str
    stack: tuple[Frame, ...]

    def __str__(self) -> str:
        how = "was held for" if self.over else "is held, so far for"
        text = (
            f"the loop {how} {self.seconds:.2f} s (limit {self.threshold:g} s) "
            f"at {self.file}:{self.line} in {self.function}, by {self.who}"
        )
        if self.over:
            return text
        lines = [f'  File "{each.file}", line {each.line}, in {each.function}' for each in self.stack]
        return "\n".join([text, *lines])


def _print(blocked: Blocked) -> None:
    os.write(2, f"bridge: {blocked}\n".encode("utf-8", "backslashreplace"))


class BlockingWatch:
    """A watch over one loop; see :func:`watch_blocking`."""

    def __init__(self, threshold: float, report: Callable[[Blocked], object] | None) -> None:
        if threshold <= 0:
            raise ValueError(f"threshold must be more than 0 seconds, not {threshold!r}")
        self.reports: list[Blocked] = []
        self._threshold = threshold
        self._interval = max(threshold / 4, _SHORTEST_INTERVAL)
        self._report = _print if report is None else report
        self._loop = here()
        self._asked_at = 0.0
        self._asked_of: object = None
        self._answered_at = 0.0
        self._samples: Counter[Frame] = Counter()
        self._stacks: dict[Frame, tuple[Frame, ...]] = {}
        self._reported = False
        self._stopping: Any = get_original("_thread", "allocate_lock")()
        self._stopping.acquire()
        self._ended: Any = get_original("_thread", "allocate_lock")()
        self._pid = os.getpid()
        self._ended.acquire()
        get_original("_thread", "start_new_thread")(self._watch, ())
        _watches.add(self)

    def stop(self) -> None:
        """End the watch.  Any number of times."""
        if self._stopping is None:
            return
        stopping, self._stopping = self._stopping, None
        if self._pid != os.getpid():
            return  # a fork has left the thread behind
        stopping.release()
        self._ended.acquire()
        if self._reported:
            self._finish(monotonic())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.stop()

    # -- the watching thread --------------------------------------------------------

    def _watch(self) -> None:
        stopping = self._stopping
        try:
            while stopping is not None and not stopping.acquire(True, self._interval):
                self._look(monotonic())
        finally:
            self._ended.release()

    def _look(self, now: float) -> None:
        each: loop = self._loop
        frame = sys._current_frames().get(each._thread_ident)
        aio: Any = each._aio
        if frame is None or each._closed or aio is None:
            self._asked_of = None  # nothing turns, so nothing is held
            return
        if self._asked_of is None:
            if not is_polling(frame) or now - self._asked_at >= _LONGEST_IDLE:
                self._ask(now, aio)
            return
        if self._answered_at >= self._asked_at:
            self._asked_of = None
            if self._reported:
                self._finish(self._answered_at)
            return
        if self._asked_of is not aio:
            self._asked_of = None  # the loop has ended, with it the question
            return
        self._sample(frame)
        if not self._reported and now - self._asked_at >= self._threshold:
            self._reported = True
            self._tell(self._blocked(now))

    def _ask(self, now: float, aio: object) -> None:
        self._samples.clear()
        self._stacks.clear()
        self._reported = False
        self._asked_at = now
        self._asked_of = aio
        try:
            self._loop.run_callback_threadsafe(self._answer)
        except ValueError:  # destroyed meanwhile
            self._asked_of = None

    def _answer(self) -> None:
        """Called in the hub."""
        self._answered_at = monotonic()

    def _sample(self, frame: FrameType) -> None:
        stack = tuple(frames_of(own_frames_left_out(frame)))
        if stack:
            line = next((each for each in reversed(stack) if not _is_stdlib(each.file)), stack[-1])
            self._samples[line] += 1
            self._stacks[line] = stack

    def _blocked(self, now: float) -> Blocked:
        found = self._samples.most_common(1)
        line = found[0][0] if found else Frame("?", 0, "code that is not Python")
        stack = self._stacks.get(line, ())
        seconds = now - self._asked_at
        who = self._who(stack)
        return Blocked(seconds, False, self._threshold, line.file, line.line, line.function, who, stack)

    def _who(self, stack: tuple[Frame, ...]) -> str:
        """Name the greenlet or task that runs in the loop's thread now."""
        ident = self._loop._thread_ident
        outermost = stack[0].function if stack else ""
        running = [
            node
            for node in collect(this_thread=False).nodes.values()
            if node.thread == ident and node.state is State.RUNNING and node.kind is Kind.GREENLET
        ]
        for node in running:
            if node.label.rpartition(" ")[2] == outermost:
                return f"{node.kind.value} {node.label}"
        # The function of a greenlet is not on its stack if it is compiled.  While the loop's own greenlet is
        # parked no callback runs, so it must be the one that looks like running.
        if len(running) == 1 and self._host_is_parked():
            return f"{Kind.GREENLET.value} {running[0].label}"
        aio: Any = self._loop._aio
        task = None if aio is None else asyncio.current_task(aio)
        return "a callback" if task is None else f"Task {task_label(task)}"

    def _host_is_parked(self) -> bool:
        host = self._loop._ext
        return host is not None and host.gr_frame is not None

    def _finish(self, end: float) -> None:
        self._reported = False
        if self.reports:
            last = self.reports.pop()
            self._tell(replace(last, seconds=max(end - self._asked_at, last.seconds), over=True))

    def _tell(self, blocked: Blocked) -> None:
        self.reports.append(blocked)
        try:
            self._report(blocked)
        except Exception:
            sys.excepthook(*sys.exc_info())


_watches: weakref.WeakSet[BlockingWatch] = weakref.WeakSet()


def _is_stdlib(file: str) -> bool:
    return file.startswith((_STDLIB, "<frozen")) and not file.startswith(_PACKAGES)


@atexit.register
def _stop_all() -> None:
    for watch in list(_watches):
        watch.stop()


def watch_blocking(
    threshold: float = 0.1, *, report: Callable[[Blocked], object] | None = None
) -> BlockingWatch:
    """Report whatever holds this thread's loop longer than *threshold* seconds.

    Starts at once, and ends with ``stop()``, with the ``with`` block if it is
    used as a context manager, or with the program.  What was found is kept in
    ``reports``, one :class:`Blocked` each time.

    A program that forks starts the watch in the child: the watching thread
    does not survive a fork.  Holding the loop for less than about 1.25 times
    the threshold may go unseen, and so may C code called by the loop itself
    for less than a second.

    :param threshold: seconds
    :param report: called twice each time, when the threshold has passed and
        when it is over; in the watching thread, which must not use gevent.
        By default both are printed to standard error.
    :raises ValueError: if *threshold* is not positive
    :raises LoopSelectionError: if gevent runs on another event loop
    """
    return BlockingWatch(threshold, report)
