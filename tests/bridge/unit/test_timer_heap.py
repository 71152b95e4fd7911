"""The heap of deadlines."""

from __future__ import annotations

import gc
import sys

import pytest
from gevent import get_hub
from hypothesis import given
from hypothesis import strategies as st

from bridge._watchers.timer_heap import TimerHeap


@pytest.fixture
def timer():
    """Makes timers that nobody has started."""
    loop = get_hub().loop
    return lambda: loop.timer(0.0)


class TestTimerHeap:
    def test_empty_heap_is_never_due(self):
        heap = TimerHeap()
        assert heap.next_due() == float("inf")
        assert heap.pop_due(1e9) == []
        assert len(heap) == 0

    def test_equal_deadlines_keep_their_order(self, timer):
        heap = TimerHeap()
        timers = [timer() for _ in range(20)]
        for each in timers:
            heap.push(each, 1.0)
        assert heap.pop_due(1.0) == timers

    def test_cancelled_timer_is_let_go_at_once(self, timer):
        heap = TimerHeap()
        other, gone = timer(), timer()
        heap.push(other, 4.0)
        before = sys.getrefcount(gone)
        heap.push(gone, 5.0)
        heap.remove(gone)
        heap.remove(gone)
        assert sys.getrefcount(gone) == before
        assert not gone._is_set()
        assert len(heap) == 1

    def test_timer_cancelled_before_its_turn_can_be_told(self, timer):
        heap = TimerHeap()
        first, second = timer(), timer()
        heap.push(first, 1.0)
        heap.push(second, 1.0)
        due = heap.pop_due(2.0)
        assert due == [first, second]
        heap.remove(second)
        assert [each._take_turn() for each in due] == [True, False]
        assert [each._take_turn() for each in due] == [False, False]
        assert len(heap) == 0

    def test_room_is_given_back(self, timer):
        heap = TimerHeap()
        timers = [timer() for _ in range(10_000)]
        for number, each in enumerate(timers):
            heap.push(each, float(number))
        for each in timers:
            heap.remove(each)
        assert len(heap) == 0
        assert len(heap._entries) < 500

    def test_clear_leaves_timers_that_can_be_stopped(self, timer):
        heap = TimerHeap()
        each = timer()
        heap.push(each, 1.0)
        heap.clear()
        heap.remove(each)
        assert heap.timers() == []
        del each
        gc.collect()

    @given(
        st.lists(
            st.one_of(
                st.tuples(st.just("push"), st.integers(0, 20)),
                st.tuples(st.just("cancel"), st.integers(0, 50)),
                st.tuples(st.just("pop"), st.integers(0, 20)),
            ),
            max_size=80,
        )
    )
    def test_behaves_like_a_sorted_list(self, steps):
        loop = get_hub().loop
        heap = TimerHeap()
        live = []
        timers = []
        for what, number in steps:
            if what == "push":
                each = loop.timer(0.0)
                heap.push(each, float(number))
                timers.append(each)
                live.append(each)
            elif what == "cancel" and timers:
                each = timers[number % len(timers)]
                heap.remove(each)
                live = [other for other in live if other is not each]
            elif what == "pop":
                due = heap.pop_due(float(number))
                expected = sorted(
                    (each for each in live if each._due <= number),
                    key=lambda each: (each._due, each._serial),
                )
                assert list(map(id, due)) == list(map(id, expected))
                live = [each for each in live if each._due > number]
            assert len(heap) == len(live)
            assert heap.next_due() == min((each._due for each in live), default=float("inf"))
            assert sorted(map(id, heap.timers())) == sorted(map(id, live))
            for place, each in enumerate(heap.timers()):
                assert each._place == place
