"""All metrics of a server by name, its own and those of ``--metric``; and how collectors work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from engine.config.metrics import MetricKind, MetricSettings, MetricSpec
from engine.errors import ConfigError
from engine.stats.metrics import BuiltIn, built_in

__all__ = ["Catalogue", "collect"]

_LEADING_NUMBER: Final = re.compile(r"[+-]?[0-9]+")
_MOST_OF_FILE: Final = 4096


class Catalogue:
    """What is known before the first process is forked; names never change after that.

    :param sockets: how many the server listens on
    :raises ConfigError: if a metric is made of one that does not exist
    """

    def __init__(self, settings: MetricSettings, processes: int, cores: int, sockets: int) -> None:
        own = {spec.name for spec in settings.specs}
        # A metric of the configuration takes the place of the server's, as in uWSGI.
        self.built_in: list[BuiltIn] = [
            metric
            for metric in built_in(processes, cores if settings.cores else 0, sockets)
            if metric.name not in own
        ]
        self.specs = settings.specs
        self._known = own | {metric.name for metric in self.built_in}
        for spec in self.specs:
            for name in (*spec.children, spec.alias):
                self._check(spec, name)
        self.aliases = {spec.name: self._meant(spec) for spec in self.specs if spec.alias}

    def _check(self, spec: MetricSpec, name: str) -> None:
        if name and name not in self._known:
            raise ConfigError(
                f"--metric {spec.name}: there is no metric {name!r}; declare it with --metric name={name}, "
                "or see what there is in the document of --stats"
            )

    def _meant(self, spec: MetricSpec) -> str:
        """Follow other names to the metric itself."""
        others = {each.name: each.alias for each in self.specs if each.alias}
        name, seen = spec.name, {spec.name}
        while name in others:
            name = others[name]
            if name in seen:
                raise ConfigError(f"--metric {spec.name}: it is another name of itself")
            seen.add(name)
        return name

    def kinds(self) -> Iterator[tuple[str, MetricKind, str]]:
        """Yield name, kind and oid of each, in uWSGI's order."""
        for metric in self.built_in:
            yield metric.name, metric.kind, metric.oid
        for spec in self.specs:
            yield spec.name, spec.kind, spec.oid

    def __len__(self) -> int:
        return len(self.built_in) + len(self.specs)


def collect(spec: MetricSpec, value_of: Callable[[str], int]) -> int:
    """Return what a collector finds now.

    :raises OSError: if the file cannot be read
    """
    if spec.collector == "file":
        return spec.initial + _word_of_file(spec.path, spec.number)
    values = [value_of(name) for name in spec.children]
    total = sum(values)
    if spec.collector == "accumulator":
        return total + value_of(spec.name)
    if spec.collector == "adder":
        return spec.initial + total + spec.number
    if spec.collector == "multiplier":
        return spec.initial + total * spec.number
    return spec.initial + (total // len(values) if spec.collector == "avg" else total)


def _word_of_file(path: str, index: int) -> int:
    with open(path, "rb") as file:
        words = file.read(_MOST_OF_FILE).replace(b"\0", b" ").decode("latin-1").split()
    found = _LEADING_NUMBER.match(words[index]) if index < len(words) else None
    return int(found[0]) if found else 0
