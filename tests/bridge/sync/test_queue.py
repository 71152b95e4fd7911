"""Queue, LifoQueue and PriorityQueue."""

from __future__ import annotations

import asyncio
import queue as stdlib_queue
from functools import partial
from typing import Any

import gevent
import pytest

import bridge
from bridge import WrongContextError
from bridge.sync import LifoQueue, PriorityQueue, Queue, QueueEmpty, QueueFull, QueueShutDown, WouldBlock
from tests.bridge.sync.actors import KINDS, Actor, settle, until
from tests.bridge.sync.conftest import Run

pytestmark = pytest.mark.timeout(20)


async def getter(kind: str, queue: Queue[Any], log: list[Any]) -> Actor:
    before = len(queue.statistics().getting)
    made = Actor(kind, queue.get, queue.aget, log)
    await until(lambda: len(queue.statistics().getting) == before + 1)
    return made


async def putter(kind: str, queue: Queue[Any], item: Any, log: list[Any]) -> Actor:
    before = len(queue.statistics().putting)
    made = Actor(kind, partial(queue.put, item), partial(queue.aput, item), log)
    await until(lambda: len(queue.statistics().putting) == before + 1)
    return made


def drained(queue: Queue[Any]) -> list[Any]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


@pytest.mark.parametrize(
    ("make", "expected"), [(Queue, [2, 1, 3]), (LifoQueue, [3, 1, 2]), (PriorityQueue, [1, 2, 3])]
)
def test_order_of_items(make: Any, expected: list[int], run: Run) -> None:
    async def main() -> None:
        queue = make()
        queue.put(2)
        await queue.aput(1)
        await bridge.spawn(queue.put, 3)
        assert [queue.get(), await queue.aget(), await bridge.spawn(queue.get)] == expected
        assert queue.empty()

    run(main())


def test_nowait_calls_raise_what_either_side_catches() -> None:
    queue: Queue[int] = Queue(1)
    for error in (QueueEmpty, WouldBlock, stdlib_queue.Empty, asyncio.QueueEmpty):
        with pytest.raises(error):
            queue.get_nowait()
    queue.put_nowait(1)
    assert queue.full()
    for error in (QueueFull, WouldBlock, stdlib_queue.Full, asyncio.QueueFull):
        with pytest.raises(error):
            queue.put_nowait(2)


def test_each_getter_gets_its_item_in_the_order_they_came(run: Run) -> None:
    async def main() -> None:
        queue: Queue[int] = Queue()
        log: list[Actor] = []
        getters = [await getter(KINDS[n % 2], queue, log) for n in range(6)]
        for n in range(6):
            queue.put(n)
        await until(lambda: len(log) == 6)
        assert [one.result for one in getters] == list(range(6))

    run(main())


def test_putters_come_in_in_the_order_they_came(run: Run) -> None:
    async def main() -> None:
        queue: Queue[int] = Queue(1)
        log: list[Actor] = []
        queue.put(0)
        for n in range(1, 6):
            await putter(KINDS[n % 2], queue, n, log)
        got = []
        for n in range(6):
            got.append(await queue.aget())
            await until(lambda n=n: len(log) == min(n + 1, 5))
        assert got == list(range(6))

    run(main())


def test_room_that_is_booked_is_nobody_elses(run: Run) -> None:
    async def main() -> None:
        queue: Queue[str] = Queue(1)
        queue.put("a")
        log: list[Actor] = []
        await putter("task", queue, "b", log)
        assert queue.get() == "a"
        assert queue.full()
        with pytest.raises(QueueFull):
            queue.put_nowait("c")
        await until(lambda: log)
        assert drained(queue) == ["b"]

    run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_a_putter_that_is_stopped_has_put_nothing(kind: str, run: Run) -> None:
    async def main() -> None:
        queue: Queue[str] = Queue(1)
        queue.put("a")
        log: list[Actor] = []
        first = await putter(kind, queue, "b", log)
        second = await putter("greenlet", queue, "c", log)
        first.stop()
        assert queue.get() == "a"  # books the room for the first, which is being stopped
        await until(lambda: first.outcome and second.outcome)
        assert (first.outcome, second.outcome) == ("stopped", "ok")
        assert drained(queue) == ["c"]

    run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_handed_to_one_that_is_stopped_goes_to_the_next(kind: str, run: Run) -> None:
    async def main() -> None:
        queue: Queue[str] = Queue()
        log: list[Actor] = []
        first = await getter(kind, queue, log)
        second = await getter("task", queue, log)
        first.stop()
        queue.put("item")
        await until(lambda: first.outcome and second.outcome)
        assert (first.outcome, second.outcome, second.result) == ("stopped", "ok", "item")

    run(main())


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_items_given_back_get_their_places_again(order: tuple[int, ...], run: Run) -> None:
    async def main() -> None:
        for make, expected in ((Queue, [0, 1, 2, 3]), (PriorityQueue, [0, 1, 2, 3])):
            queue = make()
            log: list[Actor] = []
            getters = [await getter("task", queue, log) for _ in range(3)]
            for n in range(4):
                queue.put(n)
            for n in order:
                getters[n].stop()
            await until(lambda log=log: len(log) == 3)
            assert drained(queue) == expected

    run(main())


def test_one_given_back_to_a_stack_is_on_top(run: Run) -> None:
    async def main() -> None:
        queue: LifoQueue[int] = LifoQueue()
        one = await getter("task", queue, [])
        queue.put(1)
        queue.put(0)
        one.stop()
        await until(lambda: one.outcome)
        assert drained(queue) == [1, 0]

    run(main())


def test_time_limits(run: Run) -> None:
    async def main() -> None:
        queue: Queue[int] = Queue(1)

        def in_greenlet() -> None:
            with pytest.raises(QueueEmpty):
                queue.get(timeout=0.001)
            queue.put(1)
            with pytest.raises(QueueFull):
                queue.put(2, timeout=0.001)
            with gevent.Timeout(0.001, False):
                queue.put(2)
            assert queue.join(timeout=0) is False
            assert queue.join(timeout=0.001) is False

        await bridge.spawn(in_greenlet)

        async def in_task() -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await queue.aput(3)

        await asyncio.create_task(in_task())
        assert drained(queue) == [1]
        seen = queue.statistics()
        assert [len(seen.getting), len(seen.putting), len(seen.joining)] == [0, 0, 0]

    run(main())


def test_a_call_that_would_block_in_a_task_says_what_to_write(run: Run) -> None:
    async def main() -> None:
        queue: Queue[int] = Queue(1)
        with pytest.raises(WrongContextError, match=r"await queue\.aget\(\)"):
            queue.get()
        queue.put(1)
        with pytest.raises(WrongContextError, match=r"await queue\.aput\(item\)"):
            queue.put(2)
        with pytest.raises(WrongContextError, match=r"await queue\.ajoin\(\)"):
            queue.join()
        assert queue.get() == 1
        queue.task_done()
        queue.join()

    run(main())


def test_join_waits_for_task_done(run: Run) -> None:
    async def main() -> None:
        queue: Queue[int] = Queue()
        for n in range(2):
            queue.put(n)
        log: list[Actor] = []
        for kind in KINDS:
            Actor(kind, queue.join, queue.ajoin, log)
        await until(lambda: len(queue.statistics().joining) == 2)
        drained(queue)
        queue.task_done()
        assert (log, queue.unfinished_tasks) == ([], 1)
        queue.task_done()
        await until(lambda: len(log) == 2)
        assert await queue.ajoin() is True
        with pytest.raises(ValueError, match="more often"):
            queue.task_done()

    run(main())


class TestShutdown:
    def test_gets_go_on_until_it_is_empty(self, run: Run) -> None:
        async def main() -> None:
            queue: Queue[int] = Queue(2)
            log: list[Actor] = []
            queue.put(1)
            queue.put(2)
            waiting = [await putter(kind, queue, 9, log) for kind in KINDS]
            queue.close()
            await until(lambda: len(log) == 2)
            assert [one.outcome for one in waiting] == ["QueueShutDown"] * 2
            with pytest.raises(QueueShutDown):
                queue.put(3)
            with pytest.raises(QueueShutDown):
                await queue.aput(3)
            assert [item async for item in queue] == [1, 2]
            assert list(queue) == []
            for call in (queue.get, queue.get_nowait):
                with pytest.raises(QueueShutDown):
                    call()
            with pytest.raises(QueueShutDown):
                await queue.aget()
            assert queue.is_shut_down

        run(main())

    def test_getters_that_wait_are_told(self, run: Run) -> None:
        async def main() -> None:
            queue: Queue[int] = Queue()
            log: list[Actor] = []
            waiting = [await getter(kind, queue, log) for kind in KINDS]
            queue.shutdown()
            queue.shutdown()
            await until(lambda: len(log) == 2)
            assert [one.outcome for one in waiting] == ["QueueShutDown"] * 2

        run(main())

    def test_immediately_what_is_there_is_thrown_away(self, run: Run) -> None:
        async def main() -> None:
            queue: Queue[int] = Queue()
            queue.put(1)
            log: list[Actor] = []
            Actor("greenlet", queue.join, queue.ajoin, log)
            await until(lambda: queue.statistics().joining)
            queue.shutdown(immediate=True)
            await until(lambda: log)
            assert (queue.qsize(), queue.unfinished_tasks) == (0, 0)

        run(main())

    @pytest.mark.parametrize("immediate", [False, True])
    def test_it_meets_a_booking_and_an_item_in_flight(self, immediate: bool, run: Run) -> None:
        async def main() -> None:
            queue: Queue[int] = Queue(1)
            log: list[Actor] = []
            queue.put(1)
            booked = await putter("task", queue, 2, log)
            queue.get()
            queue.task_done()
            queue.shutdown(immediate)
            await until(lambda: booked.outcome)
            assert booked.outcome == "QueueShutDown"

            other: Queue[int] = Queue()
            received = await getter("task", other, log)
            stopped = await getter("task", other, log)
            other.put(1)
            other.put(2)
            other.shutdown(immediate)
            stopped.stop()
            await until(lambda: received.outcome and stopped.outcome)
            assert (received.outcome, received.result, stopped.outcome) == ("ok", 1, "stopped")
            assert drained(other) == ([] if immediate else [2])
            assert other.unfinished_tasks == (1 if immediate else 2)

        run(main())


def test_greenlets_iterate_what_tasks_put(run: Run) -> None:
    async def main() -> None:
        queue: Queue[int] = Queue(1)
        consumer = bridge.spawn(lambda: list(queue))
        for n in range(5):
            await queue.aput(n)
        queue.close()
        assert await consumer == list(range(5))

    run(main())


def test_items_that_cannot_be_compared_lose_nobodys_place(run: Run) -> None:
    async def main() -> None:
        queue: PriorityQueue[Any] = PriorityQueue(2)
        queue.put(1)
        queue.put(2)
        log: list[Actor] = []
        bad = await putter("task", queue, "x", log)
        good = await putter("greenlet", queue, 3, log)
        assert queue.get() == 1
        await until(lambda: len(log) == 2)
        assert (bad.outcome, good.outcome) == ("TypeError", "ok")
        assert drained(queue) == [2, 3]
        assert queue.unfinished_tasks == 3

    run(main())


def test_repr_and_statistics(run: Run) -> None:
    async def main() -> None:
        queue: Queue[int] = Queue(3)
        assert repr(queue).endswith("size=0/3>")
        one = await getter("task", queue, [])
        assert repr(queue).endswith("size=0/3, getting: 1 task>")
        one.stop()
        await settle()
        queue.put(1)
        queue.close()
        assert repr(queue).endswith("size=1/3, unfinished=1, shut down>")
        assert queue.maxsize == queue.statistics().maxsize == 3

    run(main())
