"""What the stats server shows, gathered from the scoreboard, the sockets and the parts of the master."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from json import dumps
from typing import TYPE_CHECKING, Any

from engine.stats.backlog import backlog_of
from engine.stats.figures import AppFacts
from engine.stats.scoreboard import Column
from engine.stats.snapshot import MetricFacts, ServerFacts, SocketFacts, WorkerFacts, prometheus, snapshot

if TYPE_CHECKING:
    from engine.net.listeners import Listener
    from engine.process.master import Master

__all__ = ["StatsDocument"]


class StatsDocument:
    """The state of a server, as of the moment it is asked for.

    :param served: the server's own listening sockets
    :param backlog: how many connections may wait on each
    :param metrics: None if there are none
    """

    def __init__(
        self,
        master: Master,
        served: Sequence[Listener],
        backlog: int,
        *,
        minified: bool,
        with_cores: bool,
        version: str,
        metrics: Callable[[], Sequence[MetricFacts]] | None = None,
    ) -> None:
        self._master = master
        self._served = served
        self._backlog = backlog
        self._minified = minified
        self._with_cores = with_cores
        self._version = version
        self._metrics = metrics
        # All workers have the same; they say which, and one that is stuck said it before.
        self._apps: Sequence[tuple[int, str, int]] = ((0, "", 0),)

    def json(self, details: Mapping[int, Any]) -> bytes:
        """Return uWSGI's document.

        :param details: what workers said, by process id
        """
        document = snapshot(self._facts(details), with_cores=self._with_cores)
        if self._minified:
            return dumps(document, separators=(",", ":")).encode()
        return dumps(document, indent="\t").encode()

    def prometheus(self) -> bytes:
        """Return the figures in Prometheus' text format."""
        return prometheus(self._facts({})).encode()

    def _facts(self, details: Mapping[int, Any]) -> ServerFacts:
        master = self._master
        workers = []
        for number in range(1, max(master.wanted, master.settings.processes) + 1):
            row = master.board.current(number)
            columns = {} if row is None else {int(column): row[column] for column in Column}
            said = details.get(columns.get(Column.PID, 0), {})
            self._apps = said.get("apps", self._apps)
            apps = [AppFacts(*app, *((0, 0) if row is None else row.app(app[0]))) for app in self._apps]
            workers.append(WorkerFacts(number, columns, said.get("cores"), said.get("tasks"), apps))
        sockets = [
            SocketFacts(each.name, each.protocol, backlog_of(each.sock), self._backlog)
            for each in self._served
            if each.sock.fileno() >= 0
        ]
        sections = master.parts.shown()
        return ServerFacts(
            self._version,
            os.getpid(),
            os.getuid(),
            os.getgid(),
            os.getcwd(),
            master.settings.gevent,
            sockets,
            workers,
            master.is_stopping(),
            None if self._metrics is None else self._metrics(),
            [(str(lock["name"]), int(lock["value"])) for lock in sections.pop("locks", ())],
            sections,
        )
