"""Sends figures to a statsd server now and then (uWSGI ``--stats-push statsd:HOST:PORT,PREFIX``)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bridge.lowlevel import original
from engine.config.pushers import StatsdAddress
from engine.stats.backlog import backlog_of
from engine.stats.scoreboard import Column
from engine.stats.snapshot import MetricFacts
from engine.stats.statsd import StatsdFormat

if TYPE_CHECKING:
    from engine.net.listeners import Listener
    from engine.process.master import Master

__all__ = ["StatsPush"]


class StatsPush:
    """Lives in the master's events; a server that is away costs nothing.

    :param interval: seconds between two times
    :param metrics: those of the application are sent too
    """

    def __init__(
        self,
        master: Master,
        address: StatsdAddress,
        interval: float,
        served: Sequence[Listener],
        metrics: Callable[[], Sequence[MetricFacts]] | None = None,
    ) -> None:
        self._master = master
        self._metrics = metrics
        self._served = served
        self._interval = interval
        self._format = StatsdFormat(address.prefix, address.tags)
        # The name is looked up once: a name server that is slow must not stop the master again and again.
        family, kind, protocol, _, self._address = original("socket", "getaddrinfo")(
            address.host, address.port, type=socket.SOCK_DGRAM
        )[0]
        self._socket: Any = original("socket", "socket")(family, kind, protocol)
        self._socket.setblocking(False)
        master.at_fork_in_child(self._socket.close)
        master.events.call_later(interval, self._push)

    def _push(self) -> None:
        master = self._master
        workers = {}
        for number in range(1, max(master.wanted, master.settings.processes) + 1):
            row = master.board.current(number)
            if row is not None:
                workers[number] = {int(column): row[column] for column in Column}
        own = [each for each in self._metrics() if each.own] if self._metrics is not None else []
        queue = sum(backlog_of(each.sock) for each in self._served if each.sock.fileno() >= 0)
        for data in self._format.datagrams(workers, queue, own):
            try:
                self._socket.sendto(data, self._address)
            except OSError:
                break
        master.events.call_later(self._interval, self._push)
