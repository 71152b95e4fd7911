"""Which helpers the options ask for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import ConfigError
from engine.signals.targets import Kind
from engine.uwsgi_api.cluster.settings import SharedSettings
from engine.uwsgi_api.keyvals import Options, number

__all__ = ["Role", "Roles", "SpoolerSettings"]

_IMPORT = ("spooler-import", "spooler-pyimport", "spooler-py-import", "spooler-python-import")


@dataclass(frozen=True, slots=True)
class Role:
    """One helper.

    :param number: 1 and up, per kind
    :param what: a spooler's directory; a mule's script or ``module:function``, or empty
    """

    kind: Kind
    number: int
    what: str = ""

    def name(self) -> str:
        """What the log calls it."""
        return f"{self.kind.value} {self.number if self.kind is Kind.MULE else self.what}"


@dataclass(frozen=True, slots=True)
class SpoolerSettings:
    """What all spoolers have in common.

    :param frequency: seconds between two looks at the directory
    :param max_tasks: a spooler process ends after so many, and another takes its place; 0 means never
    :param harakiri: seconds for a task or a handler of signals; 0 means any
    :param imports: modules and files to run in spoolers
    """

    directories: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    frequency: float = 30.0
    quiet: bool = False
    chdir: str = ""
    max_tasks: int = 0
    harakiri: float = 0.0
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Roles:
    """All helpers of a server.

    :param farms: numbers of the mules in each farm
    :param mule_harakiri: seconds for a message or a handler of signals in a mule; 0 means any
    """

    helpers: tuple[Role, ...] = ()
    farms: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    spooler: SpoolerSettings = field(default_factory=SpoolerSettings)
    mule_harakiri: float = 0.0

    @classmethod
    def of(cls, opt: Mapping[str, Any]) -> Roles:
        """Read the options.

        :raises ConfigError: if they make no sense
        """
        options = Options(opt)
        spooler = SpoolerSettings(
            tuple(_directory(path, "shared" in options) for path in options.texts("spooler", "Q")),
            tuple(os.path.abspath(path) for path in options.texts("spooler-external")),
            float(options.number(30, "spooler-frequency", "spooler-freq")),
            "spooler-quiet" in options,
            (options.texts("spooler-chdir") or [""])[-1],
            options.number(0, "spooler-max-tasks"),
            options.seconds(0.0, "spooler-harakiri"),
            tuple(options.texts(*_IMPORT)),
        )
        processes = max(1, options.number(1, "spooler-processes"))
        places = [path for path in spooler.directories for _ in range(processes)]
        spoolers = [Role(Kind.SPOOLER, index, path) for index, path in enumerate(places, 1)]
        bodies = ["" if text in ("1", "true") else text for text in options.texts("mule")]
        bodies += [""] * options.number(0, "mules")
        mules = [Role(Kind.MULE, index, body) for index, body in enumerate(bodies, 1)]
        farms = dict(_farm(text, len(mules)) for text in options.texts("farm"))
        shared = SharedSettings.of(opt)
        links = () if shared is None else (Role(Kind.LINK, 1, shared.url),)
        helpers = (*spoolers, *mules, *links)
        return cls(helpers, farms, spooler, options.seconds(0.0, "mule-harakiri"))

    def count(self, kind: Kind) -> int:
        """How many helpers of a kind there are."""
        return sum(role.kind is kind for role in self.helpers)

    def farm(self, which: str | int) -> tuple[int, ...] | None:
        """Return the mules of a farm, by name or by number from 1."""
        if isinstance(which, int):
            members = list(self.farms.values())
            return members[which - 1] if 1 <= which <= len(members) else None
        return self.farms.get(which)

    def farms_of(self, mule: int) -> frozenset[str]:
        """Return the names of the farms that a mule is in."""
        return frozenset(name for name, members in self.farms.items() if mule in members)


def _directory(path: str, is_shared: bool) -> str:
    path = os.path.abspath(path)
    if not is_shared and not os.path.isdir(path):
        raise ConfigError(f"--spooler {path}: there is no such directory; make it, writable for the server")
    return path


def _farm(text: str, mules: int) -> tuple[str, tuple[int, ...]]:
    name, _, numbers = text.partition(":")
    members = tuple(number("farm", part) for part in numbers.split(",") if part)
    if not name or not members or not all(1 <= member <= mules for member in members):
        raise ConfigError(f"--farm {text}: write name:1,2 with numbers of mules; this server has {mules}")
    return name, members
