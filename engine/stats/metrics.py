"""The metrics that a server has by itself (uWSGI docs, Metrics): names and where they come from; pure.

Worker 0 stands for all workers together; in uWSGI most of its metrics are 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from engine.config.metrics import MetricKind
from engine.stats.figures import status_of
from engine.stats.scoreboard import CORE_COUNTS, Column

__all__ = ["BuiltIn", "Sight", "built_in"]

Columns = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Sight:
    """All that metrics are made of, at one moment.

    :param workers: rows of the scoreboard, worker 1 first; empty where no process runs
    :param cores: rows' ``cores``, worker 1 first
    :param queues: connections that wait to be accepted, by socket
    :param routed: signals that found a handler, and that found none
    :param overloaded: how many times all workers were seen busy
    """

    workers: Sequence[Columns] = ()
    cores: Sequence[Sequence[int]] = ()
    queues: Sequence[int] = ()
    routed: tuple[int, int] = (0, 0)
    overloaded: int = 0


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """One metric; ``read`` takes its value out of what is seen."""

    name: str
    kind: MetricKind
    oid: str
    read: Callable[[Sight], int] = field(repr=False)


# Name, last part of the oid, columns that are added up.
_OF_WORKER: Final = (
    ("requests", "1", MetricKind.COUNTER, (Column.BASE_REQUESTS, Column.REQUESTS)),
    ("delta_requests", "2", MetricKind.ABSOLUTE, (Column.REQUESTS,)),
    ("failed_requests", "13", MetricKind.COUNTER, (Column.EXCEPTIONS,)),
    ("respawns", "14", MetricKind.COUNTER, (Column.RESPAWNS,)),
    ("avg_response_time", "8", MetricKind.GAUGE, (Column.AVERAGE_TIME,)),
    ("total_tx", "9", MetricKind.COUNTER, (Column.TX,)),
    ("rss_size", "11", MetricKind.GAUGE, (Column.RSS,)),
    ("vsz_size", "12", MetricKind.GAUGE, (Column.VSZ,)),
    ("running_time", "13", MetricKind.COUNTER, (Column.RUNNING_TIME,)),
)
_OF_CORE: Final = (
    ("requests", "1"),
    ("write_errors", "3"),
    ("routed_requests", "4"),
    ("static_requests", "5"),
    ("offloaded_requests", "6"),
    ("exceptions", "7"),
    ("read_errors", "8"),
)


def built_in(processes: int, cores: int, sockets: int) -> list[BuiltIn]:
    """Return them in uWSGI's order.

    :param cores: of each worker; 0: no metrics of cores
    """
    metrics = [
        BuiltIn("core.routed_signals", MetricKind.COUNTER, "5.1", lambda sight: sight.routed[0]),
        BuiltIn("core.unrouted_signals", MetricKind.COUNTER, "5.2", lambda sight: sight.routed[1]),
        BuiltIn("core.busy_workers", MetricKind.GAUGE, "5.3", partial(_workers, "busy")),
        BuiltIn("core.idle_workers", MetricKind.GAUGE, "5.4", partial(_workers, "idle")),
        BuiltIn("core.overloaded", MetricKind.COUNTER, "5.5", lambda sight: sight.overloaded),
    ]
    for number in range(processes + 1):
        for name, oid, kind, columns in _OF_WORKER:
            read = partial(_average if name.startswith("avg") else _sum, columns, number)
            metrics.append(BuiltIn(f"worker.{number}.{name}", kind, f"3.{number}.{oid}", read))
        for core in range(cores if number else 0):
            for name, oid in _OF_CORE:
                full, place = f"worker.{number}.core.{core}.{name}", f"3.{number}.2.{core}.{oid}"
                metrics.append(BuiltIn(full, MetricKind.COUNTER, place, _core_read(name, number, core)))
    metrics += [
        BuiltIn("core.total_tx", MetricKind.COUNTER, "5.100", partial(_sum, (Column.TX,), 0)),
        BuiltIn("core.total_rss", MetricKind.GAUGE, "5.101", partial(_sum, (Column.RSS,), 0)),
        BuiltIn("core.total_vsz", MetricKind.GAUGE, "5.102", partial(_sum, (Column.VSZ,), 0)),
        BuiltIn(
            "core.avg_response_time", MetricKind.GAUGE, "5.103", partial(_average, (Column.AVERAGE_TIME,), 0)
        ),
        BuiltIn(
            "core.total_running_time", MetricKind.COUNTER, "5.104", partial(_sum, (Column.RUNNING_TIME,), 0)
        ),
    ]
    for socket in range(sockets):
        metrics.append(
            BuiltIn(
                f"socket.{socket}.listen_queue", MetricKind.GAUGE, f"7.{socket}.1", partial(_queue, socket)
            )
        )
    return [
        *metrics,
        BuiltIn("rss_size", MetricKind.ALIAS, "5.101", partial(_sum, (Column.RSS,), 0)),
        BuiltIn("vsz_size", MetricKind.ALIAS, "5.102", partial(_sum, (Column.VSZ,), 0)),
    ]


def _rows(number: int, sight: Sight) -> Sequence[Columns]:
    return sight.workers[number - 1 : number] if number else sight.workers


def _sum(columns: Sequence[Column], number: int, sight: Sight) -> int:
    return sum(row.get(column, 0) for row in _rows(number, sight) for column in columns)


def _average(columns: Sequence[Column], number: int, sight: Sight) -> int:
    rows = _rows(number, sight)
    return _sum(columns, number, sight) // len(rows) if rows else 0


def _workers(status: str, sight: Sight) -> int:
    return sum(
        status_of({column: row.get(column, 0) for column in Column}, row.get(Column.CORES, 0)) == status
        for row in sight.workers
    )


def _core_read(name: str, number: int, core: int) -> Callable[[Sight], int]:
    # Files take no core; core 0 stands for them.  The rest is not known by core, or never happens here.
    if name == "static_requests" and not core:
        return partial(_sum, (Column.STATIC,), number)
    return partial(_core, CORE_COUNTS.index(name), number, core) if name in CORE_COUNTS else _nothing


def _core(kind: int, number: int, core: int, sight: Sight) -> int:
    counts = sight.cores[number - 1] if number <= len(sight.cores) else ()
    size = len(counts) // len(CORE_COUNTS)
    files = 0 if core or kind else _sum((Column.STATIC,), number, sight)
    return files + (counts[kind * size + core] if core < size else 0)


def _nothing(sight: Sight) -> int:
    return 0


def _queue(socket: int, sight: Sight) -> int:
    return sight.queues[socket] if socket < len(sight.queues) else 0
