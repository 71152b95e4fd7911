"""The table that all processes share."""

import os

import pytest

from engine.stats.scoreboard import Column, Scoreboard, WorkerState


def take(board, pid, number, state=WorkerState.READY, respawns=1):
    row = board.free_row()
    row[Column.PID] = pid
    row[Column.NUMBER] = number
    row[Column.STATE] = state
    row[Column.RESPAWNS] = respawns
    return row


def test_rows_are_taken_and_freed():
    board = Scoreboard(2)
    first = take(board, 10, 1)
    take(board, 11, 2)
    assert board.free_row() is None
    first.clear()
    assert board.free_row() is not None
    assert [row[Column.PID] for row in board.rows()] == [11]


def test_the_current_process_of_a_number_is_the_ready_one_then_the_youngest():
    board = Scoreboard(4)
    old = take(board, 10, 1, respawns=1)
    new = take(board, 11, 1, WorkerState.STARTING, respawns=2)
    assert board.current(1)[Column.PID] == 10
    new[Column.STATE] = WorkerState.READY
    assert board.current(1)[Column.PID] == 11
    old[Column.STATE] = WorkerState.LEAVING
    assert board.current(1)[Column.PID] == 11
    assert board.current(2) is None


def test_children_and_parent_see_each_other():
    board = Scoreboard(2)
    row = take(board, 10, 1)
    pid = os.fork()
    if pid == 0:
        row[Column.REQUESTS] += 7
        os._exit(0)
    os.waitpid(pid, 0)
    assert board.total(Column.REQUESTS) == 7


@pytest.mark.parametrize("value", [0, -1, 2**63 - 1])
def test_numbers_are_64_bits(value):
    row = Scoreboard(1).row(0)
    row[Column.TX] = value
    assert row[Column.TX] == value


def test_what_cores_count_is_kept_by_kind_and_asgi_requests_go_round():
    board = Scoreboard(2, cores=2)
    row = board.row(1)
    row.note_cores(enumerate([5, 6, 7]), [(1, 2)], [(0, 3), (4, 1)])
    assert list(row.cores) == [5 + 7, 6, 0, 2, 3 + 1, 0]
    row.note_cores(enumerate([1, 1]), [], [])
    assert list(row.cores) == [1, 1, 0, 0, 0, 0]
    assert not any(board.row(0).cores)


def test_nothing_is_counted_by_core_unless_wanted():
    row = Scoreboard(1).row(0)
    row.note_cores(enumerate([5]), [(0, 1)], [])
    assert not len(row.cores)
