"""Dates of log lines, made once a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["COMMON_LOG_DATE", "ctime", "iso_time", "line_prefix", "strftime_once"]

COMMON_LOG_DATE: Final = "%d/%b/%Y:%H:%M:%S %z"
"""As in Apache's logs, and uWSGI's ``%(ltime)``."""


def _once_a_second(make: Callable[[int], str]) -> Callable[[float], str]:
    known: tuple[int, str] = (-1, "")

    def date(epoch: float) -> str:
        nonlocal known
        second = int(epoch)
        if known[0] != second:
            known = (second, make(second))
        return known[1]

    return date


def strftime_once(pattern: str) -> Callable[[float], str]:
    """Return a function from seconds since 1970 to local time in *pattern* (strftime(3))."""
    return _once_a_second(lambda second: time.strftime(pattern, time.localtime(second)))


ctime: Final = _once_a_second(time.ctime)
"""``Mon Nov 23 11:14:07 2026``, local time."""

_iso_second: Final = _once_a_second(lambda second: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)))


def iso_time(epoch: float) -> str:
    """``2026-11-23T11:14:07.123Z`` (RFC 3339)."""
    return f"{_iso_second(epoch)}.{int(epoch * 1000) % 1000:03d}Z"


def line_prefix(date: str | None, text: str) -> Callable[[], str]:
    """Return what makes the beginning of a server line (uWSGI ``--log-date``, ``--log-prefix``).

    :param date: a strftime pattern; empty means that of ctime(3), None no date
    """
    fixed = f"{text} - " if text else ""
    if date is None:
        return lambda: fixed
    make = strftime_once(date) if date else ctime
    return lambda: f"{make(time.time())} - {fixed}"
