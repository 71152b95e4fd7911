"""Options from the environment: ``UWSGI_FOO_BAR=value`` is ``--foo-bar value``, read before the command line.

Names that are no options are not errors, since the environment is shared with programs we know nothing of and
uWSGI itself sets some (``UWSGI_RELOADS``, ``UWSGI_ORIGINAL_PROC_NAME``).  One that looks like a typing error
gets a line in the start-up log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.config.entries import Entry, Origin
from engine.config.options import Option, OptionTable

__all__ = ["ENVIRONMENT", "read_environment", "variable", "warnings"]

ENVIRONMENT: Final = Origin("the environment")
PREFIX: Final = "UWSGI_"

# Set by uWSGI and by this engine for its own next image; not meant as options.
_FACTS: Final = frozenset({"UWSGI_RELOADS", "UWSGI_ORIGINAL_PROC_NAME"})


def variable(option: Option) -> str:
    """Return the name of the environment variable of an option."""
    return PREFIX + option.name.upper().replace("-", "_")


def read_environment(environ: Mapping[str, str], table: OptionTable) -> Iterator[Entry]:
    """Yield the entries of an environment, in its order."""
    for name, value in environ.items():
        if name.startswith(PREFIX):
            key = _key(name)
            if table.find(key) is None:
                key = key.replace("-", "_") if table.find(key.replace("-", "_")) else ""
            if key:
                yield Entry(key, value, ENVIRONMENT)


def warnings(environ: Mapping[str, str], table: OptionTable) -> Iterator[str]:
    """Yield a line for each variable that is no option but nearly one."""
    for name in environ:
        if not name.startswith(PREFIX) or name in _FACTS or table.find(_key(name)) is not None:
            continue
        near = table.nearest(_key(name))
        if near:
            meant = PREFIX + near[0].removeprefix("--").upper().replace("-", "_")
            yield f"environment variable {name} is not an option and is ignored; did you mean {meant}?"


def _key(name: str) -> str:
    return name.removeprefix(PREFIX).lower().replace("_", "-")
