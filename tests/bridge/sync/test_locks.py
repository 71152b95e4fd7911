"""Lock, RLock, Semaphore and BoundedSemaphore: order, hand-over, interruption, ownership."""

from __future__ import annotations

import asyncio
from typing import Any

import gevent
import pytest

import bridge
from bridge import WrongContextError
from bridge.sync import BoundedSemaphore, Lock, RLock, Semaphore, WouldBlock
from tests.bridge.sync.actors import KINDS, Actor, settle, until
from tests.bridge.sync.conftest import Run

pytestmark = pytest.mark.timeout(20)

MAKERS = [Lock, Semaphore, BoundedSemaphore]
ALL = [*MAKERS, RLock]


def waiting(lock: Any) -> int:
    return len(lock.statistics().waiting)


async def actor(kind: str, lock: Any, log: list[Any]) -> Actor:
    """One that waits for *lock*, already in the queue."""
    before = waiting(lock)
    made = Actor(kind, lock.acquire, lock.aacquire, log)
    await until(lambda: waiting(lock) == before + 1)
    return made


@pytest.mark.parametrize("make", ALL)
def test_uncontended_in_every_place_without_any_loop_or_hub_needed(make: Any, run: Run) -> None:
    lock = make()
    with lock:
        assert lock.locked()
        assert not make().locked()
    assert not lock.locked()

    async def main() -> None:
        async with lock:
            assert lock.locked()
        with lock:
            assert lock.locked()
        lock.acquire_nowait()
        lock.release()

        def in_greenlet() -> None:
            with lock:
                assert lock.locked()

        await bridge.spawn(in_greenlet)
        assert not lock.locked()

    run(main())
    run(main())


@pytest.mark.parametrize("make", MAKERS)
def test_it_goes_to_those_who_wait_in_the_order_they_came(make: Any, run: Run) -> None:
    async def main() -> None:
        lock = make()
        lock.acquire()
        log: list[Actor] = []
        actors = [await actor(KINDS[n % 2], lock, log) for n in range(6)]
        for n in range(6):
            lock.release()
            assert lock.locked(), "handed over at once"
            assert not lock.acquire(blocking=False), "nobody who comes later gets it"
            with pytest.raises(WouldBlock):
                lock.acquire_nowait()
            await until(lambda n=n: len(log) > n)
        assert log == actors
        lock.release()
        assert not lock.locked()

    run(main())


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("kind", KINDS)
def test_one_that_is_stopped_while_it_waits_is_passed_over(make: Any, kind: str, run: Run) -> None:
    async def main() -> None:
        lock = make()
        lock.acquire()
        log: list[Actor] = []
        first = await actor(kind, lock, log)
        second = await actor("greenlet", lock, log)
        first.stop()
        await until(lambda: first.outcome)
        assert (first.outcome, waiting(lock)) == ("stopped", 1)
        lock.release()
        await until(lambda: second.outcome)
        assert second.outcome == "ok"

    run(main())


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("next_kind", [*KINDS, None])
def test_a_task_cancelled_after_it_was_handed_the_lock_hands_it_on(
    make: Any, next_kind: str | None, run: Run
) -> None:
    async def main() -> None:
        lock = make()
        lock.acquire()
        log: list[Actor] = []
        first = await actor("task", lock, log)
        second = None if next_kind is None else await actor(next_kind, lock, log)
        lock.release()
        first.stop()
        await until(lambda: first.outcome and (second is None or second.outcome))
        assert first.outcome == "stopped"
        if second is None:
            assert not lock.locked()
        else:
            assert second.outcome == "ok"
            assert lock.locked()

    run(main())


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("exception", [gevent.GreenletExit, gevent.Timeout])
def test_a_greenlet_killed_before_it_runs_with_the_lock_hands_it_on(
    make: Any, exception: Any, run: Run
) -> None:
    async def main() -> None:
        lock = make()
        lock.acquire()
        log: list[Actor] = []
        first = await actor("greenlet", lock, log)
        second = await actor("task", lock, log)
        first.stop(exception)
        lock.release()  # granted to the first, which is going to be killed
        await until(lambda: first.outcome and second.outcome)
        assert (first.outcome, second.outcome) == ("stopped", "ok")

    run(main())


@pytest.mark.parametrize("make", ALL)
def test_time_limits(make: Any, run: Run) -> None:
    async def main() -> None:
        lock = make()
        lock.acquire()

        def in_greenlet() -> None:
            assert lock.acquire(timeout=0) is False
            assert lock.acquire(timeout=0.001) is False
            with gevent.Timeout(0.001, False):
                lock.acquire()
                raise AssertionError
            with pytest.raises(ValueError, match="negative"):
                lock.acquire(timeout=-3)

        await bridge.spawn(in_greenlet)

        async def in_task() -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await lock.aacquire()

        await asyncio.create_task(in_task())
        assert waiting(lock) == 0
        lock.release()
        assert not lock.locked()

    run(main())


@pytest.mark.parametrize("make", MAKERS)
def test_a_call_that_would_block_in_a_task_says_what_to_write(make: Any, run: Run) -> None:
    async def main() -> None:
        lock = make()
        lock.acquire()  # free: it need not wait
        with pytest.raises(WrongContextError, match=r"await .*aacquire\(\)"):
            lock.acquire()
        assert lock.acquire(blocking=False) is False
        assert waiting(lock) == 0
        called: list[str] = []

        def callback() -> None:
            with pytest.raises(WrongContextError, match="asyncio callback"):
                lock.acquire()
            called.append("yes")

        asyncio.get_running_loop().call_soon(callback)
        await until(lambda: called)
        gevent.get_hub().loop.run_callback(lambda: called.append(refused_in_hub(lock)))
        await until(lambda: len(called) == 2)
        assert "in the hub" in called[1]

    run(main())


def refused_in_hub(lock: Any) -> str:
    with pytest.raises(WrongContextError) as caught:
        lock.acquire()
    return str(caught.value)


@pytest.mark.parametrize("make", MAKERS)
def test_without_a_loop_greenlets_wait_on_the_private_one(make: Any, host: str) -> None:
    lock = make()
    lock.acquire()
    log: list[int] = []
    greenlets = [gevent.spawn(lambda n=n: (lock.acquire(), log.append(n))) for n in range(3)]
    gevent.sleep(0)
    assert waiting(lock) == 3
    for _ in range(3):
        lock.release()
    gevent.joinall(greenlets, raise_error=True)
    assert log == [0, 1, 2]


@pytest.mark.parametrize("make", [Lock, RLock])
def test_a_lock_nobody_has_cannot_be_released(make: Any) -> None:
    with pytest.raises(RuntimeError, match=r"have it|has it"):
        make().release()


def test_a_semaphore_counts(run: Run) -> None:
    async def main() -> None:
        semaphore = Semaphore(2)
        log: list[Actor] = []
        semaphore.acquire()
        await semaphore.aacquire()
        assert semaphore.value == 0
        actors = [await actor(KINDS[n % 2], semaphore, log) for n in range(4)]
        semaphore.release(3)
        await until(lambda: len(log) == 3)
        assert set(log) == set(actors[:3])
        semaphore.release(3)
        await until(lambda: len(log) == 4)
        assert semaphore.value == 2

    run(main())


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="0 permits or more"):
        Semaphore(-1)
    with pytest.raises(ValueError, match="n >= 1"):
        Semaphore().release(0)
    bounded = BoundedSemaphore(2)
    bounded.acquire()
    with pytest.raises(ValueError, match="more often"):
        bounded.release(2)
    bounded.release()
    with pytest.raises(ValueError, match="more often"):
        bounded.release()
    assert bounded.statistics().bound == 2


class TestRLock:
    def test_its_owner_takes_it_again_and_others_wait(self, run: Run) -> None:
        async def main() -> None:
            lock = RLock()
            log: list[Actor] = []
            async with lock, lock:
                with lock:
                    assert lock.statistics().depth == 3
                    assert lock.statistics().owner is asyncio.current_task()
                others = [await actor(KINDS[n % 2], lock, log) for n in range(2)]
                assert waiting(lock) == 2
            await until(lambda: len(log) == 1)
            assert log == others[:1], "a task that ended with the lock keeps it"
            with pytest.raises(RuntimeError, match="does not have it"):
                lock.release()

        run(main())

    @pytest.mark.parametrize("first", KINDS)
    def test_it_goes_on_in_order_when_each_lets_go(self, first: str, run: Run) -> None:
        async def main() -> None:
            lock = RLock()
            order: list[int] = []

            def in_greenlet(n: int) -> None:
                with lock, lock:
                    order.append(n)
                    gevent.sleep(0)

            async def in_task(n: int) -> None:
                async with lock, lock:
                    order.append(n)
                    await asyncio.sleep(0)

            async with lock:
                waits: list[Any] = []
                for n in range(6):
                    task = (n % 2 == 0) is (first == "task")
                    waits.append(asyncio.ensure_future(in_task(n) if task else bridge.spawn(in_greenlet, n)))
                    await until(lambda n=n: waiting(lock) == n + 1)
            await asyncio.gather(*waits)
            assert order == list(range(6))
            assert not lock.locked()

        run(main())

    def test_a_task_cancelled_with_it_in_hand_passes_it_on_with_its_owner(self, run: Run) -> None:
        async def main() -> None:
            lock = RLock()
            log: list[Actor] = []
            await lock.aacquire()
            first = await actor("task", lock, log)
            second = await actor("greenlet", lock, log)
            lock.release()
            first.stop()
            await until(lambda: second.outcome)
            assert (first.outcome, second.outcome) == ("stopped", "ok")
            assert lock.statistics().owner is second._greenlet

        run(main())

    def test_two_tasks_are_two_owners(self, run: Run) -> None:
        async def main() -> None:
            lock = RLock()
            async with lock:
                assert await asyncio.create_task(self.try_it(lock)) is False
                assert await bridge.spawn(lock.acquire, False) is False

        run(main())

    async def try_it(self, lock: RLock) -> bool:
        return lock.acquire(blocking=False)


def test_repr_and_statistics_tell_who_waits(run: Run) -> None:
    async def main() -> None:
        for lock in (Lock(), RLock(), Semaphore(1)):
            assert "waiting" not in repr(lock)
            await lock.aacquire()
            log: list[Actor] = []
            actors = [await actor(kind, lock, log) for kind in ("task", "greenlet", "greenlet")]
            seen = lock.statistics().waiting
            assert (seen.tasks, seen.greenlets, seen.threads, len(seen)) == (1, 2, 0, 3)
            assert repr(lock).endswith("waiting: 1 task 2 greenlets>")
            for one in actors:
                one.stop()
            await settle()
            assert waiting(lock) == 0

    run(main())
