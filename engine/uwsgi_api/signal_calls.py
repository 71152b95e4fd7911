"""The functions of uWSGI's SignalFramework."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from bridge.lowlevel import current_greenlet
from engine.signals.cron import CronEntry
from engine.signals.targets import LONGEST
from engine.signals.wire import AddCron, AddFile, AddTimer, Message
from engine.uwsgi_api.context import current_exchange
from engine.uwsgi_api.instance import Instance
from engine.uwsgi_api.public import public
from engine.uwsgi_api.remote import signal_remote
from engine.uwsgi_api.request_calls import notes_of

__all__ = ["SignalCalls"]

_MOST_OF_A_KIND: Final = 64
_LONGEST_PATH: Final = 254


class SignalCalls:
    """Signals"""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._agent = instance.agent
        self._counts: dict[str, int] = {}

    @public(
        "P0", differs="ValueError outside 0..255; works without a master; targets count after the fork too"
    )
    def register_signal(self, num: int, target: str, handler: Callable[[int], Any], /) -> None:
        """Let *handler* be called with the number of a signal, in a greenlet of its own.

        :raises ValueError: for a target that is too long, or if the master registers a number twice
        """
        _check(num)
        if len(target) > LONGEST:
            raise ValueError("unable to register signal")
        if not callable(handler):
            raise TypeError("a signal handler must be callable")
        if not self._instance.worker_id and self._agent.is_registered(num):
            self._instance.log("[uwsgi-signal] you cannot re-register a signal as the master !!!")
            raise ValueError("unable to register signal")
        self._agent.register(num, target, handler)

    @public("P0", differs="ValueError outside 0..255; waits for a master that is behind, loses nothing")
    def signal(self, num: int, remote: str = "", /) -> None:
        """Raise a signal, here or in another server (``host:port`` or path of a uwsgi socket)."""
        _check(num)
        if remote:
            signal_remote(num, remote)
        else:
            self._agent.send(num)

    @public("P0", differs="parks the calling greenlet only; the handler still runs in a greenlet of its own")
    def signal_wait(self, num: int = -1, /) -> None:
        """Wait until a signal, or that signal, has been handled in this process."""
        if num != -1:
            _check(num)
        got = self._agent.wait(None if num == -1 else num)
        exchange = current_exchange()
        if exchange is not None:
            notes_of(exchange).signal_received = got
        else:
            current_greenlet().uwsgi_signal_received = got  # type: ignore[attr-defined]

    @public("P0")
    def signal_received(self) -> int:
        """The number that the last ``signal_wait`` of this request got; -1 if none did."""
        exchange = current_exchange()
        if exchange is None:
            return getattr(current_greenlet(), "uwsgi_signal_received", -1)
        return notes_of(exchange).signal_received

    @public("P0")
    def signal_registered(self, num: int, /) -> bool | None:
        """True if this process has a handler for a signal, else None."""
        _check(num)
        return True if self._agent.is_registered(num) else None

    @public("P0", "register_timer", differs="workers that add the same timer share it")
    def add_timer(self, num: int, seconds: float, /) -> None:
        """Raise a signal every so many seconds."""
        self._add("timer", num, AddTimer(num, _positive(seconds)))

    @public("P0", "register_rb_timer", differs="precise, as add_timer is")
    def add_rb_timer(self, num: int, seconds: float, iterations: int = 0, /) -> None:
        """Raise a signal every so many seconds, *iterations* times; 0 means for ever."""
        self._add("rb_timer", num, AddTimer(num, _positive(seconds), max(0, iterations), True))

    @public("P1", differs="from uWSGI 2.1")
    def add_ms_timer(self, num: int, milliseconds: int, /) -> None:
        """Raise a signal every so many milliseconds."""
        self._add("timer", num, AddTimer(num, _positive(milliseconds) / 1000))

    @public("P0", "register_cron")
    def add_cron(self, num: int, minute: int, hour: int, day: int, month: int, weekday: int, /) -> bool:
        """Raise a signal when it is time: n exactly, -1 any, -n every n; local time."""
        self._add("cron", num, AddCron(num, CronEntry(minute, hour, day, month, weekday)))
        return True

    @public("P0", "register_file_monitor", differs="a path that does not exist yet is watched once it does")
    def add_file_monitor(self, num: int, path: str, /) -> None:
        """Raise a signal when a file or a directory changes."""
        if len(path.encode()) > _LONGEST_PATH:
            raise ValueError("unable to add file monitor")
        self._add("file monitor", num, AddFile(num, path))

    def _add(self, kind: str, num: int, message: Message) -> None:
        _check(num)
        count = self._counts.get(kind, 0)
        if count >= _MOST_OF_A_KIND:
            raise ValueError(f"unable to add {kind}")
        self._counts[kind] = count + 1
        self._agent.tell(message)


def _check(num: int) -> None:
    num = operator.index(num)
    if not 0 <= num <= 255:
        raise ValueError(f"a signal is a number from 0 to 255, not {num}")


def _positive(seconds: float) -> float:
    if seconds <= 0:
        raise ValueError(f"a timer needs a period above 0, not {seconds!r}")
    return float(seconds)
