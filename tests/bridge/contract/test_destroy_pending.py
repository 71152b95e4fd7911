"""A loop that is destroyed while asyncio still has a wake-up of it to deliver."""

from __future__ import annotations

import gevent


def nothing() -> None:
    """Called by the loop."""


def test_destroying_a_loop_that_was_just_woken_does_not_enter_the_hub_of_the_thread(loop):
    asleep = gevent.spawn_later(1000, nothing)  # so that the thread's own hub would wait, and not end
    gevent.sleep(0)
    timer = loop.timer(0.001)
    timer.start(nothing)
    loop.run()
    loop.run_callback_threadsafe(nothing)
    loop.destroy()
    asleep.kill()
