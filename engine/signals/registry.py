"""Who registered what: signals with their targets, and what raises signals by itself.

Several workers that load the same application register the same things.  A
timer that three workers add is one timer; a timer that one worker adds twice is
two.  So for each thing the number wanted is the most that any one process asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

__all__ = ["MASTER", "Registry", "Row", "Wishes"]

MASTER: Final = 0
"""Stands for registrations made before the fork, which every process has."""


@dataclass(slots=True)
class Row:
    """One signal number: the target registered last, and the processes that have a handler."""

    target: str = ""
    owners: set[int] = field(default_factory=set)

    def is_everywhere(self) -> bool:
        """Whether every process has the handler, or nobody is known to have one."""
        return MASTER in self.owners or not self.owners


class Registry:
    """Rows of all 256 signals; processes are known by a number of the caller's."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}

    def register(self, number: int, target: str, process: int) -> bool:
        """Note a registration; whether it changes where the signal goes."""
        row = self._rows.get(number)
        if row is None:
            row = self._rows[number] = Row(target)
            row.owners.add(process)
            return True
        changed = row.target != target
        row.target = target
        row.owners.add(process)
        return changed

    def row(self, number: int) -> Row:
        """Return the row of a signal; an unregistered one goes to any worker, as in uWSGI."""
        return self._rows.get(number) or Row()

    def forget(self, process: int) -> None:
        """A process has ended."""
        for row in self._rows.values():
            row.owners.discard(process)


class Wishes:
    """Counts what each process asked for; see the module."""

    def __init__(self) -> None:
        self._by_process: dict[int, Counter[Hashable]] = {}
        self._granted: Counter[Hashable] = Counter()

    def add(self, process: int, wish: Hashable) -> bool:
        """Note a wish; whether one more of it is needed."""
        mine = self._by_process.setdefault(process, Counter())
        mine[wish] += 1
        inherited = 0 if process == MASTER else self._by_process.get(MASTER, Counter())[wish]
        if mine[wish] + inherited <= self._granted[wish]:
            return False
        self._granted[wish] += 1
        return True

    def forget(self, process: int) -> None:
        """A process has ended; what was granted stays, for its successor will ask again."""
        self._by_process.pop(process, None)
