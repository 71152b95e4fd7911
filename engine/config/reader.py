"""Puts everything together: environment, command line and files become one list of entries, in order.

Files are read where they are named.  Then ``$()``, ``@()`` and ``%()`` are replaced
(:mod:`engine.config.placeholders`) and names nobody knows are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from engine.config import logic
from engine.config.args import read_args
from engine.config.entries import Entry, Origin
from engine.config.environment import read_environment
from engine.config.formats import parse
from engine.config.ini import split_section
from engine.config.magic import Magic
from engine.config.options import OptionTable
from engine.config.placeholders import Expander, references
from engine.errors import ConfigError, UsageError

__all__ = ["Reader", "read", "read_leniently"]

# Files within files; a file that includes itself is found by this.
MAX_FILES_DEEP: Final = 16

_SET: Final = frozenset({"set", "set-ph", "set-placeholder"})
_FILES: Final = frozenset(
    {"ini", "config", "include", "inherit", "yaml", "yml", "json", "js", "toml", "xml", "xmlconfig"}
)


def read(argv: Iterable[str], environ: Mapping[str, str], table: OptionTable) -> list[Entry]:
    """Return all entries with values ready for use: environment first, then the command line.

    :raises UsageError: for a name that is not known
    :raises ConfigError: for a file or a value that cannot be used
    """
    reader = Reader(environ, table)
    for entry in read_environment(environ, table):
        reader.feed(entry)
    for entry in read_args(argv, table):
        reader.feed(entry)
    return reader.finish()


def read_leniently(
    argv: Iterable[str], environ: Mapping[str, str], table: OptionTable
) -> tuple[list[Entry], frozenset[str]]:
    """Return the same, and the names in files that nobody knows instead of an error for the first one."""
    reader = Reader(environ, table)
    for entry in [*read_environment(environ, table), *read_args(argv, table)]:
        reader.feed(entry)
    return reader.finish(lenient=True), frozenset(reader.unknown)


class Reader:
    """Takes entries one by one and follows what they say about other entries."""

    def __init__(self, environ: Mapping[str, str], table: OptionTable) -> None:
        self._environ = dict(environ)
        self._table = table
        self._entries: list[Entry] = []
        self._known: dict[str, str] = {}
        self._references: set[str] = set()
        self._expander = Expander(self._environ, self._known.get)
        self._conditions: list[tuple[bool, Entry]] = []
        self._loop: list[Entry] = []
        self._first_magic: Magic | None = None
        self._depth = 0
        self.unknown: set[str] = set()
        """After a lenient :meth:`finish`: names that are neither options nor used by any value."""

    def feed(self, entry: Entry) -> None:
        """Take one entry; conditions, loops and files are dealt with at once."""
        if self._loop:
            self._collect(entry)
        elif logic.is_if(entry.key):
            self._open_condition(entry)
        elif entry.key in logic.END_IF:
            self._close_condition(entry)
        elif entry.key in logic.END_FOR:
            raise UsageError(f"{entry.origin}: {entry.key} ends no loop; there is no 'for' above")
        elif not self._is_skipping():
            if logic.is_for(entry.key):
                self._loop.append(entry)
            else:
                self._take(entry)

    def finish(self, *, lenient: bool = False) -> list[Entry]:
        """Return every entry, replaced and checked."""
        self._check_blocks_closed(0)
        for entry in self._entries:
            if not entry.origin.is_file or self._is_known(entry):
                continue
            if not lenient:
                raise self._unknown(entry)
            self.unknown.add(entry.key)
        return [self._expanded(entry) for entry in self._entries]

    # -- conditions and loops

    def _is_skipping(self) -> bool:
        return any(not met for met, _ in self._conditions)

    def _open_condition(self, entry: Entry) -> None:
        met = self._is_skipping() or logic.evaluate(
            entry, self._expand_now(entry), logic.Facts(self._environ, self._was_set)
        )
        self._conditions.append((met, entry))

    def _close_condition(self, entry: Entry) -> None:
        if not self._conditions:
            raise UsageError(f"{entry.origin}: {entry.key} ends no block; there is no 'if-...' above")
        self._conditions.pop()

    def _collect(self, entry: Entry) -> None:
        self._loop.append(entry)
        opened = sum(logic.is_for(each.key) for each in self._loop)
        closed = sum(each.key in logic.END_FOR for each in self._loop)
        if opened > closed:
            return
        head, *body, _ = self._loop
        self._loop = []
        for item in logic.items(head, self._expand_now(head)):
            for each in body:
                self.feed(each.with_value(each.value and each.value.replace("%(_)", item)))

    def _was_set(self, name: str, value: str | None) -> bool:
        option = self._table.find(name)
        names = option.names if option is not None else (name,)
        return any(each.key in names and value in (None, each.value) for each in self._entries)

    def _check_blocks_closed(self, conditions: int) -> None:
        unclosed = self._loop[:1] or [entry for _, entry in self._conditions[conditions:]]
        if unclosed:
            end = "endfor" if self._loop else "endif"
            raise UsageError(f"{unclosed[0].origin}: {unclosed[0].key} is never closed; add '{end} =' below")

    # -- entries

    def _take(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._references.update(references(entry.value or ""))
        self._known.setdefault(entry.key, "true" if entry.value is None else entry.value)
        if entry.key in _SET:
            name, _, value = (entry.value or "").partition("=")
            self._known.setdefault(name, value)
        elif entry.key == "env":
            name, equals, value = self._expand_now(entry).partition("=")
            if name and equals:
                self._environ[name] = value
        elif entry.key in _FILES:
            self._read_file(entry)

    def _expand_now(self, entry: Entry) -> str:
        self._references.update(references(entry.value or ""))
        return self._expander.expand(entry.value or "", entry.origin)

    def _expanded(self, entry: Entry) -> Entry:
        if entry.value is None:
            return entry
        return entry.with_value(self._expander.expand(entry.value, entry.origin))

    def _is_known(self, entry: Entry) -> bool:
        return self._table.find(entry.key) is not None or entry.key in self._references

    def _unknown(self, entry: Entry) -> UsageError:
        name, *rest = entry.key.split(maxsplit=1)
        if rest and self._table.find(name.rstrip(":")) is not None:
            return UsageError(f"{entry.origin}: {entry.key!r}: write {name.rstrip(':')} = {rest[0]}")
        return UsageError(
            f"{entry.origin}: unknown option {entry.key!r}; {self._table.advice(entry.key)} "
            f"A name of your own is allowed where some value uses it as %({entry.key})"
        )

    # -- files

    def _read_file(self, entry: Entry) -> None:
        file, section = split_section(self._expand_now(entry))
        if not file and not entry.origin.is_file:
            raise UsageError(
                f"{entry.origin}: {entry.spelling} :{section} names no file; write FILE:{section}"
            )
        file = file or entry.origin.text
        if self._depth == MAX_FILES_DEEP:
            raise ConfigError(
                f"{entry.origin}: {file} is read from itself, again and again; remove one include"
            )
        magic = Magic(file, section, self._first_magic)
        self._first_magic = self._first_magic or magic
        text = _text(file, entry)
        weak = entry.weak or entry.key == "inherit"
        conditions = len(self._conditions)
        self._depth += 1
        for line in parse(text, file, section, magic, entry.key):
            self.feed(replace(line, weak=weak))
        self._check_blocks_closed(conditions)
        self._depth -= 1


def _text(file: str, entry: Entry) -> str:
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read()
    except OSError as error:
        raise ConfigError(_unreadable(file, entry.origin, error.strerror or str(error))) from error


def _unreadable(file: str, origin: Origin, reason: str) -> str:
    hint = ""
    if origin.is_file and not file.startswith("/"):
        hint = "; a relative name starts from the current directory, %d stands for that of the config file"
    return f"{origin}: cannot read config file {file!r}: {reason}{hint}"
