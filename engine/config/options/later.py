"""Short ways to write the records of options that do nothing, come later, or never."""

from __future__ import annotations

from engine.config.options.record import Option, Status
from engine.config.values import FLAG, TEXT, Kind

__all__ = ["noop", "planned", "refused"]


def noop(
    name: str,
    note: str,
    *aliases: str,
    kind: Kind = FLAG,
    short: str = "",
    priority: str = "P1",
    multiple: bool = False,
) -> Option:
    """An option that is accepted because what it asks for is always so, or cannot matter here."""
    return Option(
        name,
        kind,
        aliases=aliases,
        short=short,
        status=Status.NOOP,
        note=note,
        priority=priority,
        multiple=multiple,
    )


def planned(
    name: str, *aliases: str, kind: Kind = TEXT, short: str = "", note: str = "", priority: str = "P1"
) -> Option:
    """An option of uWSGI that is to come; until then using it ends start-up."""
    return Option(
        name, kind, aliases=aliases, short=short, status=Status.PLANNED, note=note, priority=priority
    )


def refused(
    name: str, note: str, *aliases: str, kind: Kind = TEXT, short: str = "", priority: str = "P2"
) -> Option:
    """An option that will not come; ``note`` says what to do instead."""
    return Option(
        name, kind, aliases=aliases, short=short, status=Status.REFUSED, note=note, priority=priority
    )
