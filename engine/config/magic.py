"""One-letter variables of config files: ``%d`` is the directory of the file (uWSGI docs, "Magic variables").

They are replaced while a file is read.  ``%(`` is left alone (placeholders, log formats),
``%%`` is a percent sign, and a letter that means nothing vanishes, as in uWSGI.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["Magic"]

_SEQUENCE: Final = re.compile(r"%(.)")
_START: Final = time.time_ns()

# In upper case these letters speak of the first file that was loaded instead of this one.
_OF_FIRST: Final = frozenset("ODSPCENXIJ")


class Magic:
    """The variables of one config file.

    :param file: as given by the user
    :param section: after the colon, or ``uwsgi``
    :param first: those of the first file loaded; None if this is the first
    """

    def __init__(self, file: str, section: str, first: Magic | None = None) -> None:
        self.file: Final = file
        self.section: Final = section
        self.first: Final[Magic] = first or self
        self.path: Final = os.path.abspath(file)

    def __repr__(self) -> str:
        return f"<Magic of {self.path}:{self.section}>"

    def __call__(self, text: str) -> str:
        """Return ``text`` with its variables replaced."""
        if "%" not in text:
            return text
        return _SEQUENCE.sub(lambda match: self.value(match[1]), text)

    def value(self, letter: str) -> str:
        """Return what ``%letter`` stands for."""
        if letter == "(":
            return "%("
        if letter.isdecimal():
            return self._component(int(letter))
        if letter in _OF_FIRST:
            return self.first.value(letter.lower())
        maker = _MAKERS.get(letter)
        return maker(self) if maker is not None else ""

    def _component(self, number: int) -> str:
        """Return a part of the directory, counted from 0 at the root."""
        parts = os.path.dirname(self.path).strip("/").split("/")
        return parts[number] if number < len(parts) else ""


def _directory(magic: Magic) -> str:
    return os.path.dirname(magic.path).rstrip("/") + "/"


def _extension(magic: Magic) -> str:
    return os.path.splitext(magic.path)[1].removeprefix(".")


def _inode(magic: Magic) -> str:
    try:
        return str(os.stat(magic.path).st_ino)
    except OSError:
        return ""


def _hash(magic: Magic) -> str:
    # djb33x, the hash uWSGI uses for paths (core/utils.c).
    value = 5381
    for byte in magic.path.encode("utf-8", "surrogateescape"):
        value = ((value << 5) + value ^ byte) & 0xFFFFFFFF
    return f"{value:08x}"


def _user(_: Magic) -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def _group(_: Magic) -> str:
    import grp

    return grp.getgrgid(os.getgid()).gr_name


_MAKERS: Final[Mapping[str, Callable[[Magic], str]]] = {
    "%": lambda _: "%",
    "[": lambda _: "\033",
    "d": _directory,
    "p": lambda magic: magic.path,
    "s": lambda magic: os.path.basename(magic.path),
    "n": lambda magic: os.path.splitext(os.path.basename(magic.path))[0],
    "e": _extension,
    "c": lambda magic: os.path.basename(os.path.dirname(magic.path)),
    "o": lambda magic: magic.file,
    "x": lambda magic: magic.section,
    "i": _inode,
    "j": _hash,
    "v": lambda _: os.getcwd(),
    "V": lambda _: _version(),
    "b": lambda _: os.path.abspath(sys.argv[0]),
    "h": lambda _: os.uname().nodename,
    "u": lambda _: str(os.getuid()),
    "U": _user,
    "g": lambda _: str(os.getgid()),
    "G": _group,
    "k": lambda _: str(os.cpu_count() or 1),
    "t": lambda _: str(_START // 1_000_000_000),
    "T": lambda _: str(_START // 1_000),
}


def _version() -> str:
    from engine.config.version import version

    return version()
