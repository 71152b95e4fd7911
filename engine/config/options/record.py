"""The record of one option; command line, files, environment, help and refusals all come from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from engine.config.values import FLAG, Kind

__all__ = ["Option", "Section", "Status"]


class Status(Enum):
    """What happens when the option is used."""

    SUPPORTED = "supported"
    NOOP = "accepted, does nothing"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    :param name: long name without dashes; also the key in files and, upper-cased, ``UWSGI_NAME``
    :param kind: what its value looks like
    :param help: one or two sentences; units included
    :param aliases: other long names
    :param short: the letter after a single dash
    :param default: shown by ``--help``; None where leaving it out means off
    :param multiple: may be repeated, values add up; otherwise the last one wins
    :param status: what using it leads to
    :param note: why it does nothing (NOOP), or what to do instead (REFUSED)
    :param page: where uWSGI documents it, relative to https://uwsgi-docs.readthedocs.io/en/latest/;
        empty for ``Options.html#name``, ``-`` for an option that uWSGI does not have
    :param priority: P0 needed by most users, P2 by few
    """

    name: str
    kind: Kind = FLAG
    help: str = ""
    aliases: tuple[str, ...] = ()
    short: str = ""
    default: object = None
    multiple: bool = False
    status: Status = Status.SUPPORTED
    note: str = ""
    page: str = ""
    priority: str = "P0"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)

    @property
    def is_own(self) -> bool:
        """True if uWSGI has no option of this name and meaning."""
        return self.page == "-"

    @property
    def document(self) -> str:
        """The page of uWSGI's documentation, empty for our own options."""
        return "" if self.is_own else self.page or f"Options.html#{self.name}"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of ``--help`` and its options, in the order shown."""

    title: str
    options: tuple[Option, ...]
