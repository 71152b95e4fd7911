"""What processes tell the switchboard, as bytes; back to them go bare signal numbers."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

from engine.signals.cron import CronEntry

__all__ = [
    "AddCron",
    "AddFile",
    "AddTimer",
    "Hello",
    "Leaving",
    "Message",
    "Register",
    "Send",
    "Taken",
    "decode",
    "encode",
]

_TIMER: Final = struct.Struct("!BdIB")
_CRON: Final = struct.Struct("!B5i")
_COUNT: Final = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Send:
    """Raise these signals, in this order; one byte each."""

    numbers: bytes


@dataclass(frozen=True, slots=True)
class Register:
    """The sender has a handler for a signal from now on."""

    number: int
    target: str


@dataclass(frozen=True, slots=True)
class AddTimer:
    """Raise a signal every *seconds*; *iterations* times, 0 for ever."""

    number: int
    seconds: float
    iterations: int = 0
    red_black: bool = False


@dataclass(frozen=True, slots=True)
class AddCron:
    """Raise a signal when an entry is due."""

    number: int
    entry: CronEntry


@dataclass(frozen=True, slots=True)
class AddFile:
    """Raise a signal when a file or directory changes."""

    number: int
    path: str


@dataclass(frozen=True, slots=True)
class Hello:
    """The sender can take signals."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """The sender is about to end: send it nothing more."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The sender has begun to handle this many of the signals it was sent."""

    count: int


Message: TypeAlias = Send | Register | AddTimer | AddCron | AddFile | Hello | Leaving | Taken


class _Op(IntEnum):
    SEND = 1
    REGISTER = 2
    TIMER = 3
    CRON = 4
    FILE = 5
    HELLO = 6
    LEAVING = 7
    TAKEN = 8


def encode(message: Message) -> bytes:
    """Return a message as bytes."""
    match message:
        case Send(numbers):
            return bytes((_Op.SEND,)) + numbers
        case Taken(count):
            return bytes((_Op.TAKEN,)) + _COUNT.pack(count)
        case Register(number, target):
            return bytes((_Op.REGISTER, number)) + target.encode()
        case AddTimer(number, seconds, iterations, red_black):
            return bytes((_Op.TIMER,)) + _TIMER.pack(number, seconds, iterations, red_black)
        case AddCron(number, entry):
            fields = (entry.minute, entry.hour, entry.day, entry.month, entry.weekday)
            return bytes((_Op.CRON,)) + _CRON.pack(number, *fields)
        case AddFile(number, path):
            return bytes((_Op.FILE, number)) + path.encode("utf-8", "surrogateescape")
        case Hello():
            return bytes((_Op.HELLO,))
        case Leaving():
            return bytes((_Op.LEAVING,))


def decode(data: bytes) -> Message:
    """Return the message that :func:`encode` made of.

    :raises ValueError: if it is none
    """
    rest = data[1:]
    match _Op(data[0]):
        case _Op.SEND:
            return Send(rest)
        case _Op.TAKEN:
            return Taken(_COUNT.unpack(rest)[0])
        case _Op.REGISTER:
            return Register(rest[0], rest[1:].decode())
        case _Op.TIMER:
            number, seconds, iterations, red_black = _TIMER.unpack(rest)
            return AddTimer(number, seconds, iterations, bool(red_black))
        case _Op.CRON:
            number, *fields = _CRON.unpack(rest)
            return AddCron(number, CronEntry(*fields))
        case _Op.FILE:
            return AddFile(rest[0], rest[1:].decode("utf-8", "surrogateescape"))
        case _Op.HELLO:
            return Hello()
        case _Op.LEAVING:
            return Leaving()
