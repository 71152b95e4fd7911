"""Every kind of waiter at once, in several threads, interrupted at random; then nothing may be missing.

Which interleavings happen is up to the machine; what is asserted holds in all.
Seeds come from hypothesis, so that failures name one.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from typing import Any

import gevent
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bridge
from bridge.sync import Queue, QueueEmpty, QueueFull, QueueShutDown, Semaphore
from tests.bridge.sync.conftest import LOOPS

pytestmark = pytest.mark.timeout(60)

SETTINGS = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
SHORT = 0.0005


class Ledger:
    """What was put and what was got, from any thread."""

    def __init__(self) -> None:
        self.put: Counter[Any] = Counter()
        self.got: Counter[Any] = Counter()
        self.errors: list[BaseException] = []


def produce_plainly(name: str, queue: Queue[Any], ledger: Ledger, seed: int, n: int) -> None:
    """In a greenlet or in a thread without a hub: time limits."""
    rng = random.Random(seed)
    for item in range(n):
        limit = SHORT if rng.random() < 0.3 else None
        try:
            queue.put((name, item), timeout=limit)
        except QueueFull:
            continue
        ledger.put[name, item] += 1


def consume_plainly(name: str, queue: Queue[Any], ledger: Ledger, seed: int) -> None:
    rng = random.Random(seed)
    while True:
        try:
            item = queue.get(timeout=SHORT if rng.random() < 0.3 else None)
        except QueueEmpty:
            continue
        except QueueShutDown:
            return
        ledger.got[item] += 1


def produce_under_timeout(name: str, queue: Queue[Any], ledger: Ledger, seed: int, n: int) -> None:
    """In a greenlet: gevent.Timeout."""
    rng = random.Random(seed)
    for item in range(n):
        with gevent.Timeout(SHORT * rng.random() * 2, False):
            queue.put((name, item))
            ledger.put[name, item] += 1


def consume_under_timeout(name: str, queue: Queue[Any], ledger: Ledger, seed: int) -> None:
    rng = random.Random(seed)
    while True:
        try:
            with gevent.Timeout(SHORT * rng.random() * 2, False):
                ledger.got[queue.get()] += 1
        except QueueShutDown:
            return


async def produce(name: str, queue: Queue[Any], ledger: Ledger, seed: int, n: int) -> None:
    """In a task: asyncio.timeout."""
    rng = random.Random(seed)
    for item in range(n):
        try:
            async with asyncio.timeout(SHORT * rng.random() * 2):
                await queue.aput((name, item))
                ledger.put[name, item] += 1
        except TimeoutError:
            pass


async def consume(name: str, queue: Queue[Any], ledger: Ledger, seed: int) -> None:
    rng = random.Random(seed)
    while True:
        try:
            async with asyncio.timeout(SHORT * rng.random() * 2):
                ledger.got[await queue.aget()] += 1
        except TimeoutError:
            pass
        except QueueShutDown:
            return


def guarded(ledger: Ledger, fn: Any, *args: Any) -> threading.Thread:
    def work() -> None:
        try:
            fn(*args)
        except BaseException as exc:
            ledger.errors.append(exc)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def greenlets_in_thread(*calls: Any) -> None:
    try:
        gevent.joinall([gevent.spawn(*call) for call in calls], raise_error=True)
    finally:
        gevent.get_hub().destroy(destroy_loop=True)


def tasks_in_thread(host: str, *calls: Any) -> None:
    async def main() -> None:
        await asyncio.gather(*(fn(*args) for fn, *args in calls))

    with asyncio.Runner(loop_factory=LOOPS[host]) as runner:
        runner.run(main())


async def ended(threads: list[threading.Thread]) -> None:
    for thread in threads:
        await asyncio.to_thread(thread.join)


@SETTINGS
@given(seed=st.integers(0, 2**32), maxsize=st.integers(0, 3))
def test_every_item_is_delivered_exactly_once(host: str, seed: int, maxsize: int) -> None:
    queue: Queue[Any] = Queue(maxsize)
    ledger = Ledger()
    n = 40

    def args(name: str) -> tuple[Any, ...]:
        return name, queue, ledger, seed + int(name[1:]) + 100 * (name[0] == "p")

    async def main() -> None:
        consumers = [
            guarded(ledger, consume_plainly, *args("c1")),
            guarded(
                ledger,
                greenlets_in_thread,
                (consume_plainly, *args("c2")),
                (consume_under_timeout, *args("c3")),
            ),
            guarded(ledger, tasks_in_thread, host, (consume, *args("c4")), (consume, *args("c5"))),
        ]
        here = [
            asyncio.create_task(consume(*args("c6"))),
            bridge.spawn(consume_plainly, *args("c7")),
            bridge.spawn(consume_under_timeout, *args("c8")),
        ]
        producers = [
            guarded(ledger, produce_plainly, *args("p1"), n),
            guarded(
                ledger,
                greenlets_in_thread,
                (produce_plainly, *args("p2"), n),
                (produce_under_timeout, *args("p3"), n),
            ),
            guarded(ledger, tasks_in_thread, host, (produce, *args("p4"), n), (produce, *args("p5"), n)),
        ]
        await asyncio.gather(
            produce(*args("p6"), n),
            bridge.spawn(produce_plainly, *args("p7"), n),
            bridge.spawn(produce_under_timeout, *args("p8"), n),
        )
        await ended(producers)
        queue.shutdown()
        await asyncio.gather(*here)
        await ended(consumers)

    bridge.run(asyncio.wait_for(main(), 30), loop_factory=LOOPS[host])
    assert ledger.errors == []
    assert ledger.got == ledger.put
    assert max(ledger.got.values(), default=1) == 1
    seen = queue.statistics()
    assert (seen.size, len(seen.getting), len(seen.putting)) == (0, 0, 0)


@SETTINGS
@given(seed=st.integers(0, 2**32), permits=st.integers(1, 3))
def test_never_more_holders_than_permits_and_all_come_back(host: str, seed: int, permits: int) -> None:
    semaphore = Semaphore(permits)
    ledger = Ledger()
    count = threading.Lock()
    holders = 0
    most = 0
    rounds = 30

    def hold() -> None:
        nonlocal holders, most
        with count:
            holders += 1
            most = max(most, holders)
        threading.Event().wait(0)
        with count:
            holders -= 1

    def plainly(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(rounds):
            if semaphore.acquire(timeout=SHORT if rng.random() < 0.4 else None):
                hold()
                semaphore.release()

    def under_timeout(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(rounds):
            with gevent.Timeout(SHORT * rng.random() * 2, False), semaphore:
                hold()

    async def in_task(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(rounds):
            try:
                async with asyncio.timeout(SHORT * rng.random() * 2), semaphore:
                    hold()
                    await asyncio.sleep(0)
            except TimeoutError:
                pass

    async def main() -> None:
        threads = [
            guarded(ledger, plainly, seed),
            guarded(ledger, greenlets_in_thread, (plainly, seed + 1), (under_timeout, seed + 2)),
            guarded(ledger, tasks_in_thread, host, (in_task, seed + 3), (in_task, seed + 4)),
        ]
        await asyncio.gather(
            in_task(seed + 5),
            in_task(seed + 6),
            bridge.spawn(plainly, seed + 7),
            bridge.spawn(under_timeout, seed + 8),
        )
        await ended(threads)

    bridge.run(asyncio.wait_for(main(), 30), loop_factory=LOOPS[host])
    assert ledger.errors == []
    assert most <= permits
    assert (semaphore.value, len(semaphore.statistics().waiting)) == (permits, 0)
