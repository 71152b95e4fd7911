"""Options with commands in them: what to run, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.errors import ConfigError

if TYPE_CHECKING:
    from engine.config.merge import Merged

__all__ = ["CronJob", "TouchedCommand", "cron_jobs", "touched_commands"]

_FIELDS: Final = ("minute", "hour", "day", "month", "week")
_LIMITS: Final = (59, 23, 31, 12, 7)
_ADVICE: Final = (
    "five numbers and a command are needed: minute hour day month weekday; -1 means any, -5 every 5"
)


@dataclass(frozen=True, slots=True)
class CronJob:
    """A command for certain minutes.

    :param fields: minute, hour, day, month, weekday; -1 any, -n every n
    :param unique: never start it while it runs
    :param harakiri: seconds after which it is killed; 0.0 means never
    """

    fields: tuple[int, int, int, int, int]
    command: str
    unique: bool = False
    harakiri: float = 0.0


@dataclass(frozen=True, slots=True)
class TouchedCommand:
    """A command to run when a file was modified."""

    path: str
    command: str


def cron_jobs(merged: Merged) -> tuple[CronJob, ...]:
    """Return what ``--cron``, ``--unique-cron`` and ``--cron2`` ask for, in the order written.

    :raises ConfigError: if a line cannot be understood
    """
    harakiri = merged.seconds("cron-harakiri")
    jobs: list[CronJob] = []
    for name, text in merged.steps:
        if name in ("cron", "unique-cron") and isinstance(text, str):
            jobs.append(_five_numbers(name, text, harakiri))
        elif name == "cron2" and isinstance(text, str):
            jobs.append(_named_fields(text, harakiri))
    return tuple(jobs)


def _five_numbers(name: str, text: str, harakiri: float) -> CronJob:
    words = text.split(None, 5)
    if len(words) != 6:
        raise ConfigError(f"--{name} {text}: {_ADVICE}")
    fields = [
        _number(name, text, word.replace("*", "-1"), most)
        for word, most in zip(words[:5], _LIMITS, strict=True)
    ]
    return CronJob(
        (fields[0], fields[1], fields[2], fields[3], fields[4]), words[5], name != "cron", harakiri
    )


def _named_fields(text: str, harakiri: float) -> CronJob:
    options, _, command = text.partition(" ")
    if "=" not in options:
        options, command = "", text
    values = dict.fromkeys(_FIELDS, -1)
    unique = False
    for part in filter(None, options.split(",")):
        key, _, value = part.partition("=")
        if key in values:
            values[key] = _number("cron2", text, value, _LIMITS[_FIELDS.index(key)])
        elif key == "unique":
            unique = value not in ("", "0", "false")
        elif key == "harakiri":
            harakiri = float(_number("cron2", text, value, 1 << 31))
        else:
            raise ConfigError(
                f"--cron2 {text}: unknown key {key!r}; there are {', '.join(_FIELDS)}, unique and harakiri"
            )
    if not command.strip():
        raise ConfigError(f"--cron2 {text}: a command is needed, as in 'minute=30,hour=4 COMMAND'")
    minute, hour, day, month, week = (values[field] for field in _FIELDS)
    return CronJob((minute, hour, day, month, week), command.strip(), unique, harakiri)


def _number(name: str, text: str, word: str, most: int) -> int:
    if not word.lstrip("-").isdecimal() or not -most <= int(word) <= most:
        raise ConfigError(f"--{name} {text}: {word!r} is no number from -{most} to {most}; {_ADVICE}")
    return int(word)


def touched_commands(merged: Merged) -> tuple[TouchedCommand, ...]:
    """Return what ``--touch-exec "FILE COMMAND"`` asks for.

    :raises ConfigError: if there is no command
    """
    commands = []
    for text in merged.texts("touch-exec"):
        path, _, command = text.partition(" ")
        if not command.strip():
            raise ConfigError(f"--touch-exec {text}: a file and a command are needed: FILE COMMAND")
        commands.append(TouchedCommand(path, command.strip()))
    return tuple(commands)
