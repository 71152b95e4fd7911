"""Figures as statsd metrics, under the names that uWSGI's metrics have; pure.

Counters are sent as what was added since the last time, as statsd wants them; uWSGI sends totals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.config.metrics import MetricKind
from engine.stats.scoreboard import Column, WorkerState
from engine.stats.snapshot import MetricFacts

__all__ = ["StatsdFormat"]

_DATAGRAM: Final = 1400  # bytes; fits into an Ethernet frame with its headers
_COUNTERS: Final = {
    "requests": Column.REQUESTS,
    "failed_requests": Column.EXCEPTIONS,
    "total_tx": Column.TX,
    "respawns": Column.RESPAWNS,
    "harakiris": Column.HARAKIRIS,
    "replies_2xx": Column.REPLIES_2XX,
    "replies_3xx": Column.REPLIES_3XX,
    "replies_4xx": Column.REPLIES_4XX,
    "replies_5xx": Column.REPLIES_5XX,
}
_GAUGES: Final = {
    "avg_response_time": Column.AVERAGE_TIME,
    "busy_cores": Column.BUSY_CORES,
    "waiting_requests": Column.WAITING,
    "connections": Column.CONNECTIONS,
    "rss_size": Column.RSS,
    "vsz_size": Column.VSZ,
}

Columns = Mapping[int, int]


class StatsdFormat:
    """Remembers what was sent, to send differences.

    :param prefix: put before all names, with a dot
    :param tags: put behind all values, in Datadog's extension of the format
    """

    def __init__(self, prefix: str, tags: Sequence[str] = ()) -> None:
        self._prefix = f"{prefix}." if prefix else ""
        self._tags = f"|#{','.join(tags)}" if tags else ""
        self._sent: dict[tuple[int, str], int] = {}

    def datagrams(
        self, workers: Mapping[int, Columns], queue: int, own: Sequence[MetricFacts] = ()
    ) -> list[bytes]:
        """Return what to send now.

        :param workers: rows of the scoreboard by worker number; without those that do not run
        :param queue: connections that wait to be accepted
        :param own: metrics of the application
        """
        lines = [f"core.listen_queue:{queue}|g"]
        totals = dict.fromkeys(_COUNTERS, 0)
        for number, columns in workers.items():
            for name, column in _COUNTERS.items():
                added = self._added(number, name, columns.get(column, 0))
                totals[name] += added
                lines.append(f"worker.{number}.{name}:{added}|c")
            for name, column in _GAUGES.items():
                lines.append(f"worker.{number}.{name}:{columns.get(column, 0)}|g")
        # Worker 0 is all of them, as in uWSGI's metrics.
        lines += [f"worker.0.{name}:{added}|c" for name, added in totals.items()]
        ready = [each for each in workers.values() if each.get(Column.STATE) == WorkerState.READY]
        lines.append(f"core.ready_workers:{len(ready)}|g")
        lines.append(f"core.busy_cores:{sum(each.get(Column.BUSY_CORES, 0) for each in workers.values())}|g")
        for each in own:
            counts = each.kind == MetricKind.COUNTER
            value = self._added(-1, each.name, each.value) if counts else each.value
            lines.append(f"{each.name}:{value}|{'c' if counts else 'g'}")
        return self._packed(lines)

    def _added(self, number: int, name: str, value: int) -> int:
        before = self._sent.get((number, name), 0)
        self._sent[number, name] = value
        # A process that was replaced has begun at 0 again.
        return value - before if value >= before else value

    def _packed(self, lines: list[str]) -> list[bytes]:
        packets: list[bytes] = []
        packet = b""
        for line in lines:
            data = f"{self._prefix}{line}{self._tags}".encode()
            if packet and len(packet) + len(data) >= _DATAGRAM:
                packets.append(packet)
                packet = b""
            packet = packet + b"\n" + data if packet else data
        return [*packets, packet]
