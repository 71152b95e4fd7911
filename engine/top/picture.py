"""What is to be seen: two documents of the stats server, one after the other, become figures; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Picture", "RequestLine", "Sample", "Totals", "WorkerLine", "picture"]


@dataclass(frozen=True, slots=True)
class Sample:
    """A document and when it came, in epoch seconds."""

    document: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """One worker; times in seconds, sizes in bytes, None for what the server does not tell."""

    number: int
    pid: int
    status: str
    busy: int
    cores: int | None
    waiting: int | None
    connections: int | None
    tasks: int | None
    requests: int
    per_second: float
    average_time: float
    sent_per_second: float
    rss: int
    exceptions: int
    harakiris: int
    respawns: int
    age: float


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request that runs; ``asgi``: as a task, on none of the cores."""

    worker: int
    core: int
    asgi: bool
    seconds: float
    method: str
    uri: str
    client: str


@dataclass(frozen=True, slots=True)
class Totals:
    """The server as a whole."""

    version: str
    pid: int
    serving: int
    workers: int
    busy: int
    cores: int
    waiting: int
    connections: int
    tasks: int
    requests: int
    per_second: float
    sent_per_second: float
    exceptions: int
    rss: int
    queue: int
    longest_queue: int


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it; requests with the longest first."""

    totals: Totals
    workers: tuple[WorkerLine, ...]
    requests: tuple[RequestLine, ...]


def picture(now: Sample, before: Sample | None) -> Picture:
    """Return what *now* shows; rates are those since *before*, 0 without one."""
    earlier: dict[Any, Mapping[str, Any]] = {}
    seconds = 0.0
    if before is not None and before.document.get("pid") == now.document.get("pid"):
        earlier = {worker["id"]: worker for worker in before.document["workers"]}
        seconds = now.at - before.at
    workers = tuple(
        _worker(worker, earlier.get(worker["id"]), seconds, now.at) for worker in now.document["workers"]
    )
    requests = sorted(_requests(now), key=lambda line: -line.seconds)
    return Picture(_totals(now.document, workers), workers, tuple(requests))


def _rate(now: Mapping[str, Any], before: Mapping[str, Any] | None, key: str, seconds: float) -> float:
    if before is None or seconds <= 0:
        return 0.0
    grown: int = now[key] - before[key]
    if grown < 0:  # the process was replaced and counts anew
        grown = now[key]
    return grown / seconds


def _worker(
    worker: Mapping[str, Any], before: Mapping[str, Any] | None, seconds: float, at: float
) -> WorkerLine:
    cores = worker.get("cores")
    running = sum(1 for core in cores or () if core["in_request"])
    return WorkerLine(
        number=worker["id"],
        pid=worker["pid"],
        status=worker["status"],
        busy=worker.get("busy_cores", running),
        cores=worker.get("all_cores", None if cores is None else len(cores)),
        waiting=worker.get("waiting_requests"),
        connections=worker.get("connections"),
        tasks=worker.get("tasks"),
        requests=worker["requests"],
        per_second=_rate(worker, before, "requests", seconds),
        average_time=worker["avg_rt"] / 1e6,
        sent_per_second=_rate(worker, before, "tx", seconds),
        rss=worker["rss"],
        exceptions=worker["exceptions"],
        harakiris=worker["harakiri_count"],
        respawns=worker["respawn_count"],
        age=max(0.0, at - worker["last_spawn"]) if worker["pid"] else 0.0,
    )


def _requests(sample: Sample) -> Iterator[RequestLine]:
    for worker in sample.document["workers"]:
        for core in worker.get("cores", ()):
            if core["in_request"]:
                variables = dict(each.partition("=")[::2] for each in core["vars"])
                began = core["req_info"].get("request_start", sample.at)
                yield RequestLine(
                    worker["id"],
                    core["id"],
                    core["id"] >= worker.get("all_cores", core["id"] + 1),
                    max(0.0, sample.at - began),
                    variables.get("REQUEST_METHOD", ""),
                    variables.get("REQUEST_URI", ""),
                    variables.get("REMOTE_ADDR", ""),
                )


def _totals(document: Mapping[str, Any], workers: tuple[WorkerLine, ...]) -> Totals:
    sockets = document.get("sockets", ())
    return Totals(
        version=str(document.get("version", "")),
        pid=document.get("pid", 0),
        serving=sum(1 for worker in workers if worker.pid),
        workers=len(workers),
        busy=sum(worker.busy for worker in workers),
        cores=sum(worker.cores or 0 for worker in workers if worker.pid),
        waiting=sum(worker.waiting or 0 for worker in workers),
        connections=sum(worker.connections or 0 for worker in workers),
        tasks=sum(worker.tasks or 0 for worker in workers),
        requests=sum(worker.requests for worker in workers),
        per_second=sum(worker.per_second for worker in workers),
        sent_per_second=sum(worker.sent_per_second for worker in workers),
        exceptions=sum(worker.exceptions for worker in workers),
        rss=sum(worker.rss for worker in workers),
        queue=document.get("listen_queue", 0),
        longest_queue=sum(socket.get("max_queue", 0) for socket in sockets),
    )
