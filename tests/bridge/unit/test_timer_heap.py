"""The heap of deadlines."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from bridge._timer_heap import TimerHeap


class TestTimerHeap:
    def test_empty_heap_is_never_due(self):
        heap = TimerHeap()
        assert heap.next_due() == float("inf")
        assert heap.pop_due(1e9) == []
        assert len(heap) == 0

    def test_equal_deadlines_keep_their_order(self):
        heap = TimerHeap()
        for name in "abc":
            heap.push(1.0, name)
        assert [heap.settle(entry) for entry in heap.pop_due(1.0)] == ["a", "b", "c"]

    def test_cancelled_timer_is_let_go_at_once(self):
        heap = TimerHeap()
        timer = object()
        before = sys.getrefcount(timer)
        entry = heap.push(5.0, timer)
        heap.cancel(entry)
        heap.cancel(entry)
        assert sys.getrefcount(timer) == before
        assert len(heap) == 0

    def test_timer_cancelled_between_pop_and_settle_is_skipped(self):
        heap = TimerHeap()
        first, second = heap.push(1.0, "first"), heap.push(1.0, "second")
        due = heap.pop_due(2.0)
        assert due == [first, second]
        heap.cancel(second)
        assert [heap.settle(entry) for entry in due] == ["first", None]
        assert len(heap) == 0

    def test_dead_entries_are_cleaned_away(self):
        heap = TimerHeap()
        for _ in range(10_000):
            heap.cancel(heap.push(50.0, "timer"))
        assert len(heap._entries) < 200

    @given(
        st.lists(
            st.one_of(
                st.tuples(st.just("push"), st.integers(0, 20)),
                st.tuples(st.just("cancel"), st.integers(0, 50)),
                st.tuples(st.just("pop"), st.integers(0, 20)),
            ),
            max_size=60,
        )
    )
    def test_behaves_like_a_sorted_list(self, steps):
        heap = TimerHeap()
        live = []
        entries = []
        for what, number in steps:
            if what == "push":
                entry = heap.push(float(number), object())
                entries.append(entry)
                live.append(entry)
            elif what == "cancel" and entries:
                entry = entries[number % len(entries)]
                heap.cancel(entry)
                live = [other for other in live if other is not entry]
            elif what == "pop":
                due = [entry for entry in heap.pop_due(float(number)) if heap.settle(entry) is not None]
                expected = sorted(
                    (entry for entry in live if entry[0] <= number), key=lambda entry: entry[:2]
                )
                assert [id(entry) for entry in due] == [id(entry) for entry in expected]
                live = [entry for entry in live if entry[0] > number]
            assert len(heap) == len(live)
            assert heap.next_due() == min((entry[0] for entry in live), default=float("inf"))
            assert sorted(map(id, heap.timers())) == sorted(id(entry[2]) for entry in live)
