"""What ``--check-config`` prints: every option of a configuration and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from engine.config.entries import Entry
from engine.config.options import OptionTable, Status
from engine.config.options.elsewhere import advice_for
from engine.config.values import Argument, is_false

__all__ = ["check_report"]

_WORDS = {
    Status.SUPPORTED: "supported",
    Status.NOOP: "ignored",
    Status.REFUSED: "refused",
}


def check_report(
    entries: Iterable[Entry], table: OptionTable, unknown: Collection[str] = ()
) -> tuple[str, bool]:
    """Return the text, one line per option, and whether all of them can be used.

    :param unknown: names that are neither options nor used by any value
    """
    lines: list[str] = []
    usable = True
    for entry in entries:
        if entry.key == "check-config":
            continue
        option = table.find(entry.key)
        if entry.key in unknown:
            word = "refused" if advice_for(entry.key) is not None else "unknown"
            lines.append(f"{word:10} {entry.key} ({entry.origin}): {table.advice(entry.key)}")
            usable = False
            continue
        if option is None:
            lines.append(f"{'name':10} {entry.key} ({entry.origin}): your own, for %({entry.key})")
            continue
        status = option.status
        off = option.kind.argument is Argument.NONE and entry.value is not None and is_false(entry.value)
        if off and status is Status.REFUSED:
            status = Status.NOOP
        elif status is Status.REFUSED:
            usable = False
        note = f": {option.note}" if option.note and status is not Status.SUPPORTED else ""
        lines.append(f"{_WORDS[status]:10} {entry.key} ({entry.origin}){note}")
    if not usable:
        lines.append("the configuration cannot be used: some options are refused")
    return "".join(f"{line}\n" for line in lines), usable
