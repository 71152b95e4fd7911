"""Registrations of several processes put together."""

from __future__ import annotations

from engine.signals.registry import MASTER, Registry, Wishes


def test_what_the_master_registers_every_process_has() -> None:
    registry = Registry()
    assert registry.register(17, "workers", MASTER)
    assert registry.row(17).target == "workers"
    assert registry.row(17).is_everywhere()


def test_a_worker_that_registers_alone_is_its_only_owner() -> None:
    registry = Registry()
    assert registry.register(17, "", 101)
    assert not registry.register(17, "", 102)
    assert registry.row(17).owners == {101, 102}
    registry.forget(101)
    assert registry.row(17).owners == {102}


def test_the_last_target_counts() -> None:
    registry = Registry()
    registry.register(17, "", MASTER)
    assert registry.register(17, "workers", 101)
    assert registry.row(17).target == "workers"


def test_an_unregistered_signal_goes_to_any_worker() -> None:
    row = Registry().row(3)
    assert row.target == ""
    assert row.is_everywhere()


def test_three_workers_that_add_the_same_timer_share_it() -> None:
    wishes = Wishes()
    assert [wishes.add(worker, "every 10 s") for worker in (1, 2, 3)] == [True, False, False]


def test_one_worker_that_adds_a_timer_twice_has_two() -> None:
    wishes = Wishes()
    assert [wishes.add(1, "x"), wishes.add(1, "x"), wishes.add(2, "x"), wishes.add(2, "x")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_worker_that_comes_back_finds_its_timer() -> None:
    wishes = Wishes()
    wishes.add(1, "x")
    wishes.forget(1)
    assert not wishes.add(2, "x")


def test_a_worker_may_add_to_what_the_master_has() -> None:
    wishes = Wishes()
    assert wishes.add(MASTER, "x")
    assert wishes.add(1, "x")
    assert not wishes.add(2, "x")
