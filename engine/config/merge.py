"""Entries become values: each is parsed, the last of a scalar wins, lists add up."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from engine.config.entries import Entry
from engine.config.options import Option, OptionTable, Status
from engine.config.settings import OptValue
from engine.config.values import Argument, is_false
from engine.errors import ConfigError, UsageError

__all__ = ["Merged"]


class Merged:
    """The values of all options, by canonical name.

    :raises ConfigError: for a value that cannot be read, or an option that is refused
    """

    def __init__(self, entries: Iterable[Entry], table: OptionTable) -> None:
        self.steps: Final[list[tuple[str, object]]] = []
        """(name, value) in the order they took effect; for rules that depend on order."""

        self.without_effect: Final[dict[str, str]] = {}
        """Names of options that do nothing here -> why."""

        self.opt: Final[dict[str, OptValue]] = {}
        self._table: Final = table
        self._values: Final[dict[str, object]] = {}
        self._strong: Final[set[str]] = set()
        for entry in entries:
            self._take(entry)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __repr__(self) -> str:
        return f"<Merged {self._values!r}>"

    # -- typed access: mypy cannot follow the kinds of a table

    def flag(self, name: str) -> bool:
        """Return whether a switch is on."""
        return bool(self._get(name))

    def integer(self, name: str) -> int:
        """Return a whole number."""
        value = self._get(name)
        assert isinstance(value, int), name
        return value

    def seconds(self, name: str) -> float:
        """Return a duration in seconds."""
        value = self._get(name)
        assert isinstance(value, int | float), name
        return float(value)

    def text(self, name: str) -> str | None:
        """Return a text; None if it was not given and has no default."""
        value = self._get(name)
        assert value is None or isinstance(value, str), name
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all texts of an option that may be repeated, in the order written."""
        return tuple(value for step, value in self.steps if step == name and isinstance(value, str))

    def words(self, name: str) -> tuple[str, ...]:
        """Return the words of a text, between commas or spaces."""
        return tuple((self.text(name) or "").replace(",", " ").split())

    def path(self, name: str) -> str | None:
        """Return an absolute path: it is used after ``chdir``, but starts where the server was started."""
        path = self.text(name)
        return None if path is None else os.path.abspath(path)

    def paths(self, name: str) -> tuple[str, ...]:
        """Return all paths of an option that may be repeated, as :meth:`path`."""
        return tuple(map(os.path.abspath, self.texts(name)))

    def directory(self, name: str) -> str | None:
        """Return the path of a directory as it was written.

        :raises ConfigError: if it is not there
        """
        path = self.text(name)
        if path is not None and not os.path.isdir(path):
            raise ConfigError(f"--{name} {path}: there is no such directory")
        return path

    def _get(self, name: str) -> object:
        if name in self._values:
            return self._values[name]
        option = self._table.find(name)
        assert option is not None, name
        return option.default

    # -- taking entries

    def _take(self, entry: Entry) -> None:
        option = self._table.find(entry.key)
        self._remember(entry, multiple=option is not None and option.multiple)
        if option is None:
            return  # a placeholder
        if option.kind.argument is Argument.NONE and entry.value is not None and is_false(entry.value):
            if option.status is Status.SUPPORTED:
                self._set(option, entry, False)
            return
        if option.status is Status.REFUSED:
            raise ConfigError(_refusal(option, entry))
        if option.status is Status.NOOP:
            self.without_effect[option.name] = option.note
            return
        self._set(option, entry, _parse(option, entry))

    def _set(self, option: Option, entry: Entry, value: object) -> None:
        if not option.multiple:
            if entry.weak and option.name in self._strong:
                return
            if not entry.weak:
                self._strong.add(option.name)
        self._values[option.name] = value
        self.steps.append((option.name, value))

    def _remember(self, entry: Entry, *, multiple: bool) -> None:
        """Keep it in the shape of ``uwsgi.opt``."""
        known = self.opt.get(entry.key)
        if entry.weak and known is not None and not multiple:
            return
        value: bytes | bool = True
        if entry.value is not None:
            value = entry.value.encode("utf-8", "surrogateescape")
        if multiple and known is not None:
            self.opt[entry.key] = [*(known if isinstance(known, list) else [known]), value]
        else:
            self.opt[entry.key] = value


def _parse(option: Option, entry: Entry) -> object:
    if entry.value is None or (entry.value == "" and option.kind.argument is not Argument.REQUIRED):
        return option.kind.bare
    if entry.value == "":
        metavar = option.kind.metavar
        raise UsageError(f"{entry.origin}: {entry.spelling} needs a value: {entry.spelling} {metavar}")
    try:
        return option.kind.parse(entry.value)
    except (ValueError, ConfigError) as error:
        raise ConfigError(f"{entry.origin}: {entry.spelling} {entry.value}: {error}") from error


def _refusal(option: Option, entry: Entry) -> str:
    return f"{entry.origin}: {entry.spelling} is not supported by gevent-engine in gevent mode: {option.note}"
