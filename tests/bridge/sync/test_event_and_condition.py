"""Event and Condition."""

from __future__ import annotations

import asyncio
from typing import Any

import gevent
import pytest

import bridge
from bridge import WrongContextError
from bridge.sync import Condition, Event, Lock, RLock
from tests.bridge.sync.actors import KINDS, Actor, until
from tests.bridge.sync.conftest import Run

pytestmark = pytest.mark.timeout(20)


class TestEvent:
    def test_set_wakes_all_even_if_it_is_cleared_at_once(self, run: Run) -> None:
        async def main() -> None:
            event = Event()
            log: list[Actor] = []
            actors = [Actor(KINDS[n % 2], event.wait, event.await_set, log) for n in range(6)]
            await until(lambda: len(event.statistics().waiting) == 6)
            event.set()
            event.clear()
            await until(lambda: len(log) == 6)
            assert all(one.result is True for one in actors)
            assert not event.is_set()

        run(main())

    def test_set_in_any_place_wakes_any_kind(self, run: Run) -> None:
        async def main() -> None:
            for setter in (lambda e: e.set(), lambda e: gevent.spawn(e.set), lambda e: hub_callback(e.set)):
                event = Event()
                log: list[Actor] = []
                for kind in (*KINDS, "thread"):
                    Actor(kind, event.wait, event.await_set, log)
                await until(lambda event=event: len(event.statistics().waiting) == 3)
                setter(event)
                await until(lambda log=log: len(log) == 3)
                assert event.wait() is True
                assert await event.await_set() is True

        def hub_callback(fn: Any) -> None:
            gevent.get_hub().loop.run_callback(fn)

        run(main())

    def test_time_limits_and_interruptions_leave_nobody_behind(self, run: Run) -> None:
        async def main() -> None:
            event = Event()
            assert event.wait(timeout=0) is False
            assert await bridge.spawn(event.wait, 0.001) is False
            with pytest.raises(WrongContextError, match=r"await event\.await_set\(\)"):
                event.wait()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(event.await_set(), 0.001)
            log: list[Actor] = []
            actors = [Actor(kind, event.wait, event.await_set, log) for kind in KINDS]
            await until(lambda: len(event.statistics().waiting) == 2)
            assert repr(event).endswith("not set, waiting: 1 task 1 greenlet>")
            for one in actors:
                one.stop()
            await until(lambda: len(log) == 2)
            assert not event.statistics().waiting
            assert repr(event).endswith("not set>")

        run(main())


LOCKS = [Lock, RLock]


async def waiting_on(condition: Condition, n: int) -> None:
    await until(lambda: len(condition.statistics().waiting) == n)


def waiter(condition: Condition, kind: str, log: list[Any], name: Any) -> Actor:
    def sync() -> Any:
        with condition:
            try:
                return condition.wait()
            finally:
                log.append((name, condition.locked()))

    async def coro() -> Any:
        async with condition:
            try:
                return await condition.await_notify()
            finally:
                log.append((name, condition.locked()))

    return Actor(kind, sync, coro, [])


@pytest.mark.parametrize("make", LOCKS)
class TestCondition:
    def test_notify_lets_the_first_go_on_with_the_lock(self, make: Any, run: Run) -> None:
        async def main() -> None:
            condition = Condition(make())
            log: list[Any] = []
            for n in range(4):
                waiter(condition, KINDS[n % 2], log, n)
                await waiting_on(condition, n + 1)
            async with condition:
                condition.notify(2)
            await until(lambda: len(log) == 2)
            await until(lambda: not condition.locked())
            assert log == [(0, True), (1, True)]
            with condition:
                condition.notify_all()
                condition.notify_all()
            await until(lambda: len(log) == 4)
            assert sorted(log) == [(n, True) for n in range(4)]

        run(main())

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_wait_that_is_interrupted_takes_the_lock_again(self, make: Any, kind: str, run: Run) -> None:
        async def main() -> None:
            condition = Condition(make())
            log: list[Any] = []
            one = waiter(condition, kind, log, "one")
            await waiting_on(condition, 1)
            async with condition:
                one.stop()
                await waiting_on(condition, 0)
                assert log == []
                one.stop()  # again, while it wants the lock: it still must have it first
                await asyncio.sleep(0)
                await bridge.spawn(gevent.sleep, 0)
                assert log == []
            await until(lambda: one.outcome)
            assert (one.outcome, log) == ("stopped", [("one", True)])
            await until(lambda: not condition.locked())

        run(main())

    def test_a_notification_that_meets_a_cancellation_goes_to_the_next(self, make: Any, run: Run) -> None:
        async def main() -> None:
            condition = Condition(make())
            log: list[Any] = []
            first = waiter(condition, "task", log, 1)
            await waiting_on(condition, 1)
            second = waiter(condition, "greenlet", log, 2)
            await waiting_on(condition, 2)
            async with condition:
                condition.notify()
                first.stop()
            await until(lambda: second.outcome)
            assert (first.outcome, second.outcome, second.result) == ("stopped", "ok", True)

        run(main())

    @pytest.mark.parametrize("kind", KINDS)
    def test_so_does_one_that_is_cancelled_while_it_takes_the_lock(
        self, make: Any, kind: str, run: Run
    ) -> None:
        async def main() -> None:
            condition = Condition(make())
            log: list[Any] = []
            first = waiter(condition, kind, log, 1)
            await waiting_on(condition, 1)
            second = waiter(condition, "task", log, 2)
            await waiting_on(condition, 2)
            async with condition:
                condition.notify()
                await until(lambda: condition.statistics().lock.waiting)
                first.stop()
                await asyncio.sleep(0)
                await bridge.spawn(gevent.sleep, 0)
            await until(lambda: second.outcome)
            assert (first.outcome, second.outcome) == ("stopped", "ok")

        run(main())

    def test_wait_for(self, make: Any, run: Run) -> None:
        async def main() -> None:
            condition = Condition(make())
            state: list[int] = []
            expired: list[bool] = []

            def in_greenlet() -> Any:
                with condition:
                    expired.append(condition.wait_for(lambda: False, timeout=0.001))
                    expired.append(condition.wait(timeout=0.001))
                    return condition.wait_for(lambda: len(state) > 1 and "greenlet")

            async def in_task() -> Any:
                async with condition:
                    return await condition.await_for(lambda: len(state) > 1 and "task")

            results = asyncio.gather(asyncio.create_task(in_task()), bridge.spawn(in_greenlet))
            await until(lambda: len(expired) == 2)  # nothing may wake it before
            assert expired == [False, False]
            for n in range(3):
                await waiting_on(condition, 2)
                async with condition:
                    state.append(n)
                    condition.notify_all()
                if n == 1:
                    break
            assert await results == ["task", "greenlet"]

        run(main())

    def test_without_the_lock_it_says_so(self, make: Any, run: Run) -> None:
        async def main() -> None:
            condition = Condition(make())
            for call in (condition.wait, condition.notify, condition.notify_all):
                with pytest.raises(RuntimeError, match="without its lock"):
                    call()
            with pytest.raises(RuntimeError, match="without its lock"):
                await condition.await_notify()
            async with condition:
                with pytest.raises(WrongContextError, match="await_notify"):
                    condition.wait()
                assert condition.locked(), "the lock is still ours"
                assert repr(condition).endswith("locked>")

        run(main())


def test_an_rlock_taken_twice_is_let_go_for_the_wait_and_restored(run: Run) -> None:
    async def main() -> None:
        condition = Condition()
        log: list[int] = []

        async def in_task() -> None:
            async with condition, condition:
                await condition.await_notify()
                log.append(condition.statistics().lock.depth)

        task = asyncio.create_task(in_task())
        await waiting_on(condition, 1)
        async with condition:
            condition.notify()
        await task
        assert (log, condition.locked()) == ([2], False)
        condition.acquire_nowait()
        condition.release()
        assert await condition.aacquire()
        condition.release()

    run(main())
