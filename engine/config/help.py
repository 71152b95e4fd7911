"""The text of ``--help`` and the ini text of ``--show-config``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from engine.config.entries import Entry
from engine.config.environment import variable
from engine.config.options import Option, OptionTable, Section, Status
from engine.config.values import Argument

__all__ = ["help_text", "ini_text"]

USAGE = """\
usage: gevent-engine [OPTION]... [CONFIGFILE | FILE.py | MODULE[:CALLABLE]]

Serve a WSGI application with gevent on an asyncio or uvloop loop.
Options are those of uWSGI.

  gevent-engine --gevent 100 --http-socket :8000 --module myapp
  gevent-engine --gevent 100 --socket :3031 --module myapp   (nginx uwsgi_pass)
  gevent-engine app.ini                       (or .yaml, .json, .toml)
  gevent-engine top 127.0.0.1:9191            (watch a server by its --stats)

Every option can stand in a config file without its dashes, and in the
environment under the name in [brackets]. The last one given wins; options
marked * may be repeated."""

INDENT = 6
NARROWEST = 40
NOT_SHOWN = frozenset(
    {
        *("ini", "config", "include", "inherit", "yaml", "yml", "json", "js", "toml"),
        *("set", "set-ph", "set-placeholder", "show-config", "completion"),
    }
)


def help_text(table: OptionTable, width: int) -> str:
    """Return the whole text.

    :param width: columns to wrap at; at least 40 are used
    """
    width = max(width, NARROWEST)
    blocks = [USAGE]
    blocks.extend(block for section in table.sections for block in _section(section, width))
    for status, heading in (
        (Status.NOOP, "Accepted without effect, because it is always so here"),
        (Status.REFUSED, "Options of uWSGI that are refused; using one says what to do instead"),
    ):
        names = sorted(option.name for option in table if option.status is status)
        blocks.append(f"{_wrapped(heading, width, 0)}:\n{_wrapped(', '.join(names), width, 2)}")
    return "\n\n".join(blocks) + "\n"


def _section(section: Section, width: int) -> Iterator[str]:
    supported = [option for option in section.options if option.status is Status.SUPPORTED]
    if supported:
        yield "\n".join([f"{section.title}:", *(_entry(option, width) for option in supported)])


def _entry(option: Option, width: int) -> str:
    return f"{_wrapped(_names(option), width, 2)}\n{_wrapped(_description(option), width, INDENT)}"


def _names(option: Option) -> str:
    short = [f"-{option.short}"] if option.short else []
    names = ", ".join([*short, *(f"--{name}" for name in option.names)])
    value = option.kind.metavar
    if option.kind.argument is Argument.OPTIONAL:
        names += f"[={value}]"
    elif value:
        names += f" {value}"
    return f"{names} *" if option.multiple else names


def _description(option: Option) -> str:
    parts = [option.help]
    if option.default is not None:
        default = f"{option.default:g}" if isinstance(option.default, float) else str(option.default)
        parts.append(f"Default: {default}.")
    parts.append(f"[{variable(option)}]")
    return " ".join(parts)


def _wrapped(text: str, width: int, indent: int) -> str:
    pad = " " * indent
    return textwrap.fill(
        text, width, initial_indent=pad, subsequent_indent=pad, break_long_words=False, break_on_hyphens=False
    )


def ini_text(entries: Iterable[Entry], table: OptionTable) -> str:
    """Return one section [uwsgi] that means the same as ``entries``.

    Files are merged into it and placeholders replaced, so neither they nor ``show-config`` are in it.
    """
    lines = (
        f"{entry.key} = {_escaped(entry.value or 'true')}\n"
        for entry in entries
        if table.find(entry.key) is not None and entry.key not in NOT_SHOWN
    )
    return f";uWSGI instance configuration\n[uwsgi]\n{''.join(lines)};end of configuration\n"


def _escaped(value: str) -> str:
    """Double percent signs, except before a parenthesis, where they mean no magic variable."""
    return value.replace("%", "%%").replace("%%(", "%(")
