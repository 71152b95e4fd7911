"""Timers and cron tables, on clocks that the tests move."""

from __future__ import annotations

import time

from engine.signals.cron import CronEntry
from engine.signals.schedule import NEVER, CronTable, TimerTable


def test_a_timer_is_due_every_period() -> None:
    table = TimerTable()
    table.add(100.0, 7, 10.0)
    assert table.next() == 110.0
    assert table.due(109.9) == []
    assert table.due(110.0) == [7]
    assert table.next() == 120.0
    assert table.due(120.5) == [7]
    assert table.next() == 130.0


def test_missed_periods_count_once() -> None:
    table = TimerTable()
    table.add(0.0, 7, 10.0)
    assert table.due(57.0) == [7]
    assert table.next() == 60.0


def test_iterations_are_counted() -> None:
    table = TimerTable()
    table.add(0.0, 7, 1.0, iterations=2)
    assert [table.due(float(now)) for now in range(1, 5)] == [[7], [7], [], []]
    assert table.next() == NEVER


def test_several_timers_keep_their_order() -> None:
    table = TimerTable()
    table.add(0.0, 1, 2.0)
    table.add(0.0, 2, 1.0)
    table.add(0.0, 3, 2.0)
    assert table.due(1.0) == [2]
    assert table.due(2.0) == [1, 2, 3]


def test_a_cron_entry_is_due_once_in_its_minute() -> None:
    table = CronTable()
    table.add(5, CronEntry(-1, -1, -1, -1, -1))
    start = 1_800_000_000.0
    minutes = [table.due(now, time.gmtime(now)) for now in (start, start + 1, start + 59, start + 60)]
    assert minutes == [[5], [], [], [5]]


def test_cron_entries_that_do_not_match_are_not_due() -> None:
    table = CronTable()
    now = 1_800_000_000.0
    moment = time.gmtime(now)
    table.add(5, CronEntry((moment.tm_min + 1) % 60, -1, -1, -1, -1))
    assert table.due(now, moment) == []
    assert table.due(now + 60, time.gmtime(now + 60)) == [5]
