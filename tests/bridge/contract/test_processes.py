"""Signals, children, files: what the operating system tells."""

from __future__ import annotations

import os
import signal

import pytest


class TestSignal:
    def test_signal_runs_the_callback_in_the_loop(self, default_loop):
        ran = []
        watcher = default_loop.signal(signal.SIGUSR1)
        watcher.start(lambda: (ran.append(1), watcher.stop()))
        default_loop.run_callback(os.kill, os.getpid(), signal.SIGUSR1)
        default_loop.run()
        assert ran == [1]

    def test_every_watcher_of_a_signal_is_served(self, default_loop):
        ran = []
        watchers = [default_loop.signal(signal.SIGUSR1) for _ in range(2)]
        for number, watcher in enumerate(watchers):
            watcher.start(lambda number=number, watcher=watcher: (ran.append(number), watcher.stop()))
        default_loop.run_callback(os.kill, os.getpid(), signal.SIGUSR1)
        default_loop.run()
        assert sorted(ran) == [0, 1]

    @pytest.mark.parametrize("number", [0, -1, 1000])
    def test_unknown_signal_is_refused(self, loop, number):
        with pytest.raises(ValueError, match="illegal signal number"):
            loop.signal(number)


def _child(code: int) -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(code)
    return pid


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
class TestChild:
    @pytest.fixture(autouse=True)
    def _sigchld(self, default_loop):
        default_loop.install_sigchld()

    def test_only_a_default_loop_watches_children(self, loop):
        with pytest.raises(TypeError, match="child watchers are only available on the default loop"):
            loop.child(1)

    def test_child_gets_the_raw_status(self, default_loop):
        watcher = default_loop.child(_child(7))
        watcher.start(lambda: watcher.stop())
        default_loop.run()
        assert os.WIFEXITED(watcher.rstatus)
        assert os.WEXITSTATUS(watcher.rstatus) == 7
        assert watcher.rpid == watcher.pid

    def test_every_watcher_of_a_child_knows_the_status_before_any_callback(self, default_loop):
        pid = _child(3)
        watchers = [default_loop.child(pid), default_loop.child(pid)]
        seen = []
        for watcher in watchers:
            watcher.start(
                lambda watcher=watcher: (seen.append([w.rstatus for w in watchers]), watcher.stop())
            )
        default_loop.run()
        assert seen == [[3 << 8, 3 << 8]] * 2

    def test_pid_zero_hears_of_any_child_watched_or_not(self, default_loop):
        watched = _child(1)
        everyone, one = default_loop.child(0), default_loop.child(watched)
        seen = set()
        everyone.start(lambda: (seen.add(everyone.rpid), everyone.stop()))
        one.start(lambda: one.stop())
        default_loop.run()
        assert seen == {watched}

    def test_signal_that_ended_the_child_is_in_the_status(self, default_loop):
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        watcher = default_loop.child(pid)
        watcher.start(lambda: watcher.stop())
        default_loop.run_callback(os.kill, pid, signal.SIGKILL)
        default_loop.run()
        assert os.WIFSIGNALED(watcher.rstatus)
        assert os.WTERMSIG(watcher.rstatus) == signal.SIGKILL


class TestStat:
    def test_change_is_seen(self, loop, tmp_path):
        path = tmp_path / "file"
        watcher = loop.stat(str(path), 0.1)
        ran = []

        def changed():
            ran.append((watcher.prev, watcher.attr.st_size))
            watcher.stop()

        watcher.start(changed)
        timer = loop.timer(0.02)
        timer.start(path.write_bytes, b"12345")
        loop.run()
        assert ran == [(None, 5)]

    def test_it_keeps_path_and_interval(self, loop):
        watcher = loop.stat("/nowhere/at/all", 3.0)
        assert watcher.path == "/nowhere/at/all"
        assert watcher._paths == b"/nowhere/at/all"
        assert watcher.interval == 3.0
        assert watcher.attr is None
        assert watcher.prev is None
