"""``if-...`` and ``for...`` keys of config files (uWSGI docs, ConfigLogic.html), decided as lines are read.

uWSGI stops at a block inside a block; here they nest.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from engine.config.entries import Entry
from engine.errors import ConfigError, UsageError

__all__ = ["END_FOR", "END_IF", "Facts", "evaluate", "is_for", "is_if", "items"]

END_IF: Final = frozenset({"endif", "end-if", "end"})
END_FOR: Final = frozenset({"endfor", "end-for"})

_OLD_SPELLINGS: Final = {
    "ifenv": "if-env",
    "ifexists": "if-exists",
    "ifplugin": "if-plugin",
    "ifdir": "if-dir",
    "if-directory": "if-dir",
}

# What uWSGI packages as plugins and this engine always has.
_BUILT_IN: Final = frozenset({"python", "python3", "gevent", "http", "corerouter", "signal"})


class Facts:
    """What conditions ask about.

    :param environ: environment variables, those set by ``env`` included
    :param options: answers (name, value or None for any) -> was it set before this line?
    """

    def __init__(self, environ: Mapping[str, str], options: Callable[[str, str | None], bool]) -> None:
        self.environ = environ
        self.options = options

    def env(self, argument: str) -> bool:
        name, equals, value = argument.partition("=")
        found = self.environ.get(name)
        return found is not None and (not equals or found == value)

    def opt(self, argument: str) -> bool:
        name, equals, value = argument.partition("=")
        return self.options(name, value if equals else None)

    def exists(self, argument: str) -> bool:
        return os.path.exists(argument)

    def file(self, argument: str) -> bool:
        return os.path.isfile(argument)

    def dir(self, argument: str) -> bool:
        return os.path.isdir(argument)

    def reload(self, argument: str) -> bool:
        # uWSGI re-executes itself to reload and then counts in this variable; so a first start says no.
        return self.environ.get("UWSGI_RELOADS", "0") != "0"

    def hostname(self, argument: str) -> bool:
        return os.uname().nodename == argument

    def plugin(self, argument: str) -> bool:
        return argument in _BUILT_IN


_CONDITIONS: Final = ("env", "opt", "exists", "file", "dir", "reload", "hostname", "plugin")


def is_if(key: str) -> bool:
    """True if ``key`` opens a condition."""
    return key.startswith("if-") or key in _OLD_SPELLINGS


def is_for(key: str) -> bool:
    """True if ``key`` opens a loop."""
    return key == "for" or key.startswith("for-")


def evaluate(entry: Entry, argument: str, facts: Facts) -> bool:
    """Decide a condition.

    :param argument: the value of ``entry``, placeholders replaced
    :raises UsageError: if there is no such condition
    """
    key = _OLD_SPELLINGS.get(entry.key, entry.key)
    wanted = not key.startswith("if-not-")
    name = key.removeprefix("if-not-" if not wanted else "if-")
    if name not in _CONDITIONS:
        known = ", ".join(f"if-{condition}" for condition in _CONDITIONS)
        raise UsageError(
            f"{entry.origin}: unknown condition {entry.key!r}; known are {known}, each with if-not-"
        )
    answer: bool = getattr(facts, name)(argument)
    return answer is wanted


def items(entry: Entry, argument: str) -> Iterable[str]:
    """Return what ``%(_)`` stands for, turn by turn.

    :raises ConfigError: if the argument cannot be used
    """
    if entry.key == "for":
        return argument.split()
    if entry.key == "for-glob":
        return sorted(glob.glob(argument))
    if entry.key == "for-times":
        if not argument.isdecimal():
            raise ConfigError(f"{entry.origin}: for-times needs a number, not {argument!r}")
        return [str(number) for number in range(1, int(argument) + 1)]
    if entry.key == "for-readline":
        try:
            with open(argument, encoding="utf-8", errors="surrogateescape") as file:
                return [line.rstrip("\r\n") for line in file]
        except OSError as error:
            raise ConfigError(f"{entry.origin}: cannot read {argument!r}: {error.strerror}") from error
    raise UsageError(
        f"{entry.origin}: unknown loop {entry.key!r}; known are for, for-glob, for-times and for-readline"
    )
