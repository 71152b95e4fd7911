"""Deadlines of what mules and spoolers do: tasks, messages, handlers of signals.

As with requests the greenlet gets :class:`~engine.errors.HarakiriError` first, where it waits.  The
master is told each deadline beforehand: a helper whose loop does not turn cannot do that, and is killed.
uWSGI (``--mule-harakiri``, ``--spooler-harakiri``) knows the second step only.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from bridge.lowlevel import current_greenlet
from engine.cores.harakiri import stack_of
from engine.errors import HarakiriError

__all__ = ["NEVER", "Deadlines"]

NEVER: Final = float("inf")


class Deadlines:
    """Those of one process; its loop's thread only.

    :param name: what the log calls the process: ``MULE 1``
    :param tell: takes the earliest deadline whenever that changes, as a moment of ``time.monotonic()``
    """

    def __init__(self, name: str, log: Callable[[str], None], tell: Callable[[float], object]) -> None:
        self._name = name
        self._log = log
        self._tell = tell
        self._told = NEVER
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: dict[tuple[Any, str], tuple[float, asyncio.TimerHandle]] = {}

    def serve(self, loop: asyncio.AbstractEventLoop) -> None:
        """Use the timers of this loop, which runs everything here."""
        self._loop = loop

    @contextmanager
    def limit(self, seconds: float, what: str) -> Iterator[None]:
        """Let what the current greenlet does in the block take so many seconds; 0 means any.

        What :meth:`set_own` sets inside the block ends with it.
        """
        greenlet = current_greenlet()
        self._set(greenlet, "limit", seconds, what)
        try:
            yield
        finally:
            self._set(greenlet, "own", 0, what)
            self._set(greenlet, "limit", 0, what)

    def set_own(self, seconds: float) -> None:
        """Give the current greenlet a deadline (``uwsgi.set_user_harakiri``); 0 takes it back."""
        self._set(current_greenlet(), "own", seconds, "")

    def _set(self, greenlet: Any, kind: str, seconds: float, what: str) -> None:
        if self._loop is None:
            return
        _, timer = self._due.pop((greenlet, kind), (NEVER, None))
        if timer is not None:
            timer.cancel()
        if seconds > 0:
            timer = self._loop.call_later(seconds, self._end, greenlet, what, seconds)
            self._due[greenlet, kind] = (time.monotonic() + seconds, timer)
        earliest = min((due for due, _ in self._due.values()), default=NEVER)
        if earliest != self._told:
            self._told = earliest
            self._tell(earliest)

    def _end(self, greenlet: Any, what: str, seconds: float) -> None:
        doing = f" {what}" if what else ""
        self._log(f"*** HARAKIRI ON {self._name}{doing} (pid: {os.getpid()}) ***\n{stack_of(greenlet)}")
        greenlet.kill(HarakiriError(f"{self._name}{doing} ran for {seconds:g} seconds"), block=False)

    def __repr__(self) -> str:
        return f"<Deadlines of {self._name}, {len(self._due)} run>"
