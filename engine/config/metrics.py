"""Options of the metrics subsystem (uWSGI docs, Metrics): ``--metric name=shop.orders,type=gauge``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from engine.errors import ConfigError

if TYPE_CHECKING:
    from engine.config.merge import Merged

__all__ = ["LONGEST_NAME", "MetricKind", "MetricSettings", "MetricSpec", "metric_settings"]

LONGEST_NAME: Final = 119  # bytes
_KEYS: Final = frozenset(
    ("name", "oid", "type", "initial_value", "collector", "freq", "children", "alias", "arg1", "arg1n")
)
_NAME: Final = re.compile(r"[0-9A-Za-z._-]+")
_OID: Final = re.compile(r"[0-9.]*")
_NUMBER: Final = re.compile(r"-?[0-9]+")
_OF_CHILDREN: Final = ("sum", "avg", "accumulator", "adder", "multiplier")


class MetricKind(IntEnum):
    """What a number means; uWSGI's numbers."""

    COUNTER = 0
    """Grows."""
    GAUGE = 1
    ABSOLUTE = 2
    """Grows, and begins again with each process."""
    ALIAS = 3
    """Another name of a metric."""


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One ``--metric``.

    :param initial: where it begins; added to what a collector finds
    :param collector: how the master finds the value, ``file``, ``sum``...; empty: the application sets it
    :param every: seconds between two times
    :param children: names of metrics that the collector works on
    :param alias: of which metric this is another name
    :param path: file that the collector reads (``arg1``)
    :param number: word of the file, from 0 on, or what is added or multiplied (``arg1n``)
    """

    name: str
    kind: MetricKind = MetricKind.COUNTER
    oid: str = ""
    initial: int = 0
    collector: str = ""
    every: int = 1
    children: tuple[str, ...] = ()
    alias: str = ""
    path: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class MetricSettings:
    """What is to be counted; false if nothing is.

    :param cores: have metrics of each core
    :param directory: keep the value of each metric in a file there; empty: nowhere
    :param restore: begin with the values of these files
    """

    enabled: bool = False
    specs: tuple[MetricSpec, ...] = ()
    cores: bool = True
    directory: str = ""
    restore: bool = False

    def __bool__(self) -> bool:
        return self.enabled


def metric_settings(merged: Merged) -> MetricSettings:
    """Return what the options ask for; each of them enables the subsystem.

    :raises ConfigError: if a line cannot be understood
    """
    specs = tuple(map(_spec, merged.texts("metric")))
    for spec in specs:
        if sum(spec.name == other.name for other in specs) > 1:
            raise ConfigError(f"--metric {spec.name}: there are two of this name; remove one")
    directory = merged.text("metrics-dir") or ""
    restore = merged.flag("metrics-dir-restore")
    if restore and not directory:
        raise ConfigError("--metrics-dir-restore: say which directory, with --metrics-dir DIRECTORY")
    return MetricSettings(
        merged.flag("enable-metrics") or bool(specs) or bool(directory),
        specs,
        not merged.flag("metrics-no-cores"),
        os.path.abspath(directory) if directory else "",
        restore,
    )


def _spec(text: str) -> MetricSpec:
    values = _values(text) if "=" in text else {"name": text}
    name, kind = values.get("name", ""), values.get("type", "counter").upper()
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise ConfigError(
            f"--metric {text}: a name of letters, digits, dots, dashes and underscores is needed, at most "
            f"{LONGEST_NAME}: --metric name=shop.orders"
        )
    if kind not in MetricKind.__members__:
        raise ConfigError(f"--metric {text}: type is one of counter, gauge, absolute, alias")
    if not _OID.fullmatch(values.get("oid", "")):
        raise ConfigError(f"--metric {text}: oid is made of digits and dots")
    spec = MetricSpec(
        name,
        MetricKind[kind],
        values.get("oid", ""),
        _number(text, values, "initial_value"),
        values.get("collector", ""),
        max(1, _number(text, values, "freq")),
        tuple(filter(None, values.get("children", "").split(";"))),
        values.get("alias", ""),
        os.path.abspath(values["arg1"]) if values.get("arg1") else "",
        _number(text, values, "arg1n"),
    )
    _check(text, spec)
    return spec


def _values(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        if key not in _KEYS:
            raise ConfigError(f"--metric {text}: there is no {key!r}; there are {', '.join(sorted(_KEYS))}")
        values[key] = value
    return values


def _number(text: str, values: dict[str, str], key: str) -> int:
    value = values.get(key) or "0"
    if not _NUMBER.fullmatch(value):
        raise ConfigError(f"--metric {text}: {key} is a whole number")
    return int(value)


def _check(text: str, spec: MetricSpec) -> None:
    if (spec.kind is MetricKind.ALIAS) != bool(spec.alias):
        raise ConfigError(f"--metric {text}: type=alias and alias=NAME, which is meant, go together")
    if spec.collector in _OF_CHILDREN:
        if not spec.children:
            raise ConfigError(f"--metric {text}: say what of, as in children=orders;worker.1.requests")
    elif spec.collector == "file":
        if not spec.path:
            raise ConfigError(f"--metric {text}: say which file, as in arg1=/proc/loadavg")
    elif spec.collector:
        raise ConfigError(
            f"--metric {text}: collector is one of file, {', '.join(_OF_CHILDREN)}; what only a program can "
            "find out it tells with uwsgi.metric_set(name, value)"
        )
