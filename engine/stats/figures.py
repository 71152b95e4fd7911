"""The figures of one worker under uWSGI's names; the stats server and ``uwsgi.workers()`` show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.stats.scoreboard import Column

__all__ = ["app_figures", "status_of", "worker_figures"]

_COPIED: Final = {
    "pid": Column.PID,
    "accepting": Column.ACCEPTING,
    "delta_requests": Column.REQUESTS,
    "exceptions": Column.EXCEPTIONS,
    "harakiri_count": Column.HARAKIRIS,
    "signals": Column.SIGNALS,
    "rss": Column.RSS,
    "vsz": Column.VSZ,
    "running_time": Column.RUNNING_TIME,
    "last_spawn": Column.SPAWNED,
    "respawn_count": Column.RESPAWNS,
    "tx": Column.TX,
    "avg_rt": Column.AVERAGE_TIME,
}


def worker_figures(number: int, seen: Mapping[Column, int], cores: int) -> dict[str, Any]:
    """Return everything that a row of the scoreboard tells, by name; times in microseconds.

    :param seen: all columns of the row; zeros if no process runs
    :param cores: of each worker
    """
    return {
        "id": number,
        **{name: seen[column] for name, column in _COPIED.items()},
        "requests": seen[Column.BASE_REQUESTS] + seen[Column.REQUESTS],
        "signal_queue": 0,
        "status": status_of(seen, cores),
    }


def status_of(seen: Mapping[Column, int], cores: int) -> str:
    """``cheap`` without a process, ``busy`` if no core is left, ``sig17`` in a handler, else ``idle``.

    uWSGI says busy as soon as one core is; what is worth knowing is that none is left.
    """
    if not seen[Column.PID]:
        return "cheap"
    if seen[Column.BUSY_CORES] >= max(1, cores):
        return "busy"
    return f"sig{seen[Column.SIGNAL] - 1}" if seen[Column.SIGNAL] else "idle"


def app_figures(figures: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return what is told of the application of a worker; *more* comes after the start-up time."""
    return {
        "id": 0,
        "modifier1": 0,
        "mountpoint": "",
        "startup_time": 0,
        **more,
        "requests": figures["requests"],
        "exceptions": figures["exceptions"],
        "chdir": "",
    }
