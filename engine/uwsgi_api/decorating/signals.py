"""Functions that handle signals: raised by number, by a timer, a date, or a change of a file."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["cron", "filemon", "get_free_signal", "mstimer", "rbtimer", "signal", "timer"]

uwsgi: Any = importlib.import_module("uwsgi")

F = TypeVar("F", bound=Callable[..., Any])


def get_free_signal() -> int:
    """Return the lowest signal number that this process has no handler for."""
    for number in range(256):
        if not uwsgi.signal_registered(number):
            return number
    raise Exception("No free uwsgi signal available")


def signal(num: int, target: str = "", **_: Any) -> Callable[[F], F]:
    """``@signal(17)``: let the function handle a signal."""

    def register(function: F) -> F:
        uwsgi.register_signal(num, target, function)
        return function

    return register


def _raised_by(add: Callable[[int], Any], signum: int | None, target: str) -> Callable[[F], F]:
    """Let a function handle a signal, a free one unless *signum* says which, that *add* raises."""

    def register(function: F) -> F:
        number = get_free_signal() if signum is None else signum
        uwsgi.register_signal(number, target, function)
        add(number)
        return function

    return register


def timer(secs: float, signum: int | None = None, target: str = "") -> Callable[[F], F]:
    """``@timer(10)``: call the function every so many seconds, in a worker."""
    return _raised_by(lambda number: uwsgi.add_timer(number, secs), signum, target)


def mstimer(ms: int, signum: int | None = None, target: str = "") -> Callable[[F], F]:
    """``@mstimer(500)``: call the function every so many milliseconds."""
    return _raised_by(lambda number: uwsgi.add_ms_timer(number, ms), signum, target)


def rbtimer(secs: float, signum: int | None = None, target: str = "") -> Callable[[F], F]:
    """``@rbtimer(10)``: as :func:`timer`."""
    return _raised_by(lambda number: uwsgi.add_rb_timer(number, secs), signum, target)


def cron(
    minute: int,
    hour: int,
    day: int,
    month: int,
    dayweek: int,
    signum: int | None = None,
    target: str = "",
) -> Callable[[F], F]:
    """``@cron(-5, -1, -1, -1, -1)``: call the function when it is time; see ``uwsgi.add_cron``."""
    return _raised_by(
        lambda number: uwsgi.add_cron(number, minute, hour, day, month, dayweek), signum, target
    )


def filemon(path: str, signum: int | None = None, target: str = "") -> Callable[[F], F]:
    """``@filemon('/tmp')``: call the function when a file or directory changes."""
    return _raised_by(lambda number: uwsgi.add_file_monitor(number, path), signum, target)
