"""Timers on the loop's own heap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge._clock import monotonic
from bridge._watchers.base import check_callback
from bridge._watchers.timer_heap import Deadline

__all__ = ["new_timer", "timer"]


def _seconds(value: Any) -> float:
    """Return what C code would make of *value*: text is no number, unlike for ``float()``."""
    if isinstance(value, str | bytes | bytearray):
        raise TypeError(f"must be a number of seconds, not {type(value).__name__}")
    return float(value)


class timer(Deadline):
    """Call back after *after* seconds, then every *repeat* seconds (0.0: once).

    Deadlines count from the real time of :meth:`start`; the callback never
    runs inside ``start``, whatever the delay.

    :raises ValueError: if *repeat* is negative
    :raises TypeError: if a delay is not a number
    """

    __slots__ = ("_after", "_repeat")

    def __init__(
        self,
        loop: Any,
        after: float = 0.0,
        repeat: float = 0.0,
        ref: bool = True,
        priority: int | None = None,
    ) -> None:
        self._setup_timer(loop, after, repeat, ref, priority)

    def _setup_timer(self, loop: Any, after: float, repeat: float, ref: bool, priority: int | None) -> None:
        if repeat < 0.0:
            raise ValueError(f"repeat must be positive or zero: {repeat!r}")
        self._setup(loop, ref, priority)
        self._setup_deadline()
        self._after = after if type(after) is float else _seconds(after)
        self._repeat = repeat if type(repeat) is float else _seconds(repeat)

    def start(self, callback: Callable[..., object], *args: Any, update: bool | None = None) -> None:
        """Arm the timer; *update* is accepted for compatibility (the time is always current)."""
        check_callback(callback)
        self._callback = callback
        self._args = args
        if not self._active:
            self._begin()

    def again(self, callback: Callable[..., object], *args: Any, update: bool | None = None) -> None:
        """Restart the countdown with ``repeat`` as the delay, or with ``after`` if there is none."""
        check_callback(callback)
        self.loop._cancel_timer(self)
        self._callback = callback
        self._args = args
        if self._active:
            self._arm(self._repeat or self._after)
            return
        after = self._after
        if self._repeat:
            self._after = self._repeat
        try:
            self._begin()
        finally:
            self._after = after

    def _arm(self, delay: float) -> None:
        self.loop._add_timer(self, monotonic() + delay)

    def _register(self) -> None:
        self.loop._add_timer(self, monotonic() + self._after)

    def _unregister(self) -> None:
        self.loop._cancel_timer(self)

    def _expire(self, now: float) -> None:
        """The deadline has passed and was taken off the heap; called in the hub."""
        func = self._callback
        args = self._args
        if self._repeat:
            next_due = self._due + self._repeat
            self.loop._add_timer(self, next_due if next_due > now else now + self._repeat)
        else:
            self._active = False
            if self._ref:
                self.loop._drop_ref()
        if func is None:
            return
        try:
            if args is None:
                func()
            else:
                func(*args)
        except BaseException:
            self.loop._report(self)
        if not self._active:
            self._callback = None
            self._args = None

    @property
    def at(self) -> float:
        """The next deadline on the loop's clock, in seconds; 0.0 when stopped."""
        return self._due if self._is_set() else 0.0

    @property
    def after(self) -> float:
        """The first delay in seconds."""
        return self._after

    @property
    def repeat(self) -> float:
        """The period in seconds; 0.0 means once."""
        return self._repeat

    @repeat.setter
    def repeat(self, value: float) -> None:
        if value < 0.0:
            raise ValueError(f"repeat must be positive or zero: {value!r}")
        self._repeat = float(value)

    def _describe(self) -> str:
        return f" after={self._after} repeat={self._repeat}"


def new_timer(loop: Any, after: float, repeat: float, ref: bool, priority: int | None) -> timer:
    """Make one without the cost of a call of the class."""
    made: timer = timer.__new__(timer)
    made._setup_timer(loop, after, repeat, ref, priority)
    return made
