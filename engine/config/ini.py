"""The syntax of uWSGI's ini files (uWSGI docs, Configuration.html#ini-files), without any meaning.

Not :mod:`configparser`: keys repeat, ``%`` means something else, a bare key is a flag, and quotes
or comment signs inside a line belong to the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.config.entries import Entry, Origin
from engine.errors import UsageError

__all__ = ["DEFAULT_SECTION", "parse_ini", "split_section"]

DEFAULT_SECTION = "uwsgi"


def split_section(name: str) -> tuple[str, str]:
    """``file.ini:section`` in two; the section is ``uwsgi`` if none is named."""
    file, colon, section = name.rpartition(":")
    if not colon or "/" in section:
        return name, DEFAULT_SECTION
    return file, section or DEFAULT_SECTION


def parse_ini(
    text: str, file: str, section: str = DEFAULT_SECTION, magic: Callable[[str], str] = str
) -> Iterator[Entry]:
    """Yield the entries of one section, in order.

    :param file: its name, for messages
    :param magic: applied to each line of the section first (``%d`` and friends)
    :raises UsageError: if there is no such section, or a line belongs to none
    """
    found: list[str] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line or line[0] in ";#":
            continue
        if line[0] == "[":
            found.append(_heading(line, file, number))
        elif not found:
            raise UsageError(
                f"{file}, line {number}: {line!r} stands before any [section]; add [{section}] above"
            )
        elif found[-1] == section:
            key, _, value = magic(line).partition("=")
            yield Entry(key.strip(), value.strip(), Origin(file, number, section))
    if section not in found:
        listed = ", ".join(f"[{name}]" for name in dict.fromkeys(found)) or "no section at all"
        raise UsageError(f"{file} has no section [{section}]; it has {listed}")


def _heading(line: str, file: str, number: int) -> str:
    name, bracket, rest = line[1:].partition("]")
    if not bracket or (rest.strip() and rest.strip()[0] not in ";#"):
        raise UsageError(f"{file}, line {number}: {line!r} is not a section; write [name]")
    return name.strip()
