"""Timers: when they fire, when not, and what they say of themselves."""

from __future__ import annotations

from time import monotonic

import pytest


class TestTimer:
    def test_timer_fires_once_after_its_delay(self, loop):
        ran = []
        timer = loop.timer(0.02)
        began = monotonic()
        loop.update_now()  # libev counts from the time it knows, which may be old
        timer.start(lambda: ran.append(monotonic() - began))
        loop.run()
        assert len(ran) == 1
        assert 0.019 <= ran[0] < 20

    def test_timer_never_fires_inside_start(self, loop):
        ran = []
        loop.timer(0).start(ran.append, 1)
        assert ran == []
        loop.run()
        assert ran == [1]

    def test_timers_fire_by_deadline(self, loop):
        ran = []
        timers = [loop.timer(delay) for delay in (0.03, 0.01, 0.02)]
        for timer, name in zip(timers, "cab", strict=True):
            timer.start(ran.append, name)
        loop.run()
        assert ran == ["a", "b", "c"]

    def test_stopped_timer_does_not_fire(self, loop):
        ran = []
        timer = loop.timer(0.001)
        timer.start(ran.append, "late")
        timer.stop()
        loop.run()
        assert ran == []

    def test_timer_stopped_by_another_of_the_same_moment_does_not_fire(self, loop):
        ran = []
        first, second = loop.timer(0.001), loop.timer(0.001)
        first.start(lambda: (ran.append("first"), second.stop()))
        second.start(lambda: (ran.append("second"), first.stop()))
        loop.run()
        assert len(ran) == 1

    def test_timer_is_inactive_in_its_own_callback(self, loop):
        seen = []
        timer = loop.timer(0)
        timer.start(lambda: seen.append(timer.active))
        assert timer.active
        loop.run()
        assert seen == [False]
        assert timer.callback is None
        assert timer.args is None

    def test_timer_restarted_in_its_own_callback_fires_again(self, loop):
        ran = []
        timer = loop.timer(0.001)

        def again():
            ran.append(len(ran))
            if len(ran) < 3:
                timer.start(again)

        timer.start(again)
        loop.run()
        assert ran == [0, 1, 2]

    def test_repeating_timer_fires_until_stopped(self, loop):
        ran = []
        timer = loop.timer(0.001, 0.001)

        def tick():
            ran.append(timer.active)
            if len(ran) == 3:
                timer.stop()

        timer.start(tick)
        loop.run()
        assert ran == [True] * 3

    def test_error_does_not_stop_a_repeating_timer(self, loop, errors):
        ran = []
        timer = loop.timer(0.001, 0.001)

        def tick():
            ran.append(1)
            if len(ran) == 2:
                timer.stop()
            raise KeyError

        timer.start(tick)
        loop.run()
        assert errors.seen == [(timer, KeyError)] * 2

    def test_again_restarts_the_countdown_with_the_period(self, loop):
        ran = []
        timer = loop.timer(60.0, 0.01)
        began = monotonic()
        timer.again(lambda: (ran.append(monotonic() - began), timer.stop()))
        loop.run()
        assert 0.009 <= ran[0] < 20

    def test_again_on_an_active_timer_postpones_it(self, loop):
        ran = []
        slow = loop.timer(0.04, 0.04)
        slow.start(lambda: None)
        began = monotonic()
        nudge = loop.timer(0.02)
        nudge.start(lambda: slow.again(lambda: (ran.append(monotonic() - began), slow.stop())))
        loop.run()
        assert ran[0] >= 0.055

    def test_negative_repeat_is_refused(self, loop):
        with pytest.raises(ValueError, match="repeat"):
            loop.timer(1, -1)

    def test_delay_that_is_no_number_is_refused(self, loop):
        with pytest.raises(TypeError):
            loop.timer("soon")

    def test_timeout_priority_lets_data_win_over_a_timer_of_the_same_pass(self, loop, pair):
        left, right = pair
        ran = []
        late = loop.timer(0.005, priority=-1)
        io = loop.io(left.fileno(), 1)
        io.start(lambda: (ran.append("io"), io.stop(), late.stop()))
        late.start(lambda: (ran.append("timeout"), io.stop()))

        def block_past_the_deadline():
            right.send(b"x")
            until = monotonic() + 0.01
            while monotonic() < until:
                pass

        loop.run_callback(block_past_the_deadline)
        loop.run()
        assert ran == ["io"]

    def test_many_timers_all_fire(self, loop):
        ran = []
        timers = [loop.timer(0.0001 * (number % 50)) for number in range(1000)]
        for timer in timers:
            timer.start(ran.append, 1)
        loop.run()
        assert len(ran) == 1000
