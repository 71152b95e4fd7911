"""When ``run()`` returns, and its two partial modes."""

from __future__ import annotations

import threading
from time import monotonic

import pytest


class TestRun:
    def test_run_without_anything_returns(self, loop):
        loop.run()

    def test_run_can_be_called_again(self, loop):
        ran = []
        for _ in range(3):
            loop.run_callback(ran.append, 1)
            loop.run()
        assert ran == [1, 1, 1]

    def test_nowait_does_not_wait_for_a_timer(self, loop):
        ran = []
        timer = loop.timer(30)
        timer.start(ran.append, 1)
        began = monotonic()
        loop.run(nowait=True)
        assert monotonic() - began < 20
        assert ran == []
        timer.stop()

    def test_nowait_serves_what_is_ready(self, loop, pair):
        left, right = pair
        right.send(b"x")
        ran = []
        io = loop.io(left.fileno(), 1)
        io.start(lambda: (ran.append(1), io.stop()))
        loop.run(nowait=True)
        assert ran == [1]

    def test_once_waits_for_one_event(self, loop):
        ran = []
        first, second = loop.timer(0.01), loop.timer(60)
        first.start(ran.append, "first")
        second.start(ran.append, "second")
        while not ran:  # libev's clock may end the first wait a hair before the timer is due
            loop.run(once=True)
        assert ran == ["first"]
        second.stop()

    def test_once_without_anything_returns(self, loop):
        loop.run(once=True)

    def test_stopping_the_last_watcher_lets_run_return(self, loop):
        io = loop.async_()
        io.start(lambda: None)
        loop.run_callback(io.stop)
        loop.run()

    def test_unhandled_error_is_printed_and_ends_run(self, loop, capfd):
        keeping_alive = loop.timer(30)
        keeping_alive.start(lambda: None)
        loop.run_callback(lambda: 1 / 0)
        loop.run()
        assert "ZeroDivisionError" in capfd.readouterr().err
        keeping_alive.stop()


class TestAsync:
    def test_send_from_another_thread_wakes_the_loop(self, loop):
        ran = []
        watcher = loop.async_()
        watcher.start(lambda: (ran.append(threading.get_ident()), watcher.stop()))
        thread = threading.Thread(target=watcher.send)
        loop.run_callback(thread.start)
        loop.run()
        thread.join()
        assert ran == [threading.get_ident()]

    def test_many_sends_make_one_call(self, loop):
        ran = []
        watcher = loop.async_()
        watcher.start(lambda: (ran.append(1), watcher.stop()))
        for _ in range(5):
            watcher.send()
        assert watcher.pending
        loop.run()
        assert ran == [1]

    def test_send_to_a_stopped_watcher_is_forgotten(self, loop):
        ran = []
        watcher = loop.async_()
        watcher.send()
        watcher.start(ran.append, 1)
        loop.run(nowait=True)
        watcher.stop()
        assert ran == []

    def test_its_old_name_still_works(self, loop):
        watcher = getattr(loop, "async")()
        watcher.start(lambda: watcher.stop())
        watcher.send_ignoring_arg("ignored")
        loop.run()


class TestPhases:
    def test_order_in_one_pass(self, loop):
        ran = []
        prepare, check = loop.prepare(), loop.check()
        prepare.start(lambda: (ran.append("prepare"), prepare.stop()))
        check.start(lambda: (ran.append("check"), check.stop()))
        timer = loop.timer(0)
        timer.start(lambda: ran.append("timer"))
        loop.run()
        assert ran.index("prepare") < ran.index("check")
        assert sorted(ran) == ["check", "prepare", "timer"]

    def test_idle_runs_when_nothing_else_does(self, loop):
        ran = []
        idle = loop.idle()
        idle.start(lambda: (ran.append("idle"), idle.stop()))
        for number in range(3):
            loop.run_callback(ran.append, number)
        loop.run()
        assert ran == [0, 1, 2, "idle"]

    def test_idle_waits_for_a_timeout_that_is_due(self, loop):
        ran = []
        idle = loop.idle()
        timeout = loop.timer(0.0, priority=-1)
        timeout.start(ran.append, "timeout")
        began = monotonic()

        def not_before_it_is_due():
            if monotonic() - began < 0.005:
                loop.run_callback(not_before_it_is_due)
            else:
                idle.start(lambda: (ran.append("idle"), idle.stop()))

        loop.run_callback(not_before_it_is_due)
        loop.run()
        assert sorted(ran) == ["idle", "timeout"]

    def test_active_check_does_not_keep_the_loop_spinning(self, loop):
        passes = []
        check = loop.check(ref=False)
        check.start(passes.append, 1)
        timer = loop.timer(0.05)
        timer.start(lambda: None)
        loop.run()
        check.stop()
        assert len(passes) < 20


class TestDestroy:
    def test_destroyed_loop_says_so(self, kind, loop):
        assert loop.ptr
        loop.destroy()
        loop.destroy()
        assert not loop.ptr
        assert not loop.default
        assert loop._format() == "destroyed"

    @pytest.mark.parametrize("use", ["run", "now", "ref"])
    def test_destroyed_loop_refuses_work(self, loop, use):
        loop.destroy()
        with pytest.raises(ValueError, match="destroyed"):
            getattr(loop, use)()

    def test_destroyed_loop_refuses_callbacks_and_watchers(self, loop):
        timer = loop.timer(1)
        loop.destroy()
        with pytest.raises(ValueError, match="destroyed"):
            loop.run_callback(print)
        with pytest.raises(ValueError, match="destroyed"):
            timer.start(print)

    def test_two_loops_live_side_by_side(self, kind, loop, default_loop):
        ran = []
        other, mine = default_loop.timer(0.001), loop.timer(0.001)
        other.start(ran.append, "other")
        mine.start(ran.append, "mine")
        loop.run()
        assert ran == ["mine"]
        loop.destroy()
        assert default_loop.default
        default_loop.run()
        assert ran == ["mine", "other"]
