"""CorePool: N cores, FIFO, nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.cores.pool import CorePool


def test_the_highest_free_core_is_used_first() -> None:
    pool = CorePool(3)
    assert [pool.take(name) for name in "abc"] == [2, 1, 0]


def test_a_request_beyond_the_last_core_waits_and_gets_the_core_given_back() -> None:
    pool = CorePool(1)
    core = pool.take("first")
    assert core == 0
    assert pool.take("second") is None
    assert pool.take("third") is None
    assert pool.release(0) == "second"
    assert pool.release(0) == "third"
    assert pool.release(0) is None
    assert pool.is_idle()


def test_a_withdrawn_request_never_gets_a_core() -> None:
    pool = CorePool(1)
    pool.take("first")
    pool.take("gone")
    assert pool.withdraw("gone")
    assert not pool.withdraw("gone")
    assert pool.release(0) is None
    assert pool.is_idle()


def test_statistics_and_repr_tell_the_state() -> None:
    pool = CorePool(2)
    pool.take("a")
    assert (pool.statistics().cores, pool.statistics().busy, pool.statistics().waiting) == (2, 1, 0)
    assert not pool.is_full()
    pool.take("b")
    pool.take("c")
    assert pool.is_full()
    assert repr(pool) == "<CorePool 2/2 busy, 1 waiting>"


@given(st.integers(1, 4), st.lists(st.sampled_from(["arrive", "end", "leave"]), max_size=60))
def test_any_order_of_events_keeps_fifo_and_never_exceeds_the_cores(size: int, events: list[str]) -> None:
    pool = CorePool(size)
    running: list[tuple[int, int]] = []  # (core, request)
    waiting: list[int] = []
    number = 0
    for event in events:
        if event == "arrive":
            number += 1
            core = pool.take(number)
            if core is None:
                waiting.append(number)
            else:
                running.append((core, number))
        elif event == "end" and running:
            core, _ = running.pop(0)
            following = pool.release(core)
            expected = waiting.pop(0) if waiting else None
            assert following == expected
            if following is not None:
                running.append((core, following))
        elif event == "leave" and waiting:
            assert pool.withdraw(waiting.pop())
        assert len(running) <= size
        assert len({core for core, _ in running}) == len(running)
        assert bool(waiting) <= (len(running) == size)


def test_only_cores_count_as_busy() -> None:
    pool = CorePool(2)
    pool.take("first")
    pool.running[7] = "an ASGI request"  # engine.cores.tasks does so
    assert pool.busy_cores() == 1
