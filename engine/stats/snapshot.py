"""The document of the stats server: uWSGI's keys, in uWSGI's order; pure.

``uwsgitop`` and home-made scripts read it by name; booleans are 0 and 1, times microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from engine.config.metrics import MetricKind
from engine.request.tally import BOUNDS, CLASSES
from engine.stats.figures import AppFacts, app_figures, worker_figures
from engine.stats.scoreboard import Column, WorkerState

__all__ = ["MetricFacts", "ServerFacts", "SocketFacts", "WorkerFacts", "prometheus", "snapshot"]

_NOT_A_NAME: Final = re.compile("[^a-zA-Z0-9_]")
_LOCKS: Final = ("signal", "filemon", "timer", "rbtimer", "cron", "rpc", "snmp")


@dataclass(frozen=True, slots=True)
class SocketFacts:
    """A listening socket; ``queue``: connections that wait to be accepted."""

    name: str
    protocol: str
    queue: int
    max_queue: int


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """A worker number.

    :param columns: its row of the scoreboard; empty if no process runs
    :param cores: what the worker said about its cores; None if it did not answer
    :param tasks: asyncio tasks in it; None if it did not answer
    :param apps: its applications
    """

    number: int
    columns: Mapping[int, int]
    cores: Sequence[Mapping[str, Any]] | None = None
    tasks: int | None = None
    apps: Sequence[AppFacts] = (AppFacts(),)


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """A metric.

    :param kind: uWSGI's number of it
    :param own: of the application, not one that the server has by itself
    """

    name: str
    kind: int
    oid: str
    value: int
    own: bool = False


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The server as a whole.

    :param metrics: None if there are none to show
    :param locks: names of locks and whether somebody has them, in uWSGI's order
    :param sections: lists of what else there may be, by name; ``daemons``, ``caches`` and so on
    """

    version: str
    pid: int
    uid: int
    gid: int
    cwd: str
    cores: int
    sockets: Sequence[SocketFacts] = field(default_factory=tuple)
    workers: Sequence[WorkerFacts] = field(default_factory=tuple)
    stopping: bool = False
    metrics: Sequence[MetricFacts] | None = None
    locks: Sequence[tuple[str, int]] = ()
    sections: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def snapshot(server: ServerFacts, *, with_cores: bool = True) -> dict[str, Any]:
    """Return the document."""
    document: dict[str, Any] = {
        "version": server.version,
        "listen_queue": sum(socket.queue for socket in server.sockets),
        "listen_queue_errors": 0,
        "signal_queue": 0,
        "load": sum(socket.queue for socket in server.sockets),
        "pid": server.pid,
        "uid": server.uid,
        "gid": server.gid,
        "cwd": server.cwd,
        "daemons": server.sections.get("daemons"),
        "locks": [{name: value} for name, value in _locks(server)],
        "caches": server.sections.get("caches"),
        "metrics": _metrics(server),
        "sockets": [
            {
                "name": socket.name,
                "proto": socket.protocol,
                "queue": socket.queue,
                "max_queue": socket.max_queue,
                "shared": 0,
                "can_offload": 0,
            }
            for socket in server.sockets
        ],
        "workers": [_worker(worker, server, with_cores) for worker in server.workers],
        "spoolers": server.sections.get("spoolers"),
        "crons": server.sections.get("crons"),
    }
    return {name: value for name, value in document.items() if value is not None}


def _locks(server: ServerFacts) -> list[tuple[str, int]]:
    named = server.locks or (("user 0", 0),)
    users = [lock for lock in named if lock[0].startswith("user ")]
    others = [lock for lock in named if lock not in users]
    own = [(name, 0) for name in _LOCKS]
    return [*users, *own, *others, *([] if server.metrics is None else [("metrics", 0)])]


def _metrics(server: ServerFacts) -> dict[str, Any] | None:
    if server.metrics is None:
        return None
    return {
        each.name: {"type": int(each.kind), "oid": each.oid, "value": each.value} for each in server.metrics
    }


_MORE: Final = {
    "all_cores": Column.CORES,
    "busy_cores": Column.BUSY_CORES,
    "waiting_requests": Column.WAITING,
    "connections": Column.CONNECTIONS,
}


def _worker(worker: WorkerFacts, server: ServerFacts, with_cores: bool) -> dict[str, Any]:
    seen = {column: worker.columns.get(column, 0) for column in Column}
    document = worker_figures(worker.number, seen)
    document["apps"] = [app_figures(app) for app in worker.apps]
    # What uWSGI does not tell.
    document |= {name: seen[column] for name, column in _MORE.items()}
    document["replies"] = {name: seen[column] for name, column in zip(CLASSES, _REPLIES, strict=True)}
    document["tasks"] = worker.tasks or 0
    if with_cores:
        known = {core["id"]: core for core in worker.cores or ()}
        # Numbers above the cores are those of ASGI requests.
        more = sorted(number for number in known if number >= server.cores)
        cores = [_core(number, known.get(number, {})) for number in (*range(server.cores), *more)]
        # Files take no core, but uWSGI's readers add up what cores have done.
        cores[0]["requests"] += seen[Column.STATIC]
        cores[0]["static_requests"] = seen[Column.STATIC]
        document["cores"] = cores
    return document


def _core(number: int, said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": number,
        "requests": said.get("requests", 0),
        "static_requests": 0,
        "routed_requests": 0,
        "offloaded_requests": 0,
        "write_errors": said.get("write_errors", 0),
        "read_errors": said.get("read_errors", 0),
        "in_request": said.get("in_request", 0),
        "vars": said.get("vars", []),
        "req_info": said.get("req_info", {}),
    }


_COUNTERS: Final = (
    ("requests_total", "Requests answered", Column.REQUESTS),
    ("exceptions_total", "Requests that ended with an exception", Column.EXCEPTIONS),
    ("harakiri_total", "Requests ended because they took too long", Column.HARAKIRIS),
    ("sent_bytes_total", "Bytes sent, heads and bodies", Column.TX),
    ("signals_total", "uwsgi signals handled", Column.SIGNALS),
    ("static_requests_total", "Files sent without asking the application", Column.STATIC),
    ("respawns_total", "Times the worker was started", Column.RESPAWNS),
)
_GAUGES: Final = (
    ("busy_cores", "Cores that run a request", Column.BUSY_CORES),
    ("waiting_requests", "Requests that wait for a core", Column.WAITING),
    ("connections", "Open client connections", Column.CONNECTIONS),
    ("resident_memory_bytes", "Resident memory", Column.RSS),
    ("virtual_memory_bytes", "Address space", Column.VSZ),
    ("last_spawn_timestamp_seconds", "When the worker was started", Column.SPAWNED),
)
_REPLIES: Final = tuple(Column(number) for number in range(Column.REPLIES_NONE, Column.REPLIES_5XX + 1))
_DURATIONS: Final = tuple(Column(number) for number in range(Column.TOOK_5MS, Column.TOOK_LONGER + 1))


def prometheus(server: ServerFacts) -> str:
    """Return the same in Prometheus' text format (version 0.0.4)."""
    lines: list[str] = []
    running = [worker for worker in server.workers if worker.columns.get(Column.PID)]
    for kind, table in (("counter", _COUNTERS), ("gauge", _GAUGES)):
        for name, text, column in table:
            lines += _heading(name, text, kind)
            for worker in running:
                value = worker.columns.get(column, 0)
                if column is Column.REQUESTS:
                    value += worker.columns.get(Column.BASE_REQUESTS, 0)
                lines.append(f'gevent_engine_{name}{{worker="{worker.number}"}} {value}')
    lines += _replies(running)
    lines += _heading("request_seconds_total", "Time spent in requests", "counter")
    for worker in running:
        seconds = worker.columns.get(Column.RUNNING_TIME, 0) / 1e6
        lines.append(f'gevent_engine_request_seconds_total{{worker="{worker.number}"}} {seconds:.6f}')
    lines += _heading("listen_queue", "Connections that wait to be accepted", "gauge")
    for socket in server.sockets:
        lines.append(f'gevent_engine_listen_queue{{socket="{_label(socket.name)}"}} {socket.queue}')
    ready = [each for each in running if each.columns.get(Column.STATE) == WorkerState.READY]
    for name, text, value in (
        ("workers", "Workers that are to run", len(server.workers)),
        ("workers_ready", "Workers that serve", len(ready)),
        ("cores", "Cores of each worker", server.cores),
        ("stopping", "1 once the server was told to stop", int(server.stopping)),
    ):
        lines += [*_heading(name, text, "gauge"), f"gevent_engine_{name} {value}"]
    lines += _own_metrics([each for each in server.metrics or () if each.own])
    return "\n".join(lines) + "\n"


def _replies(workers: Sequence[WorkerFacts]) -> list[str]:
    """By status, and a histogram of durations; both count from the start of each process."""
    lines = _heading("responses_total", "Replies by the first digit of their status", "counter")
    for worker in workers:
        for status, column in zip(CLASSES, _REPLIES, strict=True):
            labels = f'worker="{worker.number}",status="{status}"'
            lines.append(f"gevent_engine_responses_total{{{labels}}} {worker.columns.get(column, 0)}")
    name = "request_duration_seconds"
    lines += _heading(name, "Time from the request's head to the end of the reply", "histogram")
    for worker in workers:
        label, count = f'worker="{worker.number}"', 0
        for bound, column in zip((*map(str, BOUNDS), "+Inf"), _DURATIONS, strict=True):
            count += worker.columns.get(column, 0)
            lines.append(f'gevent_engine_{name}_bucket{{{label},le="{bound}"}} {count}')
        seconds = worker.columns.get(Column.RUNNING_TIME, 0) / 1e6
        lines.append(f"gevent_engine_{name}_sum{{{label}}} {seconds:.6f}")
        lines.append(f"gevent_engine_{name}_count{{{label}}} {count}")
    return lines


def _own_metrics(metrics: Sequence[MetricFacts]) -> list[str]:
    """Metrics of the application; those of the server are there under names of their own."""
    families: dict[str, list[MetricFacts]] = {}
    for each in metrics:
        families.setdefault("metric_" + _NOT_A_NAME.sub("_", each.name), []).append(each)
    lines: list[str] = []
    for name, members in families.items():
        kind = "counter" if all(each.kind == MetricKind.COUNTER for each in members) else "gauge"
        lines += _heading(name, "Metric of the application", kind)
        lines += [f'gevent_engine_{name}{{name="{_label(each.name)}"}} {each.value}' for each in members]
    return lines


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _heading(name: str, text: str, kind: str) -> list[str]:
    return [f"# HELP gevent_engine_{name} {text}.", f"# TYPE gevent_engine_{name} {kind}"]
