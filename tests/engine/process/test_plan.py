"""What the master does next, as a pure function."""

from __future__ import annotations

from engine.process.plan import Exit, Kill, Seen, Spawn, WorkerSeen, plan

ONE = {1: WorkerSeen(101)}
TWO = {1: WorkerSeen(101), 2: WorkerSeen(102)}


def test_missing_workers_are_started() -> None:
    assert plan(Seen(0.0, {}, 2)) == [Spawn(1), Spawn(2)]
    assert plan(Seen(0.0, ONE, 2)) == [Spawn(2)]
    assert plan(Seen(0.0, TWO, 2)) == []


def test_a_worker_that_died_young_waits_for_its_turn() -> None:
    assert plan(Seen(1.0, {}, 1, not_before={1: 3.0})) == []
    assert plan(Seen(3.0, {}, 1, not_before={1: 3.0})) == [Spawn(1)]


def test_stopping_asks_each_worker_once() -> None:
    assert plan(Seen(0.0, TWO, 2, stopping=True)) == [Kill(1, True), Kill(2, True)]
    asked = {1: WorkerSeen(101, told_to_stop=True), 2: WorkerSeen(102)}
    assert plan(Seen(0.0, asked, 2, stopping=True)) == [Kill(2, True)]


def test_mercy_ends() -> None:
    asked = {1: WorkerSeen(101, told_to_stop=True)}
    assert plan(Seen(9.9, asked, 1, stopping=True, kill_at=10.0)) == []
    assert plan(Seen(10.0, asked, 1, stopping=True, kill_at=10.0)) == [Kill(1, False)]


def test_a_second_signal_is_in_a_hurry() -> None:
    assert plan(Seen(0.0, ONE, 1, stopping=True, hurry=True)) == [Kill(1, False)]


def test_the_last_worker_gone_ends_the_master() -> None:
    assert plan(Seen(0.0, {}, 2, stopping=True)) == [Exit()]
