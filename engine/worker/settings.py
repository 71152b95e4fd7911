"""What a worker is told when it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from engine.channels import WorkerSide
from engine.config.static import StaticFiles
from engine.cores.lifetime import Lifetime
from engine.logs.settings import RequestLogSettings
from engine.net.frontend import Timings
from engine.protocols.http2.settings import Http2Settings
from engine.stats.scoreboard import Row

__all__ = ["ServiceManager", "Supervised", "WorkerSettings"]


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
    """What a worker needs to know; times in seconds.

    :param manager: None with a master, which speaks for the server then
    :param command: without a master, on SIGHUP: tells with its exit status whether a new start would succeed
    """

    cores: int
    backlog: int = 100
    timings: Timings = field(default_factory=Timings)
    mercy: float = 60.0
    request_log: RequestLogSettings = field(default_factory=RequestLogSettings)
    multiprocess: bool = False
    strict: bool = False
    show_errors: bool = False
    manage_script_name: bool = False
    lifespan: Literal["auto", "on", "off"] = "auto"
    asgi_cores: int = 0
    wait_for_hub: bool = False
    loop_backend: str = ""
    harakiri: float = 0.0
    harakiri_retry: float = 2.0
    harakiri_verbose: bool = False
    log_blocking: float = 0.0
    harakiri_queue_threshold: int = 0
    lifetime: Lifetime = field(default_factory=Lifetime)
    memory_report: bool = False
    autoreload: float = 0.0
    log_file: Any = None
    command: Sequence[str] = ()
    directory: str = "."
    kill_on_disconnect: bool = False
    static: StaticFiles = field(default_factory=StaticFiles)
    forwarded_from: tuple[str, ...] = ()
    forwarded_fields: tuple[str, ...] = ()
    http2: Http2Settings = field(default_factory=Http2Settings)
    proxies: tuple[str, ...] = ()
    certificate_watch: float = 0.0
    environ: dict[str, str] = field(default_factory=dict)
    manager: ServiceManager | None = None
