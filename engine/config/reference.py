"""``docs/reference/options.md``, made from the option records: ``python -m engine.config.reference``."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.environment import variable
from engine.config.options import OPTIONS, Option, OptionTable, Status
from engine.config.values import Argument

__all__ = ["options_page"]

_DOCUMENTATION = "https://uwsgi-docs.readthedocs.io/en/latest/"

_INTRODUCTION = """\
# Options

Made from the option records by `python -m engine.config.reference`; do not edit.

Options are those of uWSGI and keep their meaning; where it differs, the text says so. Each can be
written on the command line (`--name value`), in a config file (`name = value`; ini, YAML, JSON or
TOML) and in the environment (`UWSGI_NAME`). Options marked \\* may be repeated.
`gevent-engine --check-config app.ini` lists what becomes of each option of a configuration.
"""

_REST = (
    (
        Status.NOOP,
        "Accepted without effect",
        "What these ask for is always so here, or cannot matter. Using one is no error.",
        "why",
    ),
    (
        Status.REFUSED,
        "Refused",
        "These will not come. Using one ends the start-up with a message.",
        "instead",
    ),
)


def options_page(table: OptionTable) -> str:
    """Return the whole page."""
    parts = [_INTRODUCTION, *_counts(table)]
    for section in table.sections:
        supported = [option for option in section.options if option.status is Status.SUPPORTED]
        if supported:
            parts.append(
                f"\n## {section.title}\n\n| option | value | default | meaning |\n|---|---|---|---|\n"
            )
            parts.extend(_row(option) for option in supported)
    for status, title, text, column in _REST:
        parts.append(f"\n## {title}\n\n{text}\n\n| option | {column} |\n|---|---|\n")
        parts.extend(
            f"| {_names(option)} | {_cell(option.note)} |\n" for option in table if option.status is status
        )
    return "".join(parts)


def _counts(table: OptionTable) -> Iterator[str]:
    yield "\n| status | options |\n|---|---|\n"
    for status in Status:
        yield f"| {status.value} | {sum(1 for option in table if option.status is status)} |\n"


def _row(option: Option) -> str:
    value = option.kind.metavar
    if option.kind.argument is Argument.OPTIONAL:
        value = f"[{value}]"
    default = "" if option.default is None else f"{option.default}"
    link = f" [uWSGI]({_DOCUMENTATION}{option.document})" if option.document else " (not in uWSGI)"
    return (
        f"| {_names(option)}<br>`{variable(option)}` | {_cell(value)} | {_cell(default)} "
        f"| {_cell(option.help)}{link} |\n"
    )


def _names(option: Option) -> str:
    short = [f"`-{option.short}`"] if option.short else []
    names = ", ".join([*(f"`--{name}`" for name in option.names), *short])
    return f"{names} \\*" if option.multiple else names


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    print(options_page(OPTIONS), end="")
