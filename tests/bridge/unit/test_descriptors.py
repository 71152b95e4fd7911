"""The table of watched descriptors, and what of it reaches the kernel."""

from __future__ import annotations

import os
import socket
import tempfile

import pytest

from bridge._poller import Poller
from bridge._watchers.io import events_to_str
from bridge.loop import loop as bridge_loop


class RecordingPoller(Poller):
    """A poller that also notes what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[int, int]] = []

    def watch(self, fd, had, wanted):
        self.calls.append((had, wanted))
        super().watch(fd, had, wanted)


def ready(poller):
    """What is ready now, as pairs of descriptor and bits."""
    return [(poller.fd_at(index), poller.ready_at(index)) for index in range(poller.collect())]


class RecordingHost:
    """An asyncio loop that only notes which descriptors it is to watch."""

    def __init__(self) -> None:
        self.readers: set[int] = set()

    def add_reader(self, fd, callback, *args):
        self.readers.add(fd)

    def remove_reader(self, fd):
        self.readers.discard(fd)

    def call_soon(self, callback, *args, context=None):
        pass

    def is_closed(self):
        return False


@pytest.fixture
def host():
    return RecordingHost()


@pytest.fixture
def loop(host):
    made = bridge_loop(default=False)
    made._poller = RecordingPoller()
    made._bind(host)
    yield made
    made._aio = None
    made.destroy()


@pytest.fixture
def calls(loop):
    return loop._poller.calls


@pytest.fixture
def fd():
    with socket.socket() as sock:
        yield sock.fileno()


class TestRegistrations:
    def test_the_host_watches_one_descriptor_only(self, loop, host, fd):
        loop.io(fd, 1).start(print)
        loop._settle()
        assert host.readers == {loop._poller.fileno()}

    def test_many_readers_make_one_registration(self, loop, calls, fd):
        watchers = [loop.io(fd, 1) for _ in range(3)]
        for watcher in watchers:
            watcher.start(print)
        loop._settle()
        assert calls == [(0, 1)]
        for watcher in watchers:
            watcher.stop()
        loop._settle()
        assert calls == [(0, 1), (1, 0)]
        assert loop._fds == {}

    def test_stop_and_start_in_one_slice_cost_nothing(self, loop, calls, fd):
        watcher = loop.io(fd, 1)
        watcher.start(print)
        loop._settle()
        watcher.stop()
        watcher.start(print)
        loop._settle()
        assert calls == [(0, 1)]

    def test_interest_changes_are_passed_on(self, loop, calls, fd):
        reader, writer = loop.io(fd, 1), loop.io(fd, 2)
        reader.start(print)
        loop._settle()
        writer.start(print)
        reader.stop()
        loop._settle()
        assert calls == [(0, 1), (1, 2)]

    def test_new_watcher_on_a_number_that_may_be_another_file_registers_again(self, loop, calls, fd):
        old = loop.io(fd, 1)
        old.start(print)
        loop._settle()
        old.stop()
        loop.io(fd, 1).start(print)
        loop._settle()
        assert calls == [(0, 1), (1, 0), (0, 1)]

    def test_announced_close_unregisters_at_once(self, loop, calls, fd):
        watcher = loop.io(fd, 1)
        watcher.start(print)
        loop._settle()
        assert loop.closing_fd(fd)
        assert calls == [(0, 1), (1, 0)]
        assert not loop.closing_fd(fd)
        watcher.stop()

    def test_the_next_host_takes_over_with_one_registration(self, loop, host, calls, fd):
        loop.io(fd, 3).start(print)
        loop._settle()
        successor = RecordingHost()
        loop._bind(successor)
        loop._settle()
        assert host.readers == set()
        assert successor.readers == {loop._poller.fileno()}
        assert calls == [(0, 3)]


class TestPoller:
    @pytest.fixture
    def poller(self):
        made = Poller()
        yield made
        made.close()

    @pytest.fixture
    def pair(self):
        a, b = socket.socketpair()
        with a, b:
            yield a, b

    def test_tells_what_is_ready(self, poller, pair):
        a, b = pair
        poller.watch(a.fileno(), 0, 1)
        poller.watch(b.fileno(), 0, 2)
        assert ready(poller) == [(b.fileno(), 2)]
        b.send(b"x")
        assert sorted(ready(poller)) == sorted([(a.fileno(), 1), (b.fileno(), 2)])

    def test_a_closed_peer_makes_readable_and_writable(self, poller, pair):
        a, b = pair
        poller.watch(a.fileno(), 0, 1)
        b.close()
        assert ready(poller) == [(a.fileno(), 3)]

    def test_nothing_is_ready_after_it_was_given_up(self, poller, pair):
        b = pair[1].fileno()
        poller.watch(b, 0, 2)
        poller.watch(b, 2, 0)
        assert ready(poller) == []
        assert poller.count == 0

    def test_a_descriptor_closed_behind_its_back_and_opened_again_is_watched(self, poller):
        a, b = socket.socketpair()
        old = socket.socket()
        number = old.fileno()
        poller.watch(number, 0, 1)
        old.close()
        os.dup2(a.fileno(), number)
        try:
            poller.watch(number, 1, 3)
            assert ready(poller) == [(number, 2)]
        finally:
            os.close(number)
            a.close()
            b.close()

    def test_giving_up_a_closed_descriptor_is_no_error(self, poller):
        sock = socket.socket()
        number = sock.fileno()
        poller.watch(number, 0, 1)
        sock.close()
        poller.watch(number, 1, 0)

    def test_a_regular_file_is_refused(self, poller):
        with tempfile.TemporaryFile() as file, pytest.raises(PermissionError):
            poller.watch(file.fileno(), 0, 1)

    def test_a_number_that_is_not_open_is_refused(self, poller):
        sock = socket.socket()
        number = sock.fileno()
        sock.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            poller.watch(number, 0, 1)

    def test_its_own_descriptor_is_not_inherited(self, poller):
        assert not os.get_inheritable(poller.fileno())


@pytest.mark.parametrize(("mask", "text"), [(0, ""), (1, "READ"), (3, "READ|WRITE"), (6, "WRITE|0x4")])
def test_masks_have_names(mask, text):
    assert events_to_str(mask) == text
