"""What the master does next, as a pure function."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.process.plan import ChildSeen, Exit, Kill, Phase, Retire, Seen, Spawn, plan, respawn_delay

ONE = ChildSeen(101, 1, Phase.READY)
TWO = ChildSeen(102, 2, Phase.READY)


def seen(*children: ChildSeen, wanted: int = 2, now: float = 0.0, **more: object) -> Seen:
    return Seen(now, children, wanted, mercy=10.0, **more)  # type: ignore[arg-type]


def test_missing_workers_are_started() -> None:
    assert plan(seen()) == [Spawn(1), Spawn(2)]
    assert plan(seen(ONE)) == [Spawn(2)]
    assert plan(seen(ONE, TWO)) == []


def test_a_worker_that_died_young_waits_for_its_turn() -> None:
    assert plan(seen(wanted=1, now=1.0, not_before={1: 3.0})) == []
    assert plan(seen(wanted=1, now=3.0, not_before={1: 3.0})) == [Spawn(1)]


def test_the_wait_doubles_and_has_an_end() -> None:
    assert [respawn_delay(failures) for failures in range(7)] == [0.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


class TestReplacing:
    OLD_ONE = replace(ONE, stale=True)
    OLD_TWO = replace(TWO, stale=True)

    def test_a_stale_worker_serves_until_its_successor_is_ready(self) -> None:
        assert plan(seen(self.OLD_ONE, wanted=1)) == [Spawn(1)]
        starting = ChildSeen(201, 1, Phase.STARTING)
        assert plan(seen(self.OLD_ONE, starting, wanted=1)) == []
        ready = replace(starting, phase=Phase.READY)
        assert plan(seen(self.OLD_ONE, ready, wanted=1)) == [Retire(101)]

    def test_a_brutal_reload_kills_instead_of_asking_but_not_earlier(self) -> None:
        old = replace(self.OLD_ONE, brutal=True)
        assert plan(seen(old, wanted=1)) == [Spawn(1)]
        assert plan(seen(old, ChildSeen(201, 1, Phase.READY), wanted=1)) == [Kill(101)]

    def test_all_are_replaced_at_once_unless_chained(self) -> None:
        assert plan(seen(self.OLD_ONE, self.OLD_TWO)) == [Spawn(1), Spawn(2)]
        assert plan(seen(self.OLD_ONE, self.OLD_TWO, chain=True)) == [Spawn(1)]

    def test_a_chain_goes_on_when_the_one_before_is_ready(self) -> None:
        starting = ChildSeen(201, 1, Phase.STARTING)
        assert plan(seen(self.OLD_ONE, self.OLD_TWO, starting, chain=True)) == []
        ready = replace(starting, phase=Phase.READY)
        assert plan(seen(self.OLD_ONE, self.OLD_TWO, ready, chain=True)) == [Retire(101), Spawn(2)]

    def test_without_an_application_old_workers_stay(self) -> None:
        assert plan(seen(self.OLD_ONE, self.OLD_TWO, may_spawn=False)) == []

    def test_a_leaving_worker_counts_as_gone_for_its_number(self) -> None:
        leaving = ChildSeen(101, 1, Phase.LEAVING, told_at=0.0)
        assert plan(seen(leaving, wanted=1)) == [Spawn(1)]


def test_too_many_workers_are_retired() -> None:
    assert plan(seen(ONE, TWO, wanted=1)) == [Retire(102)]


def test_stopping_asks_each_worker_once() -> None:
    assert plan(seen(ONE, TWO, stopping=True)) == [Retire(101), Retire(102)]
    asked = ChildSeen(101, 1, Phase.LEAVING, told_at=0.0)
    assert plan(seen(asked, TWO, stopping=True)) == [Retire(102)]


@pytest.mark.parametrize("stopping", [True, False])
def test_mercy_ends_and_kills_once(stopping: bool) -> None:
    asked = ChildSeen(101, 1, Phase.LEAVING, told_at=5.0)
    assert Kill(101) not in plan(seen(asked, now=14.9, stopping=stopping))
    assert Kill(101) in plan(seen(asked, now=15.0, stopping=stopping))
    killed = replace(asked, killed=True)
    assert Kill(101) not in plan(seen(killed, now=99.0, stopping=stopping))


def test_a_second_signal_is_in_a_hurry() -> None:
    assert plan(seen(ONE, wanted=1, stopping=True, hurry=True)) == [Kill(101)]


def test_the_last_worker_gone_ends_the_master() -> None:
    assert plan(seen(stopping=True)) == [Exit()]
