"""Short ways to write the records of options that do nothing, or will never come."""

from __future__ import annotations

from engine.config.options.record import Option, Status
from engine.config.values import FLAG, TEXT, Kind

__all__ = ["noop", "refused"]


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


def refused(
    name: str, note: str, *aliases: str, kind: Kind = TEXT, short: str = "", priority: str = "P2"
) -> Option:
    """An option that will not come; ``note`` says what to do instead."""
    return Option(
        name, kind, aliases=aliases, short=short, status=Status.REFUSED, note=note, priority=priority
    )
