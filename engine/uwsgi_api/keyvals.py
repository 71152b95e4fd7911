"""Values of options as ``uwsgi.opt`` has them, and uWSGI's ``name=x,items=100``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import ConfigError

__all__ = ["Options"]


class Options:
    """Reads ``uwsgi.opt``: bytes, True for a flag, a list of what was repeated."""

    def __init__(self, opt: Mapping[str, Any]) -> None:
        self._opt = opt

    def texts(self, *names: str) -> list[str]:
        """Return all values given under any of the names; a flag without a value gives an empty one."""
        found: list[str] = []
        for name in names:
            value = self._opt.get(name, [])
            given = value if isinstance(value, list) else [value]
            found += [each.decode() if isinstance(each, bytes) else "" for each in given]
        return found

    def number(self, default: int, *names: str) -> int:
        """Return the last number given.

        :raises ConfigError: if it is none
        """
        texts = self.texts(*names)
        if not texts:
            return default
        return number(names[0], texts[-1])

    def seconds(self, default: float, name: str) -> float:
        """Return the last time given, in seconds; the options' own parser has checked it."""
        texts = self.texts(name)
        return float(texts[-1]) if texts else default

    def __contains__(self, name: str) -> bool:
        return name in self._opt


def number(name: str, text: str) -> int:
    """Return a whole number, 0 or more."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise ConfigError(f"--{name} {text}: write a whole number")
    return value


def keyvals(name: str, text: str, known: frozenset[str]) -> dict[str, str]:
    """Split ``a=1,b=2``; a name without a value means ``1``.

    :raises ConfigError: if a key is not *known*
    """
    found: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if key not in known:
            raise ConfigError(f"--{name} {text}: there is no {key!r}; there are {', '.join(sorted(known))}")
        found[key] = value if equals else "1"
    return found
