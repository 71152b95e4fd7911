"""What every kind of watcher shares."""

from __future__ import annotations

import gc
import signal
import weakref

import pytest

MAKERS = {
    "timer": lambda loop, fd: loop.timer(1.0),
    "io": lambda loop, fd: loop.io(fd, 1),
    "async": lambda loop, fd: loop.async_(),
    "prepare": lambda loop, fd: loop.prepare(),
    "check": lambda loop, fd: loop.check(),
    "idle": lambda loop, fd: loop.idle(),
    "fork": lambda loop, fd: loop.fork(),
    "stat": lambda loop, fd: loop.stat("/", 1.0),
    "signal": lambda loop, fd: loop.signal(signal.SIGUSR2),
}


@pytest.fixture(params=list(MAKERS))
def watcher(request, loop, pair):
    made = MAKERS[request.param](loop, pair[0].fileno())
    yield made
    made.stop()
    made.close()


class TestAnyWatcher:
    def test_new_watcher_is_stopped(self, watcher, loop):
        assert not watcher.active
        assert not watcher.pending
        assert watcher.callback is None
        assert watcher.args is None
        assert watcher.ref is True
        assert watcher.loop is loop

    def test_start_keeps_the_very_callback_and_arguments(self, watcher):
        def func(*args):
            pass

        watcher.start(func, 1, "two")
        assert watcher.active
        assert watcher.callback is func
        assert watcher.args == (1, "two")

    def test_second_start_replaces_callback_and_arguments(self, watcher):
        watcher.start(print, 1)
        watcher.start(len, 2)
        assert watcher.callback is len
        assert watcher.args == (2,)

    def test_stop_forgets_and_may_be_repeated(self, watcher):
        watcher.start(print, 1)
        watcher.stop()
        watcher.stop()
        assert not watcher.active
        assert watcher.callback is None
        assert watcher.args is None

    @pytest.mark.parametrize("bad", [None, 5, "text"])
    def test_what_cannot_be_called_is_refused(self, watcher, bad):
        with pytest.raises(TypeError):
            watcher.start(bad)

    def test_callback_and_args_may_be_assigned(self, watcher):
        watcher.callback = len
        watcher.args = (1,)
        assert (watcher.callback, watcher.args) == (len, (1,))
        watcher.callback = None
        watcher.args = None
        with pytest.raises(TypeError):
            watcher.callback = 3
        with pytest.raises(TypeError):
            watcher.args = [1]

    def test_priority_cannot_change_while_active(self, watcher):
        assert watcher.priority == 0
        watcher.priority = 1
        watcher.start(print)
        with pytest.raises((AttributeError, ValueError)):
            watcher.priority = 0
        watcher.stop()

    def test_context_manager_closes(self, watcher):
        with watcher as entered:
            assert entered is watcher
            watcher.start(print)
        assert not watcher.active

    def test_unreferenced_watcher_does_not_keep_run_from_returning(self, watcher, loop):
        watcher.ref = False
        watcher.start(lambda *args: None)
        loop.run()

    def test_dropping_ref_while_active_lets_run_return(self, watcher, loop):
        watcher.start(lambda *args: None)
        loop.run_callback(lambda: setattr(watcher, "ref", False))
        loop.run()


@pytest.mark.parametrize("name", list(MAKERS))
def test_stopped_watcher_and_its_callback_are_freed_by_reference_counting(name, loop, pair):
    class Func:
        def __call__(self):
            pass

    gc.collect()
    gc.disable()
    try:
        watcher = MAKERS[name](loop, pair[0].fileno())
        func = Func()
        watcher.start(func)
        gone = weakref.ref(func)
        watcher.stop()
        watcher.close()
        del watcher, func
        loop.run(nowait=True)
        assert gone() is None
    finally:
        gc.enable()


def test_started_watcher_is_kept_alive_by_the_loop(loop):
    ran = []
    loop.timer(0.001).start(ran.append, 1)
    gc.collect()
    loop.run()
    assert ran == [1]
