"""Options of programs that run beside the server (uWSGI docs, AttachingDaemons)."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.errors import ConfigError

if TYPE_CHECKING:
    from engine.config.merge import Merged

__all__ = ["Daemon", "daemons"]

_KEYS: Final = ("cmd", "command", "pidfile", "freq", "control", "stopsignal", "stop_signal")
_SPLIT: Final = re.compile(r",(?=\w+=)")


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program that the master starts and starts again.

    :param pidfile: it writes its process id there, and outlives the server; None: it ends with the server
    :param freq: seconds between two looks whether the process in *pidfile* lives
    :param control: the server ends when this program does
    """

    command: str
    pidfile: str | None = None
    freq: float = 10.0
    control: bool = False
    stop_signal: int = signal.SIGTERM


def daemons(merged: Merged) -> tuple[Daemon, ...]:
    """Return them in the order written.

    :raises ConfigError: if a line cannot be understood
    """
    found: list[Daemon] = []
    for name, text in merged.steps:
        if not isinstance(text, str):
            continue
        if name in ("attach-daemon", "attach-control-daemon"):
            found.append(Daemon(text, control=name != "attach-daemon"))
        elif name in ("smart-attach-daemon", "smart-attach-daemon2"):
            pidfile, _, command = text.partition(" ")
            if not command.strip():
                raise ConfigError(f"--{name} {text}: a pid file and a command are needed: PIDFILE COMMAND")
            found.append(Daemon(command.strip(), pidfile))
        elif name == "attach-daemon2":
            found.append(_with_keys(text))
    return tuple(found)


def _with_keys(text: str) -> Daemon:
    values: dict[str, str] = {}
    for part in _SPLIT.split(text):
        key, _, value = part.partition("=")
        if key not in _KEYS:
            raise ConfigError(f"--attach-daemon2 {text}: unknown key {key!r}; there are {', '.join(_KEYS)}")
        values[key] = value
    command = values.get("cmd") or values.get("command")
    number = values.get("stopsignal") or values.get("stop_signal") or str(int(signal.SIGTERM))
    freq = values.get("freq", "10")
    if not command or not number.isdecimal() or not freq.isdecimal():
        raise ConfigError(f"--attach-daemon2 {text}: write cmd=COMMAND; freq and stopsignal are numbers")
    control = values.get("control", "0") not in ("0", "", "false")
    return Daemon(command, values.get("pidfile"), float(freq), control, int(number))
