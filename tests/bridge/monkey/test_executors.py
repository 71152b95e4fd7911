"""The executors behind asyncio.to_thread, by themselves."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.thread import BrokenThreadPool

import gevent
import pytest

from bridge._pristine import executors
from bridge._pristine.executors import DefaultExecutor, GreenletExecutor, NativeExecutor

from .child import run_child

SECONDS = 10


@pytest.fixture
def pool():
    pool = NativeExecutor(2, thread_name_prefix="pool")
    yield pool
    pool.shutdown()


class TestNativeExecutor:
    def test_returns_results_and_raises_errors(self, pool):
        assert pool.submit(pow, 2, exp=5).result(SECONDS) == 32
        with pytest.raises(ValueError, match="invalid literal"):
            pool.submit(int, "x").result(SECONDS)
        assert list(pool.map(abs, [-1, -2, -3], timeout=SECONDS)) == [1, 2, 3]

    def test_starts_a_thread_only_when_all_are_busy(self, pool):
        for _ in range(5):
            future = pool.submit(threading.get_ident)
            future.result(SECONDS)
            pool.submit(int).result(SECONDS)
        assert 1 <= len(pool._workers) <= 2

    def test_runs_as_many_at_a_time_as_it_has_threads(self, pool):
        both = threading.Barrier(2, timeout=SECONDS)
        first, second, third = (pool.submit(both.wait), pool.submit(both.wait), pool.submit(int))
        assert {first.result(SECONDS), second.result(SECONDS)} == {0, 1}
        assert third.result(SECONDS) == 0
        assert len(pool._workers) == 2

    def test_shutdown_waits_for_what_runs_and_refuses_more(self, pool):
        entered, gate = threading.Event(), threading.Event()
        running = pool.submit(lambda: (entered.set(), gate.wait(SECONDS)))
        assert entered.wait(SECONDS)
        pool.shutdown(wait=False)
        with pytest.raises(RuntimeError, match="after shutdown"):
            pool.submit(int)
        gate.set()
        pool.shutdown(wait=True)
        assert running.done()
        assert not any(worker.is_alive() for worker in pool._workers)

    def test_cancel_futures_drops_what_has_not_begun(self, pool):
        gate = threading.Event()
        barrier = threading.Barrier(3, timeout=SECONDS)
        running = [pool.submit(lambda: (barrier.wait(), gate.wait(SECONDS))) for _ in range(2)]
        barrier.wait()
        waiting = pool.submit(int)
        pool.shutdown(wait=False, cancel_futures=True)
        gate.set()
        pool.shutdown()
        assert waiting.cancelled()
        assert all(future.done() and not future.cancelled() for future in running)

    def test_failed_initializer_breaks_the_pool(self):
        pool = NativeExecutor(1, initializer=int, initargs=("x",))
        with pytest.raises(BrokenThreadPool):
            pool.submit(int).result(SECONDS)
        pool._workers[0].join(SECONDS)
        with pytest.raises(BrokenThreadPool):
            pool.submit(int)

    def test_initializer_runs_in_each_thread(self):
        seen: list[str] = []
        pool = NativeExecutor(1, initializer=seen.append, initargs=("here",))
        pool.submit(int).result(SECONDS)
        pool.shutdown()
        assert seen == ["here"]

    def test_threads_end_when_the_pool_is_forgotten(self):
        pool = NativeExecutor(2)
        pool.submit(int).result(SECONDS)
        workers = pool._workers
        del pool
        gc.collect()
        for worker in workers:
            worker.join(SECONDS)
        assert not any(worker.is_alive() for worker in workers)

    def test_a_greenlet_may_wait_for_the_result(self, pool):
        gate = threading.Event()
        waiting = gevent.spawn(pool.submit(gate.wait, SECONDS).result, SECONDS)
        gevent.spawn(gate.set)
        # Not patched here: the greenlet blocks the thread, but it ends.
        gate.set()
        assert waiting.get(timeout=SECONDS) is True

    @pytest.mark.parametrize("size", [0, -1])
    def test_refuses_a_size_below_one(self, size):
        with pytest.raises(ValueError, match="max_workers"):
            NativeExecutor(size)


class TestGreenletExecutor:
    def test_runs_calls_in_greenlets_of_this_thread(self):
        pool = GreenletExecutor()
        futures = [pool.submit(lambda: (gevent.sleep(0), threading.get_ident())[1]) for _ in range(3)]
        pool.shutdown()
        assert [future.result(0) for future in futures] == [threading.get_ident()] * 3

    def test_never_runs_more_than_max_workers(self):
        pool = GreenletExecutor(2)
        now, most = 0, 0

        def work() -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            gevent.sleep(0)
            now -= 1

        for _ in range(6):
            pool.submit(work)
        pool.shutdown()
        assert most == 2

    def test_cancel_futures_drops_what_has_not_begun(self):
        pool = GreenletExecutor()
        future = pool.submit(int)
        pool.shutdown(cancel_futures=True)
        assert future.cancelled()
        with pytest.raises(RuntimeError, match="after shutdown"):
            pool.submit(int)

    def test_refuses_an_initializer(self):
        with pytest.raises(TypeError, match="initializer"):
            GreenletExecutor(initializer=print)


class TestChoice:
    @pytest.fixture(autouse=True)
    def restored(self, monkeypatch):
        monkeypatch.setattr(executors, "_choice", None)
        monkeypatch.delenv("BRIDGE_EXECUTOR", raising=False)

    def test_native_threads_are_the_default(self):
        assert type(DefaultExecutor(thread_name_prefix="asyncio")) is NativeExecutor

    def test_environment_chooses(self, monkeypatch):
        monkeypatch.setenv("BRIDGE_EXECUTOR", "greenlet")
        assert type(DefaultExecutor(thread_name_prefix="asyncio")) is GreenletExecutor

    def test_argument_wins_over_the_environment(self, monkeypatch):
        monkeypatch.setenv("BRIDGE_EXECUTOR", "greenlet")
        executors.choose("thread")
        assert type(DefaultExecutor()) is NativeExecutor

    def test_unknown_choice_is_refused(self, monkeypatch):
        with pytest.raises(ValueError, match="bridge_executor='process' is not known"):
            executors.choose("process")
        monkeypatch.setenv("BRIDGE_EXECUTOR", "x")
        with pytest.raises(ValueError, match="BRIDGE_EXECUTOR='x' is not known"):
            executors.chosen()

    def test_every_thread_pool_counts_as_one(self):
        with ThreadPoolExecutor() as pool:
            assert isinstance(pool, DefaultExecutor)
        assert not isinstance(Future(), DefaultExecutor)


def test_interpreter_exit_waits_for_jobs_and_forked_child_does_not_wait_for_threads():
    for patching in ("patched", "unpatched"):
        assert run_child("exit_and_fork.py", patching).splitlines() == ["child 0", "job done"]
