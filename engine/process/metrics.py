"""Keeps metrics up to date: the master's part of uWSGI's metrics subsystem (``--enable-metrics``)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from engine.config.metrics import MetricKind, MetricSpec
from engine.errors import ConfigError
from engine.process.metric_files import MetricFiles
from engine.stats.backlog import backlog_of
from engine.stats.growing import Growing
from engine.stats.metric_catalogue import Catalogue, collect
from engine.stats.metrics import Sight
from engine.stats.scoreboard import Column
from engine.stats.snapshot import MetricFacts

if TYPE_CHECKING:
    from engine.config.settings import Settings
    from engine.net.listeners import Listener
    from engine.process.master import Master
    from engine.uwsgi_api.shared.metrics import Metrics
    from engine.uwsgi_api.store import Store

__all__ = ["Collector", "Ledger", "declare_metrics"]

_NUMBER_SIZE: Final = 8
_SURVIVES: Final = re.compile(r"worker\.\d+\.requests")
_INTERVAL: Final = 1.0  # seconds, as in uWSGI


class Ledger:
    """The catalogue of metrics and the memory that holds their values; made before the first fork.

    :param reloaded: whether there was an image of this server before, whose counts of requests go on
    """

    def __init__(self, settings: Settings, metrics: Metrics, store: Store, *, reloaded: bool) -> None:
        wanted = settings.metrics
        self.metrics = metrics
        self.catalogue = Catalogue(wanted, settings.processes, settings.gevent, len(settings.listeners))
        self.files = MetricFiles(wanted.directory) if wanted.directory else None
        names = [metric.name.encode() for metric in self.catalogue.built_in]
        self._before = dict.fromkeys((metric.name for metric in self.catalogue.built_in), 0)
        metrics.declare(
            names,
            store.segments.get("metric-values", max(1, len(names)) * _NUMBER_SIZE),
            {name.encode(): meant.encode() for name, meant in self.catalogue.aliases.items()},
            {spec.name.encode() for spec in self.catalogue.specs if spec.collector},
        )
        for spec in self.catalogue.specs:
            if not spec.alias:
                metrics.begin(spec.name.encode(), self._first(spec, wanted.restore))
        if wanted.restore and self.files is not None:
            self._restore(self.files, store, reloaded=reloaded)

    def _restore(self, files: MetricFiles, store: Store, *, reloaded: bool) -> None:
        size = max(1, len(self.catalogue.built_in)) * _NUMBER_SIZE
        # What was read at the first start, for counters that survive a reload by themselves.
        kept = memoryview(store.segments.get("metric-restored", size).memory).cast("q")
        for place, metric in enumerate(self.catalogue.built_in):
            if metric.kind is MetricKind.COUNTER:
                if not (reloaded and _SURVIVES.fullmatch(metric.name)):
                    kept[place] = files.read(metric.name)
                self._before[metric.name] = kept[place]

    def _first(self, spec: MetricSpec, restore: bool) -> int:
        return (self.files.read(spec.name) if restore and self.files is not None else 0) or spec.initial

    def value(self, name: str) -> int:
        """Return what ``uwsgi.metric_get(name)`` returns."""
        return self.metrics.get(name.encode())

    def publish(self, sight: Sight) -> None:
        """Bring the metrics of the server up to date."""
        self.metrics.publish(
            [self._before[metric.name] + metric.read(sight) for metric in self.catalogue.built_in]
        )

    def facts(self) -> list[MetricFacts]:
        """Return all metrics, those that the application made without declaring them last."""
        numbers = self.metrics.of_application()
        found = []
        for name, kind, oid in self.catalogue.kinds():
            numbers.pop(name.encode(), None)
            found.append(MetricFacts(name, kind, oid, self.value(name), name not in self._before))
        undeclared = [(name.decode("utf-8", "replace"), value) for name, value in numbers.items()]
        return found + [MetricFacts(name, MetricKind.COUNTER, "", value, True) for name, value in undeclared]


def declare_metrics(settings: Settings, store: Store | None, *, reloaded: bool = False) -> Ledger | None:
    """Make the metrics that the settings ask for; call before the application is loaded.

    :raises ConfigError: if they make no sense, or the system cannot share memory
    """
    if not settings.metrics:
        return None
    if store is None:
        raise ConfigError("--enable-metrics needs memory that processes share, which is made for Linux only")
    return Ledger(settings, store.metrics, store, reloaded=reloaded)


class Collector:
    """Looks once a second; lives in the master's events.

    :param routed: tells how many signals found a handler, and how many none
    """

    def __init__(
        self,
        master: Master,
        ledger: Ledger,
        listeners: Sequence[Listener],
        routed: Callable[[], tuple[int, int]],
    ) -> None:
        self._master = master
        self._ledger = ledger
        self._listeners = listeners
        self._routed = routed
        self._overloaded = 0
        self._growing = [Growing() for _ in range(master.settings.processes)]
        self._due: dict[str, float] = {}
        self._silent: set[str] = set()
        for spec in ledger.catalogue.specs:
            master.log.line(f"added custom metric: {spec.name}")
        master.log.line(f"initialized {len(ledger.catalogue)} metrics")
        self._tick()

    def _tick(self) -> None:
        self.refresh()
        sight = self._sight()
        if sight.workers and all(_is_full(row) for row in sight.workers):
            self._overloaded += 1
        now = time.monotonic()
        for spec in self._ledger.catalogue.specs:
            if spec.collector and now >= self._due.get(spec.name, 0.0):
                self._due[spec.name] = now + spec.every - _INTERVAL / 2
                self._collect(spec)
        if self._ledger.files is not None:
            problem = self._ledger.files.write((fact.name, fact.value) for fact in self._ledger.facts())
            if problem:
                self._say_once("files", problem)
        self._master.events.call_later(_INTERVAL, self._tick)

    def refresh(self) -> None:
        """Bring the server's own metrics up to date."""
        self._ledger.publish(self._sight())

    def _collect(self, spec: MetricSpec) -> None:
        try:
            self._ledger.metrics.put(spec.name.encode(), collect(spec, self._ledger.value))
        except OSError as exc:
            self._say_once(spec.name, f"--metric {spec.name}: {spec.path}: {exc.strerror}")

    def _say_once(self, key: str, text: str) -> None:
        if key not in self._silent:
            self._silent.add(key)
            self._master.log.line(text)

    def _sight(self) -> Sight:
        board = self._master.board
        rows = [board.current(number) for number in range(1, self._master.settings.processes + 1)]
        seen = []
        for row, growing in zip(rows, self._growing, strict=True):
            columns = {} if row is None else {int(column): row[column] for column in Column}
            seen.append(growing.seen(columns, () if row is None else row.cores))
        return Sight(
            [columns for columns, _ in seen],
            [cores for _, cores in seen],
            [backlog_of(each.sock) if each.sock.fileno() >= 0 else 0 for each in self._listeners],
            self._routed(),
            self._overloaded,
        )

    def facts(self) -> list[MetricFacts]:
        """Return all metrics as they are now."""
        self.refresh()
        return self._ledger.facts()


def _is_full(row: dict[int, int] | object) -> bool:
    return isinstance(row, dict) and row.get(Column.BUSY_CORES, 0) >= max(1, row.get(Column.CORES, 0))
