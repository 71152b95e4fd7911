"""Each test is one program with native threads that use gevent."""

from __future__ import annotations

import pytest

from tests.bridge.programs import KINDS, run_program

pytestmark = pytest.mark.parametrize("kind", KINDS)

_COMMON = """
import asyncio, gc, os, threading, time
import gevent
from gevent.event import AsyncResult, Event
from gevent.hub import get_hub
from gevent.lock import Semaphore
from gevent._hub_local import get_hub_if_exists

def open_fds():
    return len(os.listdir('/proc/self/fd'))

def run_threads(count, target):
    failures = []
    def body(number):
        try:
            target(number)
        except BaseException as exc:
            failures.append(exc)
        finally:
            hub = get_hub_if_exists()
            if hub is not None:
                hub.destroy(destroy_loop=True)
    threads = [threading.Thread(target=body, args=(number,)) for number in range(count)]
    for thread in threads: thread.start()
    for thread in threads: thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert not failures, failures
"""

both_modes = pytest.mark.parametrize("guest", [False, True], ids=["hub-run", "guest"])


class TestThreads:
    def test_every_thread_has_a_hub_and_loop_of_its_own(self, kind):
        run_program(
            _COMMON
            + """
seen = set()
barrier = threading.Barrier(5)
def work(number):
    gevent.sleep(0.001)
    seen.add((id(get_hub()), id(get_hub().loop), get_hub().loop.ptr))
    assert not get_hub().loop.default
    squares = [gevent.spawn(lambda n=n: n * n) for n in range(10)]
    assert [g.get() for g in squares] == [n * n for n in range(10)]
    barrier.wait(20)
run_threads(5, work)
assert len(seen) == 5, seen
assert get_hub().loop.default
gevent.sleep(0.001)
""",
            kind,
        )

    def test_thousand_threads_leave_nothing_behind(self, kind):
        run_program(
            _COMMON
            + """
import resource
def work(number):
    gevent.sleep(0)
    gevent.spawn(gevent.sleep, 0.0001).join()
for _ in range(5):
    run_threads(10, work)
gc.collect()
fds = open_fds()
# Not hubs: gevent itself keeps the hubs of ended threads, on libev too.
loops = sum(isinstance(o, type(get_hub().loop)) for o in gc.get_objects())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in range(100):
    run_threads(10, work)
gc.collect()
assert open_fds() <= fds, (open_fds(), fds)
now = sum(isinstance(o, type(get_hub().loop)) for o in gc.get_objects())
assert now <= loops + 1, (now, loops)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
assert grown < 8000, grown
""",
            kind,
        )

    def test_semaphore_across_threads(self, kind):
        run_program(
            _COMMON
            + """
sem = Semaphore(1)
inside = []
total = [0]
def work(number):
    for _ in range(50):
        with sem:
            inside.append(number)
            assert len(inside) == 1
            total[0] += 1
            if total[0] % 7 == 0:
                gevent.sleep(0)
            inside.remove(number)
        gevent.sleep(0)
run_threads(4, work)
assert total[0] == 200
""",
            kind,
        )

    @both_modes
    def test_async_result_set_in_another_thread(self, kind, guest):
        run_program(
            _COMMON
            + f"""
def work():
    for _ in range(100):
        result = AsyncResult()
        thread = threading.Thread(target=result.set, args=(5,))
        gevent.spawn_later(0.0001, thread.start)
        keep = gevent.get_hub().loop.async_()
        keep.start(lambda: None)
        assert result.get(timeout=10) == 5
        keep.stop()
        thread.join()
in_mode({guest}, work)
""",
            kind,
        )

    @both_modes
    def test_semaphore_held_by_a_thread_is_handed_to_a_waiting_greenlet(self, kind, guest):
        run_program(
            _COMMON
            + f"""
def work():
    for _ in range(100):
        sem = Semaphore(1)
        held = threading.Event()
        waiting = threading.Event()
        def hold():
            with sem:
                held.set()
                waiting.wait(10)
        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(10)
        gevent.spawn(waiting.set)
        with gevent.Timeout(10):
            sem.acquire()
        sem.release()
        thread.join()
in_mode({guest}, work)
""",
            kind,
        )

    def test_event_set_in_another_thread_wakes_every_waiter(self, kind):
        run_program(
            _COMMON
            + """
event = Event()
waiters = [gevent.spawn(event.wait, 10) for _ in range(20)]
gevent.sleep(0)
threading.Timer(0.01, event.set).start()
gevent.joinall(waiters, raise_error=True)
assert all(w.value for w in waiters)
""",
            kind,
        )

    @pytest.mark.parametrize("guest", [False, True])
    def test_thousands_of_callbacks_from_threads_all_run(self, kind, guest):
        run_program(
            _COMMON
            + f"""
loop = get_hub().loop
count = [0]
keep = loop.async_()
keep.start(lambda: None)
def add():
    count[0] += 1
def work():
    for _ in range(2000):
        loop.run_callback_threadsafe(add)
def wait():
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads: thread.start()
    with gevent.Timeout(30):
        while count[0] < 8000:
            gevent.sleep(0.001)
    for thread in threads: thread.join()
in_mode({guest}, wait)
assert count[0] == 8000
""",
            kind,
        )

    def test_idle_host_is_woken_by_a_callback_from_a_thread(self, kind):
        run_program(
            _COMMON
            + """
async def main():
    woken = asyncio.get_running_loop().create_future()
    loop = get_hub().loop
    await asyncio.sleep(0.01)
    def later():
        time.sleep(0.05)
        loop.run_callback_threadsafe(woken.set_result, 'woken')
    threading.Thread(target=later).start()
    assert await asyncio.wait_for(woken, 10) == 'woken'
with asyncio.Runner(loop_factory=new_loop) as runner:
    runner.run(main())
""",
            kind,
        )

    def test_threadpool_in_all_directions(self, kind):
        run_program(
            _COMMON
            + """
pool = get_hub().threadpool
assert pool.map(lambda n: n + 1, range(100)) == list(range(1, 101))
def uses_gevent(n):
    gevent.sleep(0.001)
    return n
assert [g.get() for g in [pool.spawn(uses_gevent, n) for n in range(50)]] == list(range(50))
async def main():
    done = asyncio.get_running_loop().create_future()
    def wait():
        done.set_result([pool.apply(uses_gevent, (n,)) for n in range(20)])
    gevent.spawn(wait)
    assert await done == list(range(20))
with asyncio.Runner(loop_factory=new_loop) as runner:
    runner.run(main())
""",
            kind,
        )

    @pytest.mark.parametrize("guest", [False, True])
    def test_worker_of_the_threadpool_is_free_when_its_result_has_come(self, kind, guest):
        # As under libev: who wakes the loop goes on first, so one worker does for one task after another.
        run_program(
            _COMMON
            + f"""
def work():
    pool = get_hub().threadpool
    for _ in range(300):
        pool.apply(int)
    assert pool.size == 1, pool.size
in_mode({guest}, work)
""",
            kind,
        )

    def test_asyncio_runs_in_a_thread_with_greenlets_of_its_own(self, kind):
        run_program(
            _COMMON
            + """
def work(number):
    async def main():
        gevent.get_hub()
        done = asyncio.get_running_loop().create_future()
        gevent.spawn_later(0.005, done.set_result, number)
        assert await asyncio.wait_for(done, 10) == number
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
    gevent.sleep(0.001)
run_threads(5, work)
""",
            kind,
        )

    def test_hub_destroyed_and_made_again(self, kind):
        run_program(
            _COMMON
            + """
fds = None
for round_ in range(50):
    gevent.sleep(0.0001)
    gevent.spawn(gevent.sleep, 0).join()
    get_hub().destroy(destroy_loop=round_ % 2 == 0)
    if round_ == 5:
        fds = open_fds()
gc.collect()
assert open_fds() <= fds + 4, (open_fds(), fds)
gevent.sleep(0.001)
""",
            kind,
        )
