"""Counters of worker numbers."""

from __future__ import annotations

from engine.stats.growing import Growing
from engine.stats.scoreboard import Column


def row(pid: int, sent: int) -> dict[int, int]:
    return {Column.PID: pid, Column.TX: sent, Column.RSS: 7}


def test_counters_go_on_and_sizes_do_not() -> None:
    growing = Growing()
    assert growing.seen(row(5, 100), [1, 2])[0][Column.TX] == 100
    assert growing.seen(row(5, 150), [1, 3])[1] == [1, 3]
    columns, cores = growing.seen(row(6, 10), [0, 1])
    assert (columns[Column.TX], columns[Column.RSS], cores) == (160, 7, [1, 4])
    columns, cores = growing.seen({}, ())
    assert (columns[Column.TX], columns.get(Column.RSS), cores) == (160, None, [1, 4])
    assert growing.seen(row(7, 1), [0, 0])[0][Column.TX] == 161
