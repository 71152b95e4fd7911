"""The figures of one worker under uWSGI's names; the stats server and ``uwsgi.workers()`` show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.stats.scoreboard import Column

__all__ = ["AppFacts", "app_figures", "status_of", "worker_figures"]

Seen = Mapping[Column, int]


def _plain(column: Column) -> Callable[[Seen], int]:
    return lambda seen: seen[column]


# In the order of uWSGI's document.
_FIGURES: Final[Mapping[str, Callable[[Seen], Any]]] = {
    "pid": _plain(Column.PID),
    "accepting": _plain(Column.ACCEPTING),
    "requests": lambda seen: seen[Column.BASE_REQUESTS] + seen[Column.REQUESTS],
    "delta_requests": _plain(Column.REQUESTS),
    "exceptions": _plain(Column.EXCEPTIONS),
    "harakiri_count": _plain(Column.HARAKIRIS),
    "signals": _plain(Column.SIGNALS),
    "signal_queue": lambda seen: 0,
    "status": lambda seen: status_of(seen, seen[Column.CORES]),
    "rss": _plain(Column.RSS),
    "vsz": _plain(Column.VSZ),
    "running_time": _plain(Column.RUNNING_TIME),
    "last_spawn": _plain(Column.SPAWNED),
    "respawn_count": _plain(Column.RESPAWNS),
    "tx": _plain(Column.TX),
    "avg_rt": _plain(Column.AVERAGE_TIME),
}


def worker_figures(number: int, seen: Seen) -> dict[str, Any]:
    """Return everything that a row of the scoreboard tells, by name; times in microseconds.

    :param seen: all columns of the row; zeros if no process runs
    """
    return {"id": number, **{name: figure(seen) for name, figure in _FIGURES.items()}}


def status_of(seen: Seen, cores: int) -> str:
    """``cheap`` without a process, ``busy`` if no core is left, ``sig17`` in a handler, else ``idle``.

    uWSGI says busy as soon as one core is; what is worth knowing is that none is left.
    """
    if not seen[Column.PID]:
        return "cheap"
    if seen[Column.BUSY_CORES] >= max(1, cores):
        return "busy"
    return f"sig{seen[Column.SIGNAL] - 1}" if seen[Column.SIGNAL] else "idle"


@dataclass(frozen=True, slots=True)
class AppFacts:
    """An application of a worker.

    :param seconds: that loading it took
    :param requests: that this process gave to it
    """

    number: int = 0
    mountpoint: str = ""
    seconds: int = 0
    requests: int = 0
    exceptions: int = 0


def app_figures(app: AppFacts, **more: Any) -> dict[str, Any]:
    """Return what is told of an application of a worker; *more* comes after the start-up time."""
    return {
        "id": app.number,
        "modifier1": 0,
        "mountpoint": app.mountpoint,
        "startup_time": app.seconds,
        **more,
        "requests": app.requests,
        "exceptions": app.exceptions,
        "chdir": "",
    }
