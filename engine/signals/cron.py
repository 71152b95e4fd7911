"""When a cron entry is due (uWSGI ``add_cron``; the rules are those of its documentation)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

__all__ = ["ANY", "CronEntry", "Moment"]

ANY: Final = -1


class Moment(Protocol):
    """Local time, as ``time.localtime`` gives it."""

    @property
    def tm_min(self) -> int: ...
    @property
    def tm_hour(self) -> int: ...
    @property
    def tm_mday(self) -> int: ...
    @property
    def tm_mon(self) -> int: ...
    @property
    def tm_wday(self) -> int: ...


@dataclass(frozen=True, slots=True)
class CronEntry:
    """Five fields: n >= 0 exactly n; -1 any; -n every n (the value divides by n).

    :param month: 1 to 12
    :param weekday: 0 to 6 with Sunday 0; 7 is Sunday too
    """

    minute: int
    hour: int
    day: int
    month: int
    weekday: int

    def matches(self, moment: Moment) -> bool:
        """Whether the entry is due in the minute of *moment*."""
        sunday_first = (moment.tm_wday + 1) % 7
        if not (
            _fits(self.minute, moment.tm_min)
            and _fits(self.hour, moment.tm_hour)
            and _fits(self.month, moment.tm_mon)
        ):
            return False
        by_day = _fits(self.day, moment.tm_mday)
        by_weekday = _fits(0 if self.weekday == 7 else self.weekday, sunday_first)
        if self.day >= 0 and self.weekday >= 0:
            return by_day or by_weekday  # cron's tradition: two exact days are alternatives
        return by_day and by_weekday


def _fits(field: int, value: int) -> bool:
    if field >= 0:
        return field == value
    return value % -field == 0
