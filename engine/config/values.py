"""Kinds of option values: what may be written, what it becomes, how ``--help`` shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from engine.address import parse_address
from engine.protocols.forwarded import FIELDS
from engine.trust import check_peers

__all__ = [
    "ADDRESS",
    "ASSIGNMENT",
    "BYTES",
    "COUNT",
    "DIRECTORY",
    "FILE",
    "FLAG",
    "FORWARDED_FIELDS",
    "MODE",
    "NUMBER",
    "PEERS",
    "REDIRECT",
    "SECONDS",
    "TEXT",
    "UMASK",
    "Argument",
    "Kind",
    "checked",
    "choice",
    "is_false",
    "optional",
]

# uWSGI, core/config.c: these turn a flag off in a config file; any other text turns it on.
FALSE: Final = frozenset({"false", "off", "no", "0"})
TRUE: Final = frozenset({"true", "on", "yes"})


class Argument(Enum):
    """Whether an option takes a value (the three cases of getopt_long(3))."""

    NONE = "no"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Kind:
    """How the text after an option is read.

    :param metavar: how ``--help`` names the value
    :param parse: text to value; raises ValueError, or ConfigError for an address, saying what is accepted
    :param bare: the value when an optional one is left out
    """

    metavar: str
    parse: Callable[[str], object]
    argument: Argument = Argument.REQUIRED
    bare: object = None


def is_false(text: str) -> bool:
    """True for the four words that turn a flag off."""
    return text.strip().lower() in FALSE


def _flag(text: str) -> bool:
    return not is_false(text)


def _number(text: str) -> int:
    # Stricter than uWSGI, whose atoi() reads "10x" as 10 and "x" as 0.
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("a whole number, 0 or more, is needed")
    return int(text)


def _count(text: str) -> int:
    number = _number(text)
    if number < 1:
        raise ValueError("a whole number, 1 or more, is needed")
    return number


def _seconds(text: str) -> float:
    whole, _, fraction = text.partition(".")
    if not (whole + fraction).isdecimal() or not text.isascii():
        raise ValueError("a number of seconds is needed, as in 30 or 2.5")
    return float(text)


def _mode(text: str) -> int:
    # uWSGI, core/socket.c: no value and "1" both mean 666.
    if text in {"", "1"} or text.lower() in TRUE:
        return 0o666
    if len(text) != 3 or not set(text) <= set("01234567"):
        raise ValueError("three octal digits are needed, as in 660 (or 1 for 666)")
    return int(text, 8)


def _redirect(text: str) -> str:
    address, _, port = text.partition(",")
    parse_address(address)
    if port and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError("ADDRESS or ADDRESS,PORT is needed, as in :80 or :8080,8443")
    return text


def _umask(text: str) -> int:
    if not (1 <= len(text) <= 4 and set(text) <= set("01234567") and int(text, 8) <= 0o777):
        raise ValueError("octal digits are needed, as in 022")
    return int(text, 8)


def _fields(text: str) -> str:
    for word in text.lower().replace(",", " ").split():
        if word not in FIELDS:
            raise ValueError(f"{word!r} is none of {', '.join(FIELDS)}")
    return text.lower()


def _text(text: str) -> str:
    if not text:
        raise ValueError("a value is needed")
    return text


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and name):
        raise ValueError("NAME=VALUE is needed")
    return name, value


def checked(metavar: str, check: Callable[[str], object]) -> Kind:
    """A text that stays as it is, if *check* takes it.

    :param check: raises ValueError, or ConfigError for an address, saying what is accepted
    """

    def parse(text: str) -> str:
        check(text)
        return text

    return Kind(metavar, parse)


def choice(*words: str) -> Kind:
    """One of a few words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)} is needed")
        return text

    return Kind("|".join(words), parse)


def optional(kind: Kind, bare: object, *, true: object) -> Kind:
    """``kind``, which may be left out; ``true``, ``1`` and the like turn it on, ``false`` means 0."""

    def parse(text: str) -> object:
        if text == "1" or text.lower() in TRUE:
            return true
        return kind.parse("0" if is_false(text) else text)

    return Kind(kind.metavar, parse, Argument.OPTIONAL, bare)


FLAG: Final = Kind("", _flag, Argument.NONE, bare=True)
NUMBER: Final = Kind("N", _number)
COUNT: Final = Kind("N", _count)
SECONDS: Final = Kind("SECONDS", _seconds)
BYTES: Final = Kind("BYTES", _number)
TEXT: Final = Kind("TEXT", _text)
FILE: Final = Kind("FILE", _text)
DIRECTORY: Final = Kind("DIR", _text)
ADDRESS: Final = checked("ADDRESS", parse_address)
ASSIGNMENT: Final = Kind("NAME=VALUE", _assignment)
UMASK: Final = Kind("MODE", _umask)
REDIRECT: Final = Kind("ADDRESS[,PORT]", _redirect)
PEERS: Final = checked("LIST", check_peers)
FORWARDED_FIELDS: Final = Kind("LIST", _fields)
MODE: Final = Kind("MODE", _mode, Argument.OPTIONAL, bare=0o666)
