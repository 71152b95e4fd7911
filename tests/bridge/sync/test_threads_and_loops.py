"""One object in several threads and loops, and waiters whose loop or thread is gone."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import gevent
import pytest

import bridge
from bridge.sync import Condition, Event, Lock, PriorityQueue, Queue, RLock, Semaphore
from tests.bridge.sync.actors import KINDS, Actor, until
from tests.bridge.sync.conftest import LOOPS, Run

pytestmark = pytest.mark.timeout(20)

# Made at import time, before any loop or hub, and used by many tests one after the other.
LOCK, QUEUE, EVENT = Lock(), Queue[int](), Event()


def in_thread(fn: Callable[..., Any], *args: Any) -> threading.Thread:
    thread = threading.Thread(target=fn, args=args)
    thread.start()
    return thread


def run_loop(host: str, main: Coroutine[Any, Any, Any]) -> None:
    with asyncio.Runner(loop_factory=LOOPS[host]) as runner:
        runner.run(main)


def spin(predicate: Callable[[], Any]) -> None:
    """Wait in the main thread outside loops, with greenlets running."""
    while not predicate():
        gevent.sleep(0)


class TestPlainThreads:
    def test_its_wait_blocks_only_that_thread(self, run: Run) -> None:
        async def main() -> None:
            queue: Queue[int] = Queue()
            log: list[Actor] = []
            one = Actor("thread", queue.get, queue.aget, log)
            await until(lambda: queue.statistics().getting.threads)
            assert gevent._hub_local.get_hub_if_exists() is not None
            await bridge.spawn(queue.put, 7)
            await until(lambda: log)
            assert one.result == 7

        run(main())

    def test_all_kinds_wait_in_one_line(self, run: Run) -> None:
        async def main() -> None:
            queue: Queue[int] = Queue()
            log: list[Actor] = []
            actors = []
            for n in range(9):
                actors.append(Actor(("thread", *KINDS)[n % 3], queue.get, queue.aget, log))
                await until(lambda n=n: len(queue.statistics().getting) == n + 1)
            assert repr(queue).endswith("getting: 3 tasks 3 greenlets 3 threads>")
            for n in range(9):
                in_thread(queue.put, n).join()
            await until(lambda: len(log) == 9)
            assert [one.result for one in actors] == list(range(9))

        run(main())

    def test_time_limits(self, host: str) -> None:
        found: list[Any] = []

        def work() -> None:
            lock = Lock()
            lock.acquire()
            found.append(lock.acquire(timeout=0.001))
            found.append(Event().wait(0.001))
            found.append(len(lock.statistics().waiting))
            found.append(gevent._hub_local.get_hub_if_exists())

        in_thread(work).join()
        assert found == [False, False, 0, None]

    def test_condition_and_rlock(self, run: Run) -> None:
        async def main() -> None:
            condition = Condition(RLock())
            log: list[Any] = []

            def work() -> None:
                with condition, condition:
                    log.append(condition.wait(10))

            thread = in_thread(work)
            await until(lambda: condition.statistics().waiting.threads)
            async with condition:
                condition.notify()
            await until(lambda: log)
            thread.join()
            assert log == [True]

        run(main())

    def test_the_main_greenlet_can_wait_for_a_thread_with_nothing_else_alive(self, host: str) -> None:
        queue: Queue[int] = Queue()
        go = threading.Event()
        thread = in_thread(lambda: (go.wait(), queue.put(1)))
        gevent.spawn(go.set)
        assert queue.get() == 1
        thread.join()


class TestThreadsWithHubs:
    def test_its_other_greenlets_run_on(self, run: Run) -> None:
        async def main() -> None:
            queue, seen = Queue[int](), Queue[Any]()

            def work() -> None:
                waiting = gevent.spawn(lambda: seen.put(queue.get()))
                gevent.spawn(seen.put, "other").join()
                waiting.join()
                gevent.get_hub().destroy(destroy_loop=True)

            thread = in_thread(work)
            assert await seen.aget() == "other"
            await until(lambda: queue.statistics().getting.greenlets)
            queue.put(3)
            assert await seen.aget() == 3
            thread.join()

        run(main())

    def test_two_loops_in_two_threads_play_ping_pong(self, run: Run, host: str) -> None:
        ping, pong = Queue[int](1), Queue[int](1)

        async def echo() -> None:
            async for n in ping:
                await pong.aput(n + 1)
            pong.close()

        async def main() -> None:
            thread = in_thread(run_loop, host, echo())
            n = 0
            while n < 200:
                await ping.aput(n)
                n = await pong.aget()

            def in_greenlet(n: int) -> int:
                while n < 400:
                    ping.put(n)
                    n = pong.get()
                return n

            assert await bridge.spawn(in_greenlet, n) == 400
            ping.close()
            assert [n async for n in pong] == []
            thread.join()

        run(main())

    def test_one_lock_for_every_kind_of_thread(self, run: Run, host: str) -> None:
        lock = Lock()
        shared = [0]
        rounds = 50

        def bump() -> None:
            n = shared[0]
            threading.Event().wait(0)  # let other threads in
            shared[0] = n + 1

        def plain() -> None:
            for _ in range(rounds):
                with lock:
                    bump()

        def with_hub() -> None:
            gevent.joinall([gevent.spawn(plain), gevent.spawn(plain)], raise_error=True)
            gevent.get_hub().destroy(destroy_loop=True)

        async def tasks() -> None:
            async def one() -> None:
                for _ in range(rounds):
                    async with lock:
                        bump()

            await asyncio.gather(one(), one())

        def with_loop() -> None:
            run_loop(host, tasks())

        async def main() -> None:
            threads = [in_thread(fn) for fn in (plain, with_hub, with_loop)]
            await asyncio.gather(tasks(), bridge.spawn(plain))
            await until(lambda: not any(thread.is_alive() for thread in threads))

        run(main())
        assert shared[0] == rounds * 8
        assert not lock.locked()


class TestLoopsComeAndGo:
    @pytest.mark.parametrize("turn", range(3))
    def test_objects_outlive_loops(self, turn: int, run: Run) -> None:
        async def main() -> None:
            log: list[Actor] = []
            async with LOCK:
                for kind in KINDS:
                    Actor(kind, LOCK.acquire, LOCK.aacquire, log)
                    Actor(kind, QUEUE.get, QUEUE.aget, log)
                    Actor(kind, EVENT.wait, EVENT.await_set, log)
                await until(lambda: len(LOCK.statistics().waiting) == 2)
                await until(lambda: len(QUEUE.statistics().getting) == 2)
            EVENT.set()
            for n in range(2):
                QUEUE.put(n)
            await until(lambda: len(log) == 5)
            LOCK.release()
            await until(lambda: len(log) == 6)
            LOCK.release()
            EVENT.clear()

        run(main())
        assert not LOCK.locked()
        assert QUEUE.empty()

    def test_a_greenlet_waits_from_one_run_to_the_next(self, run: Run) -> None:
        event = Event()
        waiting: list[Any] = []

        async def first() -> None:
            waiting.append(bridge.spawn(event.wait))
            await until(lambda: event.statistics().waiting)

        async def second() -> None:
            event.set()
            assert await waiting[0] is True

        run(first())
        run(second())

    def test_a_task_waits_from_one_run_of_its_loop_to_the_next(self, host: str) -> None:
        queue: Queue[int] = Queue()
        loop = LOOPS[host]()
        task = loop.create_task(queue.aget())
        loop.run_until_complete(asyncio.sleep(0))
        queue.put(5)  # while it stands still
        assert loop.run_until_complete(task) == 5
        loop.close()


def abandoned_task(host: str, obj: Any, call: Callable[[], Any]) -> asyncio.AbstractEventLoop:
    """A loop with a task in it that waits, not running."""
    loop = LOOPS[host]()
    loop.set_exception_handler(lambda loop, context: None)  # "Task was destroyed but it is pending"
    loop.abandoned = loop.create_task(call()) if host == "selector" else None
    if host != "selector":
        KEPT.append(loop.create_task(call()))
    loop.run_until_complete(asyncio.sleep(0))
    return loop


KEPT: list[Any] = []


class TestTheDeadSwallowNothing:
    @pytest.mark.parametrize("collected", [False, True])
    def test_a_task_of_a_closed_loop(self, collected: bool, host: str) -> None:
        queue: Queue[int] = Queue()
        semaphore = Semaphore(0)
        for obj, call in ((queue, queue.aget), (semaphore, semaphore.aacquire)):
            abandoned_task(host, obj, call).close()
        if collected:
            KEPT.clear()
            gc.collect()
        semaphore.release()
        assert semaphore.value == 1
        log: list[Actor] = []
        one = Actor("greenlet", queue.get, queue.aget, log)
        gevent.sleep(0)
        queue.put(1)
        spin(lambda: log)
        assert one.result == 1
        KEPT.clear()
        gc.collect()
        assert (semaphore.value, queue.qsize()) == (1, 0)

    def test_a_task_whose_loop_is_closed_with_the_grant_in_hand(self, host: str) -> None:
        queue: Queue[int] = Queue()
        full: Queue[int] = Queue(1)
        full.put(0)
        lock, rlock = Lock(), RLock()
        lock.acquire()
        rlock.acquire()
        calls = (queue.aget, partial(full.aput, 1), lock.aacquire, rlock.aacquire)
        loops = [abandoned_task(host, None, call) for call in calls]
        queue.put(1)
        full.get()
        lock.release()
        rlock.release()
        assert (lock.locked(), queue.empty(), full.full()) == (True, True, True)
        for loop in loops:
            loop.close()
        del loop, loops, calls
        KEPT.clear()
        gc.collect()
        assert (lock.locked(), rlock.locked(), queue.get_nowait(), full.full()) == (False, False, 1, False)

    def test_a_task_of_a_loop_that_stopped_with_its_thread(self, host: str) -> None:
        lock = Lock()
        lock.acquire()
        loops: list[Any] = []
        in_thread(lambda: loops.append(abandoned_task(host, lock, lock.aacquire))).join()
        assert lock.statistics().waiting.tasks == 1
        lock.release()
        assert not lock.locked()
        loops[0].close()
        KEPT.clear()
        gc.collect()
        assert not lock.locked()

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # sockets of its loop
    @pytest.mark.parametrize("destroyed", [False, True])
    def test_a_greenlet_of_a_thread_that_ended(self, destroyed: bool, host: str) -> None:
        queue: Queue[int] = Queue()
        condition = Condition()

        def wait() -> None:
            with condition:
                condition.wait()

        left: list[gevent.Greenlet[..., Any]] = []

        def work() -> None:
            left.append(gevent.spawn(queue.get))
            left.append(gevent.spawn(wait))
            gevent.sleep(0)
            if destroyed:
                gevent.get_hub().destroy(destroy_loop=True)

        in_thread(work).join()
        spin(lambda: destroyed or left[1].dead)  # join() returns a little before the thread's end
        log: list[Actor] = []
        one = Actor("greenlet", queue.get, queue.aget, log)
        gevent.sleep(0)
        queue.put(1)
        spin(lambda: log)
        assert one.result == 1
        other = gevent.spawn(wait)
        gevent.sleep(0)
        with condition:
            condition.notify()
        other.get()

    def test_two_thousand_dead_in_a_row(self, host: str) -> None:
        lock = Lock()
        lock.acquire()
        loop = LOOPS[host]()
        loop.set_exception_handler(lambda loop, context: None)
        tasks = [loop.create_task(lock.aacquire()) for _ in range(2000)]
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        lock.release()
        assert not lock.locked()
        for task in tasks:
            task._log_destroy_pending = False
        del tasks
        gc.collect()
        assert not lock.locked()


def test_two_thousand_wait_and_every_third_is_stopped(run: Run) -> None:
    async def main() -> None:
        queue: PriorityQueue[int] = PriorityQueue()
        log: list[Actor] = []
        actors = [Actor(KINDS[n % 2], queue.get, queue.aget, log) for n in range(2000)]
        await until(lambda: len(queue.statistics().getting) == 2000)
        stopped = actors[::3]
        for one in stopped:
            one.stop()
        for n in range(2000 - len(stopped)):
            queue.put(n)
        await until(lambda: len(log) == 2000)
        assert [one.outcome for one in stopped] == ["stopped"] * len(stopped)
        results = [one.result for one in actors if one not in set(stopped)]
        assert sorted(results) == list(range(len(results)))
        assert not queue.statistics().getting

    run(main())


PATCHED = """
import gevent.monkey
{first}
import threading, asyncio
q, lock, ev = bridge.sync.Queue(1), bridge.sync.Lock(), bridge.sync.Event()
def producer():
    for n in range(20):
        with lock:
            q.put(n)
    q.close()
threads = [threading.Thread(target=producer)]  # a greenlet
for t in threads: t.start()
async def main():
    got = [n async for n in q]
    assert got == list(range(20)), got
    native = await asyncio.to_thread(ev.wait, 0.001)
    assert native is False
    waiting = asyncio.create_task(asyncio.to_thread(ev.wait))
    while not len(ev.statistics().waiting):
        await asyncio.sleep(0)
    assert ev.statistics().waiting.threads + ev.statistics().waiting.greenlets == 1
    await bridge.spawn(ev.set)
    assert await waiting
bridge.run(main())
for t in threads: t.join()
print("fine")
"""


@pytest.mark.parametrize(
    "first",
    ["import bridge.sync\nbridge.patch_all()", "gevent.monkey.patch_all()\nimport bridge.sync"],
    ids=["bridge_first", "patched_first"],
)
def test_monkey_patched(first: str, host: str) -> None:
    code = PATCHED.format(first=first)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr) == ("fine\n", "")
