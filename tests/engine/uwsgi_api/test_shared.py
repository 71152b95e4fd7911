"""Tables in shared memory: one process against a model, several processes against each other."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.uwsgi_api.numbers import quotient
from engine.uwsgi_api.shared.cache import Cache, CacheSettings
from engine.uwsgi_api.shared.range_lock import Guard, LockFile
from engine.uwsgi_api.shared.ring import Ring, ring_size
from engine.uwsgi_api.shared.segments import Segments
from engine.uwsgi_api.shared.user_lock import UserLock
from engine.uwsgi_api.store import Store
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memfd_create is Linux's")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def new_cache(items: int = 4, clock: Clock | None = None, **kwargs: object) -> Cache:
    wanted = CacheSettings("x", items, **{"blocksize": 64, "keysize": 16, **kwargs})  # type: ignore[arg-type]
    segments = Segments()
    guard = Guard(LockFile(segments.get("locks", 4096)), 1)
    return Cache(wanted, segments.get("cache", wanted.size()), guard, clock or Clock())


def new_ring(slots: int = 4, blocksize: int = 32) -> Ring:
    segments = Segments()
    guard = Guard(LockFile(segments.get("locks", 4096)), 1)
    return Ring(slots, blocksize, segments.get("ring", ring_size(slots, blocksize)), guard)


def in_children(count: int, work: Callable[[int], None]) -> None:
    """Run *work* in so many processes, and see that all of them end well."""
    children = []
    for number in range(count):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                work(number)
                status = 0
            finally:
                os._exit(status)
        children.append(pid)
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0] * count


# -- cache ---------------------------------------------------------------------------------


def test_set_does_not_replace_and_update_does() -> None:
    cache = new_cache()
    assert cache.put(b"k", b"one")
    assert not cache.put(b"k", b"two")
    assert cache.get(b"k") == b"one"
    assert cache.put(b"k", b"two", replace=True)
    assert cache.get(b"k") == b"two"


def test_what_is_too_large_is_refused() -> None:
    cache = new_cache()
    assert not cache.put(b"k", b"x" * 65)
    assert not cache.put(b"k" * 17, b"x")
    assert cache.put(b"k" * 16, b"x" * 64)
    assert cache.get(b"k" * 16) == b"x" * 64


def test_a_number_whose_key_or_value_is_too_large_is_refused_and_hurts_nobody() -> None:
    cache = new_cache()
    assert all(cache.put(name, name * 16) for name in (b"a", b"b", b"c"))
    assert not cache.change(b"k" * 17, lambda before: 1)
    assert not cache.add(b"k" * 17, 1)
    assert cache.add(b"k" * 16, 1)
    assert [cache.get(name) for name in (b"a", b"b", b"c")] == [b"a" * 16, b"b" * 16, b"c" * 16]
    small = new_cache(blocksize=4)
    assert not small.add(b"n", 1)
    assert small.keys() == []


def test_an_empty_key_is_refused() -> None:
    cache = new_cache()
    assert not cache.put(b"", b"x")
    assert not cache.add(b"", 1)
    assert cache.keys() == []


@pytest.mark.parametrize(("dividend", "divisor"), [(7, 2), (-7, 2), (7, -2), (-7, -2), (6, 3), (-6, 3)])
def test_numbers_are_divided_towards_0(dividend: int, divisor: int) -> None:
    assert quotient(dividend, divisor) == int(dividend / divisor)


def test_values_expire() -> None:
    clock = Clock()
    cache = new_cache(clock=clock)
    cache.put(b"k", b"v", expires=10)
    clock.now += 9
    assert cache.get(b"k") == b"v"
    clock.now += 1
    assert cache.get(b"k") is None
    assert cache.keys() == []
    assert cache.put(b"k", b"w")


def test_a_full_cache_refuses_unless_something_has_expired() -> None:
    clock = Clock()
    cache = new_cache(2, clock)
    assert cache.put(b"a", b"1")
    assert cache.put(b"b", b"2", expires=5)
    assert not cache.put(b"c", b"3")
    clock.now += 5
    assert cache.put(b"c", b"3")
    assert sorted(cache.keys()) == [b"a", b"c"]


def test_purge_lru_forgets_what_was_not_used_for_longest() -> None:
    cache = new_cache(2, purge_lru=True)
    cache.put(b"a", b"1")
    cache.put(b"b", b"2")
    cache.get(b"a")
    assert cache.put(b"c", b"3")
    assert sorted(cache.keys()) == [b"a", b"c"]


def test_numbers() -> None:
    cache = new_cache()
    assert cache.change(b"n", lambda before: before + 5)
    assert cache.change(b"n", lambda before: before - 7)
    assert cache.number(b"n") == -2
    assert cache.number(b"none") == 0


def test_a_process_that_dies_inside_leaves_an_empty_cache() -> None:
    cache = new_cache()
    cache.put(b"a", b"1")
    pid = os.fork()
    if pid == 0:
        with cache._changing():
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert cache.get(b"a") is None
    assert cache.put(b"b", b"2")
    assert cache.keys() == [b"b"]


def test_a_store_is_kept_in_its_file(tmp_path: Path) -> None:
    path = str(tmp_path / "cache")
    option = {"cache2": f"name=x,items=10,store={path}".encode()}
    Store(option).caches["x"].put(b"k", b"v")
    assert Store(option).caches["x"].get(b"k") == b"v"


keys = st.integers(0, 12).map(lambda number: b"key%d" % number)
operations = st.lists(
    st.one_of(
        st.tuples(st.just("set"), keys, st.binary(max_size=64)),
        st.tuples(st.just("update"), keys, st.binary(max_size=64)),
        st.tuples(st.just("get"), keys, st.just(b"")),
        st.tuples(st.just("del"), keys, st.just(b"")),
    ),
    max_size=80,
)


@settings(deadline=None)
@given(operations)
def test_a_cache_behaves_as_a_bounded_dict(program: list[tuple[str, bytes, bytes]]) -> None:
    cache, model = new_cache(8), {}
    for what, key, value in program:
        room = key in model or len(model) < 8
        if what == "set":
            assert cache.put(key, value) is (key not in model and room)
            if key not in model and room:
                model[key] = value
        elif what == "update":
            assert cache.put(key, value, replace=True) is room
            if room:
                model[key] = value
        elif what == "get":
            assert cache.get(key) == model.get(key)
        else:
            assert cache.delete(key) is (model.pop(key, None) is not None)
        assert sorted(cache.keys()) == sorted(model)
    assert {key: cache.get(key) for key in cache.keys()} == model  # noqa: SIM118
    assert cache.statistics()["items"] == len(model)


def test_processes_and_threads_count_together() -> None:
    cache = new_cache(64)

    def work(number: int) -> None:
        def count() -> None:
            for turn in range(200):
                assert cache.change(b"n", lambda before: before + 1)
                cache.put(b"%d" % (turn % 50), b"%d" % number, replace=True)
                cache.delete(b"%d" % ((turn * 7) % 50))

        threads = [threading.Thread(target=count) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    in_children(3, work)
    assert cache.number(b"n") == 1200


# -- ring ------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.sampled_from(["push", "pull", "pop", "last"]), max_size=60))
def test_a_ring_behaves_as_a_bounded_deque(program: list[str]) -> None:
    ring, model = new_ring(4), deque[bytes](maxlen=4)
    for number, what in enumerate(program):
        message = b"message %d" % number
        if what == "push":
            assert ring.push(message)
            model.append(message)
        elif what == "pull":
            assert ring.pull() == (model.popleft() if model else None)
        elif what == "pop":
            assert ring.pop() == (model.pop() if model else None)
        else:
            newest = list(reversed(model))
            assert ring.last(4) == newest + [None] * (4 - len(newest))


def test_a_slot_that_was_set_does_not_hide_what_is_pushed_into_it() -> None:
    ring = new_ring()
    assert ring.set(0, b"set")
    assert ring.push(b"pushed")
    assert ring.pull() == b"pushed"
    assert ring.pull() is None


def test_messages_that_are_too_long_are_refused() -> None:
    ring = new_ring(blocksize=32)
    assert ring.push(b"x" * 24)
    assert not ring.push(b"x" * 25)
    assert ring.push(b"")
    assert ring.pop() == b""


# -- locks --------------------------------------------------------------------------------------


def test_a_lock_keeps_other_processes_out_and_is_freed_when_its_holder_dies() -> None:
    lock = Store({}).locks[0]
    ready, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        lock.acquire()
        os.write(go, b"x")
        signal.pause()
    os.read(ready, 1)
    assert lock.is_locked()
    assert not lock._locks.try_lock(0)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    lock.acquire()
    assert lock.is_locked()
    lock.release()
    assert not lock.is_locked()


def test_increments_under_a_lock_do_not_get_lost(tmp_path: Path) -> None:
    lock = Store({}).locks[0]
    path = tmp_path / "count"
    path.write_text("0")

    def work(number: int) -> None:
        for _ in range(50):
            lock.acquire()
            path.write_text(str(int(path.read_text()) + 1))
            lock.release()

    in_children(3, work)
    assert path.read_text() == "150"


def test_releasing_what_one_does_not_have_does_nothing() -> None:
    lock = Store({}).locks[0]
    lock.release()
    assert not lock.is_locked()


def test_who_has_no_lock_cannot_let_a_second_one_in() -> None:
    """Only one greenlet has it at a time, though one that was killed while it waited calls unlock()."""
    segment = Segments().get("locks", 4096)
    lock, elsewhere = UserLock(LockFile(segment), 0), LockFile(segment)
    assert elsewhere.try_lock(0)
    first = gevent.spawn(lock.acquire)
    gevent.sleep(0)
    assert not first.ready()
    lock.release()
    second = gevent.spawn(lock.acquire)
    elsewhere.unlock(0)
    first.get(timeout=10)
    second.join(timeout=0.1)
    assert not second.ready()
    lock.release()
    second.get(timeout=10)
    lock.release()
    assert elsewhere.try_lock(0)


def test_threads_wait_for_a_lock_too() -> None:
    lock = Store({}).locks[0]
    lock.acquire()
    got = []
    thread = threading.Thread(target=lambda: (lock.acquire(), got.append(1), lock.release()))
    thread.start()
    assert not got
    lock.release()
    wait_until(lambda: bool(got), timeout=10, what="the thread to get the lock")
    thread.join()


# -- options ---------------------------------------------------------------------------------------


def test_options() -> None:
    store = Store(
        {
            "locks": b"3",
            "cache": b"5",
            "cache2": [b"name=a,items=10", b"name=b,maxitems=2,blocksize=10,purge_lru=1"],
            "queue": b"7",
            "sharedarea": [b"1", b"3k"],
        }
    )
    assert len(store.locks) == 4  # number 0 and three more
    assert list(store.caches) == ["default", "a", "b"]
    assert store.caches["b"].settings.purge_lru
    assert store.queue is not None
    assert store.queue.slots == 7
    assert [area.size for area in store.areas] == [4096, 3072]


@pytest.mark.parametrize(
    ("opt", "text"),
    [
        ({"cache2": b"items=3"}, "give the cache a name"),
        ({"cache2": b"name=x"}, "how many items"),
        ({"cache2": b"name=x,items=3,bitmap=1"}, "bitmap"),
        ({"cache2": b"name=x,itms=3"}, "'itms'"),
        ({"cache2": b"name=x,items=3,sync=10.0.0.1:3031"}, "share it with --shared redis"),
        ({"cache2": [b"name=x,items=3", b"name=x,items=3"]}, "two caches"),
        ({"queue": b"many"}, "whole number"),
    ],
)
def test_options_that_make_no_sense(opt: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        Store(opt)
