"""What a worker is told when it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.channels import WorkerSide
from engine.config.settings import Settings
from engine.cores.lifetime import Lifetime
from engine.net.frontend import Timings
from engine.stats.scoreboard import Row

__all__ = ["ServiceManager", "Supervised", "WorkerSettings"]


class LogFiles(Protocol):
    """The log files of the server (``engine.process.logs``)."""

    def open(self) -> None: ...


class ServiceManager(Protocol):
    """What a process without a master tells whoever has started it (``engine.process.notify``)."""

    def ready(self, status: str = "") -> None: ...
    def reloading(self) -> None: ...
    def stopping(self) -> None: ...
    def alive(self, now: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Supervised:
    """What ties a worker to its master.

    :param row: of the scoreboard; ``uwsgi.workers()`` shows it
    :param paused: accept nothing until told
    """

    channel: WorkerSide
    row: Row
    number: int
    paused: bool = False


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker needs to know: what was configured, and what only its starter knows.

    :param number: 1 and up
    :param logs: the log files, to be opened again when the master says so
    :param manager: None with a master, which speaks for the server then
    :param command: without a master, on SIGHUP: tells with its exit status whether a new start would
        succeed; run in *directory* with *environ*
    """

    config: Settings
    number: int
    logs: LogFiles
    manager: ServiceManager | None = None
    command: Sequence[str] = ()
    directory: str = "."
    environ: Mapping[str, str] = field(default_factory=dict)

    def lifetime(self) -> Lifetime:
        """Return when this worker is to be replaced; the deltas keep workers from leaving all at once."""
        config = self.config
        return Lifetime(
            config.max_requests,
            config.min_worker_lifetime,
            config.max_worker_lifetime,
            config.reload_on_rss,
            config.reload_on_as,
        ).of_worker(self.number, config.max_requests_delta, config.max_worker_lifetime_delta)

    def timings(self) -> Timings:
        """Return what connections are held to."""
        config = self.config
        return Timings(
            config.socket_timeout,
            config.keepalive,
            config.limits,
            config.head_timeout,
            config.body_rate,
            config.max_connections,
            config.websocket,
            config.pipeline,
        )
