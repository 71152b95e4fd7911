"""Cron rules: n exactly, -1 any, -n every n; two exact days are alternatives."""

from __future__ import annotations

import calendar
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.cron import CronEntry


def at(text: str) -> time.struct_time:
    return time.strptime(text, "%Y-%m-%d %H:%M")


# 2026-11-23 is a Monday.
@pytest.mark.parametrize(
    ("fields", "moment", "due"),
    [
        ((-1, -1, -1, -1, -1), "2026-11-23 10:17", True),
        ((17, -1, -1, -1, -1), "2026-11-23 10:17", True),
        ((17, -1, -1, -1, -1), "2026-11-23 10:18", False),
        ((0, 10, -1, -1, -1), "2026-11-23 10:00", True),
        ((0, 10, -1, -1, -1), "2026-11-23 11:00", False),
        ((-5, -1, -1, -1, -1), "2026-11-23 10:15", True),
        ((-5, -1, -1, -1, -1), "2026-11-23 10:16", False),
        ((-5, -1, -1, -1, -1), "2026-11-23 10:00", True),
        ((0, -2, -1, -1, -1), "2026-11-23 10:00", True),
        ((0, -2, -1, -1, -1), "2026-11-23 11:00", False),
        ((0, 0, 23, -1, -1), "2026-11-23 00:00", True),
        ((0, 0, 24, -1, -1), "2026-11-23 00:00", False),
        ((0, 0, -1, 11, -1), "2026-11-23 00:00", True),
        ((0, 0, -1, 12, -1), "2026-11-23 00:00", False),
        ((0, 0, -1, -6, -1), "2026-12-01 00:00", True),
        ((0, 0, -1, -6, -1), "2026-11-01 00:00", False),
        ((0, 0, -1, -1, 1), "2026-11-23 00:00", True),
        ((0, 0, -1, -1, 2), "2026-11-23 00:00", False),
        ((0, 0, -1, -1, 0), "2026-11-22 00:00", True),
        ((0, 0, -1, -1, 7), "2026-11-22 00:00", True),
        ((0, 0, -1, -1, 7), "2026-11-23 00:00", False),
        ((0, 0, 1, -1, 1), "2026-11-23 00:00", True),  # a Monday, though not the 1st
        ((0, 0, 1, -1, 1), "2026-12-01 00:00", True),  # the 1st, though not a Monday
        ((0, 0, 1, -1, 1), "2026-11-24 00:00", False),
        ((0, 0, 1, 12, 1), "2026-11-23 00:00", False),  # the month counts all the same
        ((0, 0, -2, -1, 1), "2026-11-23 00:00", False),  # "every 2 days" is no exact day: both must fit
        ((0, 0, -23, -1, 1), "2026-11-23 00:00", True),
    ],
)
def test_rules(fields: tuple[int, int, int, int, int], moment: str, due: bool) -> None:
    assert CronEntry(*fields).matches(at(moment)) is due


@given(st.integers(0, 2_000_000_000), st.integers(1, 60))
def test_every_n_minutes_is_every_minute_that_n_divides(epoch: int, step: int) -> None:
    moment = time.gmtime(epoch)
    assert CronEntry(-step, -1, -1, -1, -1).matches(moment) is (moment.tm_min % step == 0)


@given(st.integers(0, 2_000_000_000))
def test_an_entry_made_of_a_moment_is_due_then(epoch: int) -> None:
    moment = time.gmtime(epoch)
    weekday = (calendar.weekday(moment.tm_year, moment.tm_mon, moment.tm_mday) + 1) % 7
    assert CronEntry(moment.tm_min, moment.tm_hour, moment.tm_mday, moment.tm_mon, weekday).matches(moment)
