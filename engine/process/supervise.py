"""What the master's process does: a master with everything it may have, run to its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from engine.errors import ConfigError
from engine.process.equipment import equip
from engine.process.master import Master
from engine.process.metrics import Collector
from engine.process.refork import Refork
from engine.process.reporting import Reporting
from engine.process.stats_document import StatsDocument
from engine.process.stats_push import StatsPush
from engine.process.stats_server import StatsServer
from engine.process.work import Work

if TYPE_CHECKING:
    from engine.process.server import Server
    from engine.stats.snapshot import MetricFacts

__all__ = ["supervise"]

_Metrics: TypeAlias = "Callable[[], Sequence[MetricFacts]] | None"


def supervise(server: Server, loaded: bool, write_pidfiles: Callable[[], None]) -> int:
    """Supervise workers until told to stop; return the exit status of the process.

    :param loaded: whether there is an application to run
    :param write_pidfiles: for the master fifo
    :raises ConfigError: if something the master needs cannot be opened
    """
    master = Master(
        server.settings,
        Work(server).supervised if loaded else None,
        server.log,
        server.logs,
        server.origin,
        server.sockets.to_hand_over,
        server.sockets.close,
    )
    server.api.supervise(master)
    server.refork = Refork(master, server)
    master.on_command("write-pidfiles", lambda: _write_pidfiles(master, write_pidfiles))
    equip(
        master,
        server.settings,
        server.sockets.listeners,
        server.touched,
        programs=server.before.programs if server.before is not None else (),
        is_copy=server.is_copy(),
    )
    Reporting(master, server.notifier)
    metrics = _collect(server, master)
    _serve_stats(server, master, metrics)
    _push_stats(server, master, metrics)
    server.api.use_scoreboard(master.board, None)
    server.board = master.board
    return master.run(server.before, server.early.replay)


def _write_pidfiles(master: Master, write: Callable[[], None]) -> None:
    try:
        write()
        master.log.line(f"pid files name this master now (pid: {os.getpid()})")
    except ConfigError as error:
        master.log.line(str(error))


def _collect(server: Server, master: Master) -> _Metrics:
    ledger = server.ledger
    if ledger is None:
        return None
    return Collector(master, ledger, server.sockets.listeners, server.api.routed_signals).facts


def _serve_stats(server: Server, master: Master, metrics: _Metrics) -> None:
    settings, stats = server.settings, server.sockets.stats
    if stats is None:
        return
    from bridge import __version__

    document = StatsDocument(
        master,
        server.sockets.listeners,
        settings.listen,
        minified=settings.stats_minified,
        with_cores=settings.stats_cores,
        version=__version__,
        metrics=metrics if settings.stats_metrics else None,
    )
    StatsServer(master, stats.sock, document, http=settings.stats_http, trees=settings.stats_cores)


def _push_stats(server: Server, master: Master, metrics: _Metrics) -> None:
    settings = server.settings
    for address in settings.stats_push:
        try:
            StatsPush(master, address, settings.stats_push_interval, server.sockets.listeners, metrics)
        except OSError as exc:
            raise ConfigError(f"--stats-push statsd:{address.host}:{address.port}: {exc}") from exc
