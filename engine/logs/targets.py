"""Where log lines go, and what happens to them on the way (uWSGI docs, Logging, LogEncoders)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.errors import ConfigError
from engine.logs.python_logging import PythonLogging

__all__ = [
    "KINDS",
    "Chain",
    "FileRules",
    "LogTargets",
    "Target",
    "check_pattern",
    "parse_route",
    "parse_target",
]

KINDS: Final = ("file", "stdio", "fd", "socket", "syslog", "rsyslog")
_ELSEWHERE: Final = {
    "redislog": "let a log shipper write to Redis",
    "mongodblog": "let a log shipper write to MongoDB",
    "graylog2": "send to its syslog input: rsyslog:HOST:PORT,NAME",
    "zeromq": "let a log shipper do that",
    "crypto": "let a log shipper do that",
    "pipe": "use fd:N, or a shell pipe",
}
_NAMED: Final = re.compile(r"(\w+)\s+(\w+(?::.*)?)$")


@dataclass(frozen=True, slots=True)
class Target:
    """One destination.

    :param name: only lines that a route sends there are written; None: all lines
    :param kind: one of :data:`KINDS`
    """

    kind: str
    argument: str = ""
    name: str | None = None


@dataclass(frozen=True, slots=True)
class FileRules:
    """How log files are made.

    :param mode: permission bits; None leaves them to the umask
    :param max_size: bytes from which on a file is rotated; 0 means never
    :param backup: its name then; None means the name with the time in seconds behind
    """

    mode: int | None = None
    truncate: bool = False
    max_size: int = 0
    backup: str | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """What happens to one kind of lines, server's or requests'.

    :param encoders: as written: ``json {"msg":"${msg}"}``
    :param routes: (pattern, name of a target)
    """

    targets: tuple[Target, ...] = ()
    encoders: tuple[str, ...] = ()
    routes: tuple[tuple[str, str], ...] = ()

    def is_empty(self) -> bool:
        """Whether lines are simply written."""
        return not (self.targets or self.encoders or self.routes)

    def only_file(self) -> str | None:
        """Return the path if all that is asked for is one file."""
        if len(self.targets) != 1 or self.encoders or self.routes:
            return None
        target = self.targets[0]
        return target.argument if target.kind == "file" and target.name is None else None


@dataclass(frozen=True, slots=True)
class LogTargets:
    """Both chains; ``drain`` and ``keep`` are patterns of lines to drop, and of the only ones to keep.

    :param python: what has been read of ``--log-config``
    """

    server: Chain = field(default_factory=Chain)
    requests: Chain = field(default_factory=Chain)
    drain: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    files: FileRules = field(default_factory=FileRules)
    python: PythonLogging | None = None

    def needs_process(self) -> bool:
        """Whether more is asked for than a file for each kind of lines."""
        if self.drain or self.keep or (self.python is not None and self.python.takes_lines()):
            return True
        return any(
            not chain.is_empty() and chain.only_file() is None for chain in (self.server, self.requests)
        )


def parse_target(option: str, text: str) -> Target:
    """Read ``[NAME ]KIND[:ARGUMENT]``.

    :raises ConfigError: if there is no such kind, or its argument cannot be meant
    """
    named = _NAMED.match(text)
    name, rest = (named[1], named[2]) if named else (None, text)
    kind, _, argument = rest.partition(":")
    if kind not in KINDS:
        instead = _ELSEWHERE.get(kind, f"kinds are {', '.join(KINDS)}, as in file:/var/log/app.log")
        raise ConfigError(f"--{option} {text}: unknown kind of logger {kind!r}; {instead}")
    if kind in ("file", "socket", "rsyslog", "fd") and not argument:
        raise ConfigError(
            f"--{option} {text}: something is to follow the colon, as in {kind}:{_EXAMPLES[kind]}"
        )
    if kind == "fd" and not argument.isdecimal():
        raise ConfigError(f"--{option} {text}: the number of a descriptor is needed, as in fd:2")
    return Target(kind, argument, name)


_EXAMPLES: Final = {
    "file": "/var/log/app.log",
    "socket": "127.0.0.1:5000",
    "rsyslog": "127.0.0.1:514,app",
    "fd": "2",
}


def parse_route(option: str, text: str, targets: Sequence[Target]) -> tuple[str, str]:
    """Read ``NAME PATTERN``: lines that match go to the logger of that name.

    :raises ConfigError: if there is no such logger, or the pattern is no regular expression
    """
    name, _, pattern = text.partition(" ")
    names = [target.name for target in targets if target.name is not None]
    if name not in names:
        raise ConfigError(
            f"--{option} {text}: there is no logger {name!r}; name one, as in '--logger {name} file:PATH'"
        )
    return check_pattern(option, pattern), name


def check_pattern(option: str, pattern: str) -> str:
    """Return *pattern* if it is a regular expression.

    :raises ConfigError: if it is none
    """
    try:
        re.compile(pattern.encode())
    except re.error as exc:
        raise ConfigError(f"--{option} {pattern}: no regular expression: {exc}") from exc
    return pattern
