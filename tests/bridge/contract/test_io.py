"""Descriptor watchers: masks, sharing, closing, numbers used again."""

from __future__ import annotations

import os
import socket
import tempfile

import pytest


class TestIo:
    def test_reader_fires_when_data_arrives(self, loop, pair):
        left, right = pair
        ran = []
        io = loop.io(left.fileno(), 1)
        io.start(lambda: (ran.append(left.recv(10)), io.stop()))
        loop.run_callback(right.send, b"data")
        loop.run()
        assert ran == [b"data"]

    def test_reader_fires_again_while_data_is_left(self, loop, pair):
        left, right = pair
        right.send(b"abc")
        ran = []
        io = loop.io(left.fileno(), 1)

        def one():
            ran.append(left.recv(1))
            if len(ran) == 3:
                io.stop()

        io.start(one)
        loop.run()
        assert ran == [b"a", b"b", b"c"]

    def test_callback_gets_the_mask_when_asked_for(self, loop, pair):
        left, right = pair
        right.send(b"x")
        ran = []
        io = loop.io(left.fileno(), 3)
        io.start(lambda events, extra: (ran.append((events, extra)), io.stop()), "extra", pass_events=True)
        loop.run()
        assert ran in ([(3, "extra")], [(1, "extra")], [(2, "extra")])

    def test_all_watchers_of_a_descriptor_are_served(self, loop, pair):
        left, right = pair
        right.send(b"x")
        ran = []
        watchers = [loop.io(left.fileno(), events) for events in (1, 1, 2, 3)]
        for number, io in enumerate(watchers):
            io.start(lambda number=number, io=io: (ran.append(number), io.stop()))
        loop.run()
        assert sorted(ran) == [0, 1, 2, 3]

    def test_stopping_one_watcher_leaves_the_others(self, loop, pair):
        left, right = pair
        ran = []
        stopped, kept = loop.io(left.fileno(), 1), loop.io(left.fileno(), 1)
        stopped.start(ran.append, "stopped")
        kept.start(lambda: (ran.append("kept"), kept.stop()))
        stopped.stop()
        right.send(b"x")
        loop.run()
        assert ran == ["kept"]

    def test_error_stops_the_watcher(self, loop, pair, errors):
        left, right = pair
        right.send(b"x")
        io = loop.io(left.fileno(), 1)

        def fail():
            raise LookupError

        io.start(fail)
        loop.run()
        assert errors.seen == [(io, LookupError)]
        assert not io.active

    def test_end_of_stream_is_readable(self, loop, pair):
        left, right = pair
        right.close()
        ran = []
        io = loop.io(left.fileno(), 1)
        io.start(lambda: (ran.append(left.recv(1)), io.stop()))
        loop.run()
        assert ran == [b""]

    def test_regular_file_is_always_ready(self, loop):
        with tempfile.TemporaryFile() as file:
            ran = []
            io = loop.io(file.fileno(), 3)

            def ready():
                ran.append(1)
                if len(ran) == 2:
                    io.stop()

            io.start(ready)
            loop.run()
            assert ran == [1, 1]

    def test_mask_may_be_changed_while_stopped_only(self, loop, pair):
        io = loop.io(pair[0].fileno(), 1)
        io.events = 2
        ran = []
        io.start(lambda: (ran.append(io.events), io.stop()))
        with pytest.raises((AttributeError, ValueError)):
            io.events = 1
        with pytest.raises((AttributeError, ValueError)):
            io.fd = pair[1].fileno()
        loop.run()
        assert ran == [2]

    @pytest.mark.parametrize("fd", ["1", None, 1.5])
    def test_descriptor_that_is_no_int_is_refused(self, loop, fd):
        with pytest.raises(TypeError):
            loop.io(fd, 1)

    def test_negative_descriptor_is_refused(self, loop):
        with pytest.raises(ValueError, match="fd must be"):
            loop.io(-1, 1)

    def test_unknown_events_are_refused(self, loop, pair):
        with pytest.raises(ValueError, match="illegal event mask"):
            loop.io(pair[0].fileno(), 8)

    def test_watcher_of_a_descriptor_closed_meanwhile_is_woken(self, kind, loop):
        if kind == "libev":
            pytest.skip("libev ends the process here when it was built with assertions")
        left, right = socket.socketpair()
        ran = []
        io = loop.io(left.fileno(), 1)
        io.start(lambda events: (ran.append(events), io.stop()), pass_events=True)
        left.close()
        right.close()
        loop.run()
        assert len(ran) == 1
        assert ran[0] < 0

    def test_blocking_descriptor_stays_blocking(self, loop):
        reader, writer = os.pipe()
        try:
            io = loop.io(reader, 1)
            io.start(lambda: io.stop())
            loop.run_callback(os.write, writer, b"x")
            loop.run()
            assert os.get_blocking(reader)
            assert os.get_blocking(writer)
        finally:
            os.close(reader)
            os.close(writer)

    def test_loop_that_runs_opens_no_more_descriptors_of_its_own(self, loop, pair):
        # Code that closes a number twice (gevent's own tests do) would close what was opened in between.
        loop.run_callback(int)
        loop.run()
        before = os.listdir("/proc/self/fd")
        io = loop.io(pair[0].fileno(), 1)
        io.start(io.stop)
        loop.run_callback(pair[1].send, b"x")
        loop.run()
        assert os.listdir("/proc/self/fd") == before


class TestClosingFd:
    def test_nobody_watches(self, loop, pair):
        assert not loop.closing_fd(pair[0].fileno())

    def test_waiters_are_woken_before_the_check_that_closes(self, loop):
        left, right = socket.socketpair()
        fd = left.detach()
        ran = []
        io = loop.io(fd, 1)
        io.start(lambda: (ran.append("woken"), io.stop()))
        check = loop.check()

        def close():
            ran.append("closed")
            os.close(fd)
            check.stop()

        def closing():
            if loop.closing_fd(fd):
                check.start(close)

        more_turns = loop.timer(0.001, 0.001)  # libev may otherwise find nothing left to wait for
        more_turns.start(lambda: more_turns.stop() if "closed" in ran else None)
        loop.run_callback(closing)
        loop.run()
        right.close()
        assert ran == ["woken", "closed"]

    def test_number_used_again_after_an_announced_close_is_watched_anew(self, loop):
        seen = []
        for round_ in range(50):
            left, right = socket.socketpair()
            io = loop.io(left.fileno(), 1)
            io.start(lambda io=io, left=left: (seen.append(left.recv(9)), io.stop()))
            loop.run_callback(right.send, b"%d" % round_)
            loop.run()
            loop.closing_fd(left.fileno())
            left.close()
            right.close()
        assert seen == [b"%d" % round_ for round_ in range(50)]

    def test_number_used_again_after_a_silent_close_is_watched_anew(self, loop):
        seen = []
        for round_ in range(50):
            left, right = socket.socketpair()
            io = loop.io(left.fileno(), 1)
            io.start(lambda io=io, left=left: (seen.append(left.recv(9)), io.stop()))
            loop.run_callback(right.send, b"%d" % round_)
            loop.run()
            left.close()
            right.close()
        assert seen == [b"%d" % round_ for round_ in range(50)]
