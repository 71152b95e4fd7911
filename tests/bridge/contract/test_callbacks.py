"""``run_callback``: order, nesting, what the returned object says, errors."""

from __future__ import annotations

import threading


class TestRunCallback:
    def test_callbacks_run_in_the_order_they_were_queued(self, loop):
        ran = []
        for number in range(200):
            loop.run_callback(ran.append, number)
        loop.run()
        assert ran == list(range(200))

    def test_callback_queued_by_a_callback_runs_in_the_same_batch(self, loop):
        ran = []
        loop.run_callback(lambda: (ran.append("outer"), loop.run_callback(ran.append, "nested")))
        loop.run_callback(ran.append, "second")
        loop.run()
        assert ran == ["outer", "second", "nested"]

    def test_callback_runs_before_a_timer_without_delay(self, loop):
        ran = []
        timer = loop.timer(0.0)
        timer.start(ran.append, "timer")
        loop.run_callback(ran.append, "callback")
        loop.run()
        assert ran == ["callback", "timer"]

    def test_queued_callback_is_pending_and_true(self, loop):
        cb = loop.run_callback(lambda: None)
        assert cb.pending
        assert cb
        loop.run()
        assert not cb.pending
        assert not cb

    def test_running_callback_is_true_but_not_pending(self, loop):
        seen = []
        cb = loop.run_callback(lambda: seen.append((bool(cb), cb.pending)))
        loop.run()
        assert seen == [(True, False)]

    def test_running_callback_keeps_its_arguments(self, loop):
        seen = []
        links: list[int] = []
        cb = loop.run_callback(lambda links: (cb.args[0].append(1), seen.append(list(links))), links)
        loop.run()
        assert seen == [[1]]
        assert links == [1]

    def test_stopped_callback_does_not_run(self, loop):
        ran = []
        cb = loop.run_callback(ran.append, 1)
        cb.stop()
        assert not cb
        loop.run()
        assert ran == []

    def test_error_is_reported_with_the_callback_and_the_next_one_runs(self, loop, errors):
        ran = []
        cb = loop.run_callback(lambda: 1 / 0)
        loop.run_callback(ran.append, "next")
        loop.run()
        assert errors.seen == [(cb, ZeroDivisionError)]
        assert ran == ["next"]

    def test_broken_error_handler_does_not_end_the_loop(self, loop, capsys):
        def broken(*args):
            raise RuntimeError("handler")

        loop.error_handler = broken
        ran = []
        loop.run_callback(lambda: 1 / 0)
        loop.run_callback(ran.append, "next")
        loop.run()
        assert ran == ["next"]

    def test_callback_from_another_thread_wakes_the_loop(self, loop):
        ran = []
        keeping_alive = loop.async_()
        keeping_alive.start(lambda: None)

        def finish():
            ran.append(threading.current_thread() is threading.main_thread())
            keeping_alive.stop()

        def from_outside():
            loop.run_callback_threadsafe(finish)

        thread = threading.Thread(target=from_outside)
        timer = loop.timer(0.0)
        timer.start(thread.start)
        loop.run()
        thread.join()
        assert ran == [True]
