"""What StackCache promises, compiled and not; and what only the compiled one does."""

import dataclasses
import sys
import threading

import greenlet
import pytest

import bridge._stackcache
from bridge._stackcache._cache import StackCache, Statistics
from bridge._stackcache._settings import MAXIMUM_CHUNKS, Settings


def run_greenlets(count):
    for _ in range(count):
        greenlet.greenlet(lambda: None).switch()


def hold_greenlets(count):
    """Return suspended greenlets, each with a chunk of its own."""
    held = [greenlet.greenlet(lambda: greenlet.getcurrent().parent.switch()) for _ in range(count)]
    for each in held:
        each.switch()
    return held


def finish(held):
    while held:
        held.pop().switch()


class TestStackCache:
    """The same promises with the compiled part and without it."""

    def test_before_install_nothing_is_installed(self, cache):
        assert not cache.statistics().installed

    def test_install_works_where_it_is_available(self, cache):
        assert cache.install() is cache.available()
        assert cache.statistics().installed is cache.available()

    def test_install_twice_is_install_once(self, cache):
        assert cache.install(7) is cache.install()
        assert cache.statistics().capacity in (7, 0)
        assert cache.uninstall()
        assert not cache.statistics().installed

    def test_uninstall_without_install_is_harmless(self, cache):
        assert cache.uninstall()
        assert cache.uninstall()

    @pytest.mark.parametrize("chunks", [0, -1, MAXIMUM_CHUNKS + 1])
    def test_install_names_the_range_it_takes(self, cache, chunks):
        with pytest.raises(ValueError, match=r"keeps 1 to \d+ chunks"):
            cache.install(chunks)

    def test_trim_takes_no_negative_number(self, cache):
        with pytest.raises(ValueError, match="0 or more"):
            cache.trim(-1)

    def test_greenlets_run_as_before(self, cache):
        cache.install()
        assert [greenlet.greenlet(lambda n: n * 2).switch(n) for n in range(100)] == list(range(0, 200, 2))

    def test_after_trim_nothing_is_cached(self, cache):
        cache.install()
        run_greenlets(10)
        cache.trim()
        assert cache.statistics().cached == 0

    def test_statistics_are_a_frozen_snapshot(self, cache):
        now = cache.statistics()
        assert isinstance(now, Statistics)
        assert now.chunk_bytes == 16384
        with pytest.raises(dataclasses.FrozenInstanceError):
            now.cached = 1

    def test_turned_off_by_settings_it_is_unavailable(self, cache):
        off = StackCache(Settings(enabled=False))
        assert not off.available()
        assert not off.install()
        assert not off.statistics().installed

    def test_repr_shows_the_state(self, cache):
        assert repr(cache).startswith("<StackCache ")
        cache.install(5)
        assert ("installed, 0 of 5 chunks" if cache.available() else "unavailable") in repr(cache)


def test_the_package_offers_the_process_cache():
    assert sorted(bridge._stackcache.__all__) == [
        "DEFAULT_CHUNKS",
        "Statistics",
        "available",
        "install",
        "statistics",
        "trim",
        "uninstall",
    ]
    assert isinstance(bridge._stackcache.statistics(), Statistics)


class TestNative:
    """What the compiled cache does when greenlets come and go."""

    def test_greenlets_one_after_another_share_a_chunk(self, native_cache):
        native_cache.install()
        before = native_cache.statistics()
        run_greenlets(100)
        after = native_cache.statistics()
        assert after.cached == 1
        assert (after.misses - before.misses, after.hits - before.hits) == (1, 99)
        assert after.kept - before.kept == 100

    def test_suspended_greenlets_hold_their_chunks(self, native_cache):
        native_cache.install()
        held = hold_greenlets(50)
        assert native_cache.statistics().cached == 0
        finish(held)
        assert native_cache.statistics().cached == 50

    def test_a_collected_greenlet_gives_its_chunk_back(self, native_cache):
        native_cache.install()
        hold_greenlets(5).clear()
        assert native_cache.statistics().cached == 5

    def test_the_list_is_bounded(self, native_cache):
        native_cache.install(10)
        before = native_cache.statistics()
        finish(hold_greenlets(25))
        after = native_cache.statistics()
        assert after.cached == 10
        assert after.overflows - before.overflows == 15

    def test_a_smaller_capacity_gives_the_rest_back_at_once(self, native_cache):
        native_cache.install(30)
        finish(hold_greenlets(30))
        native_cache.install(4)
        assert (native_cache.statistics().cached, native_cache.statistics().capacity) == (4, 4)

    def test_a_larger_capacity_keeps_what_is_there(self, native_cache):
        native_cache.install(3)
        finish(hold_greenlets(3))
        native_cache.install(5000)
        assert native_cache.statistics().cached == 3
        finish(hold_greenlets(20))
        assert native_cache.statistics().cached == 20

    def test_trim_says_how_many_went(self, native_cache):
        native_cache.install()
        finish(hold_greenlets(200))
        assert native_cache.trim(30) == 170
        assert native_cache.trim(30) == 0
        assert native_cache.statistics().cached == 30

    def test_uninstall_gives_everything_back(self, native_cache):
        native_cache.install()
        held = hold_greenlets(20)
        finish(hold_greenlets(20))
        assert native_cache.uninstall()
        finish(held)
        run_greenlets(10)
        assert native_cache.statistics().cached == 0

    def test_chunks_idle_for_a_long_time_are_given_back(self, native_cache):
        native_cache.install()
        finish(hold_greenlets(1000))
        run_greenlets(4096)
        assert native_cache.statistics().cached == 1000, "all were in use during this window"
        run_greenlets(2 * 4096)
        assert 64 < native_cache.statistics().cached < 600
        run_greenlets(16 * 4096)
        assert native_cache.statistics().cached <= 66

    def test_repeated_bursts_are_not_trimmed(self, native_cache):
        native_cache.install()
        finish(hold_greenlets(500))
        before = native_cache.statistics()
        for _ in range(40):
            finish(hold_greenlets(500))
        after = native_cache.statistics()
        assert after.misses == before.misses
        assert after.trimmed == before.trimmed

    def test_calls_across_the_end_of_a_chunk_map_no_memory(self, native_cache):
        """Without the cache a call at the worst depth maps and unmaps a chunk, each time."""

        def leaf(a=0, b=0, c=0, d=0, e=0, f=0, g=0, h=0):
            """Its frame is larger than one of call_at: at some depth it is the one that does not fit."""

        def call_at(depth):
            if depth:
                call_at(depth - 1)
            else:
                for _ in range(50):
                    leaf()

        native_cache.install()
        before = native_cache.statistics()
        for depth in range(250):
            greenlet.greenlet(call_at).switch(depth)
        after = native_cache.statistics()
        assert after.misses - before.misses <= 4
        # CPython 3.14 keeps the chunk above by itself, so only the first call asks for one.
        calls = 1 if sys.version_info >= (3, 14) else 50
        assert after.hits - before.hits >= 250 + calls

    def test_threads_lose_no_chunk(self, native_cache):
        native_cache.install()
        before = native_cache.statistics()
        threads = [threading.Thread(target=run_greenlets, args=(5000,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        after = native_cache.statistics()
        asked = after.hits + after.misses - before.hits - before.misses
        assert asked + after.contended - before.contended >= 40_000
        assert after.cached == (after.kept - before.kept) - (after.hits - before.hits)
