"""Reading the command line: GNU getopt_long(3) over the option table.

Not argparse: entries must come out in the order written, mixed with those of the files they
name (``--gevent 3 --socket-timeout 5`` and the reverse differ); an alias must stay the name that
was written (``uwsgi.opt`` shows it); unknown options must name the nearest one; and argparse
takes 26 ms to set up 150 options (measured, docs of this project), this reader none.

Two deliberate differences from uWSGI: abbreviated long options are errors, and a positional config file is
read where it stands, so ``app.ini --processes 4`` gives 4 (uWSGI reads such files last).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from engine.config.entries import Entry, Origin
from engine.config.options import Option, OptionTable
from engine.config.values import Argument
from engine.errors import UsageError

__all__ = ["COMMAND_LINE", "read_args"]

COMMAND_LINE: Final = Origin("the command line")

# uWSGI, core/init.c and core/uwsgi.c: what a positional argument is, by its ending.
_ENDINGS: Final = (
    (".ini", "ini"),
    (".yaml", "yaml"),
    (".yml", "yaml"),
    (".xml", "xml"),
    (".toml", "toml"),
    (".json", "json"),
    (".js", "json"),
    (".py", "wsgi-file"),
    (".wsgi", "wsgi-file"),
)


def read_args(argv: Iterable[str], table: OptionTable) -> Iterator[Entry]:
    """Yield the entries of a command line without the program name, in order.

    :raises UsageError: for an unknown option, a missing value, or a value too many
    """
    rest = iter(argv)
    hint = ""
    for word in rest:
        if word == "--":
            yield from map(_positional, rest)
        elif word.startswith("--"):
            entry = _long(word[2:], rest, table)
            hint = _hint(entry, table)
            yield entry
            continue
        elif word.startswith("-") and word != "-":
            yield from _cluster(word[1:], rest, table)
        else:
            yield _positional(word, hint)
        hint = ""


def _long(word: str, rest: Iterator[str], table: OptionTable) -> Entry:
    name, equals, value = word.partition("=")
    option = table.find(name)
    if option is None:
        raise UsageError(f"unknown option --{name}; {table.advice(name)}")
    if equals:
        return Entry(name, value, COMMAND_LINE)
    return Entry(name, _argument(option, f"--{name}", rest), COMMAND_LINE)


def _cluster(letters: str, rest: Iterator[str], table: OptionTable) -> Iterator[Entry]:
    """``-LM``, ``-p4``, ``-Mp 4``: flags, and at most one option with a value, at the end."""
    for position, letter in enumerate(letters, start=1):
        option = table.find_short(letter)
        if option is None:
            within = f" in -{letters}" if len(letters) > 1 else ""
            raise UsageError(f"unknown option -{letter}{within}; {table.advice_for_letter(letter)}")
        glued = letters[position:]
        if option.kind.argument is not Argument.NONE and glued:
            yield Entry(option.name, glued.removeprefix("="), COMMAND_LINE)
            return
        yield Entry(option.name, _argument(option, f"-{letter}", rest), COMMAND_LINE)


def _argument(option: Option, spelling: str, rest: Iterator[str]) -> str | None:
    """Take the next word if the option must have a value; an optional one is written with ``=``."""
    if option.kind.argument is not Argument.REQUIRED:
        return None
    value = next(rest, None)
    if value is None:
        raise UsageError(f"option {spelling} needs a value: {spelling} {option.kind.metavar}")
    return value


def _hint(entry: Entry, table: OptionTable) -> str:
    """What to say if a word that means nothing follows this option."""
    option = table.find(entry.key)
    if option is None or entry.value is not None or option.kind.argument is not Argument.OPTIONAL:
        return ""
    return f". A value of --{entry.key} is written with an equals sign: --{entry.key}={option.kind.metavar}"


def _positional(word: str, hint: str = "") -> Entry:
    path = word.partition("(")[0].rpartition("/")[2].partition(":")[0] if not word.startswith(":") else word
    for ending, key in _ENDINGS:
        if path.lower().endswith(ending):
            return Entry(key, word, COMMAND_LINE)
    if _looks_like_module(word):
        return Entry("module", word, COMMAND_LINE)
    _, colon, port = word.rpartition(":")
    if colon and port.isdecimal():
        raise UsageError(f"{word!r} looks like an address: write --http-socket {word} or --socket {word}")
    raise UsageError(
        f"do not know what to do with {word!r}; a word without dashes is a config file (app.ini), "
        f"a file with an application (app.py, app.wsgi) or a module (app, package.app:callable){hint}"
    )


def _looks_like_module(word: str) -> bool:
    module, colon, target = word.partition(":")
    if colon and not target.partition("(")[0].replace(".", "_").isidentifier():
        return False
    return all(part.isidentifier() for part in module.split("."))
