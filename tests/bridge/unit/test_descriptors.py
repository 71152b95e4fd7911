"""The table that shares one asyncio registration per descriptor."""

from __future__ import annotations

import socket

import pytest

from bridge._watchers.io import events_to_str
from bridge.loop import loop as bridge_loop


class RecordingHost:
    """An asyncio loop that only notes what is registered."""

    def __init__(self) -> None:
        self.readers: dict[int, object] = {}
        self.writers: dict[int, object] = {}
        self.calls: list[str] = []
        self.soon: list[object] = []

    def add_reader(self, fd, callback, *args):
        self.calls.append("add_reader")
        self.readers[fd] = callback

    def add_writer(self, fd, callback, *args):
        self.calls.append("add_writer")
        self.writers[fd] = callback

    def remove_reader(self, fd):
        self.calls.append("remove_reader")
        return self.readers.pop(fd, None) is not None

    def remove_writer(self, fd):
        self.calls.append("remove_writer")
        return self.writers.pop(fd, None) is not None

    def call_soon(self, callback, *args, context=None):
        self.soon.append(callback)

    def is_closed(self):
        return False


@pytest.fixture
def host():
    return RecordingHost()


@pytest.fixture
def loop(host):
    made = bridge_loop(default=False)
    made._bind(host)
    yield made
    made._aio = None
    made.destroy()


@pytest.fixture
def fd():
    with socket.socket() as sock:
        yield sock.fileno()


class TestRegistrations:
    def test_many_readers_make_one_registration(self, loop, host, fd):
        watchers = [loop.io(fd, 1) for _ in range(3)]
        for watcher in watchers:
            watcher.start(print)
        loop._settle()
        assert host.calls == ["add_reader"]
        for watcher in watchers:
            watcher.stop()
        loop._settle()
        assert host.calls == ["add_reader", "remove_reader"]
        assert loop._fds == {}

    def test_stop_and_start_in_one_slice_cost_nothing(self, loop, host, fd):
        watcher = loop.io(fd, 1)
        watcher.start(print)
        loop._settle()
        watcher.stop()
        watcher.start(print)
        loop._settle()
        assert host.calls == ["add_reader"]

    def test_interest_changes_are_passed_on(self, loop, host, fd):
        reader, writer = loop.io(fd, 1), loop.io(fd, 2)
        reader.start(print)
        loop._settle()
        writer.start(print)
        reader.stop()
        loop._settle()
        assert host.calls == ["add_reader", "add_writer", "remove_reader"]

    def test_new_watcher_on_a_number_that_may_be_another_file_registers_again(self, loop, host, fd):
        old = loop.io(fd, 1)
        old.start(print)
        loop._settle()
        old.stop()
        loop.io(fd, 1).start(print)
        loop._settle()
        assert host.calls == ["add_reader", "remove_reader", "add_reader"]

    def test_announced_close_unregisters_at_once(self, loop, host, fd):
        watcher = loop.io(fd, 1)
        watcher.start(print)
        loop._settle()
        assert loop.closing_fd(fd)
        assert host.calls == ["add_reader", "remove_reader"]
        assert not loop.closing_fd(fd)
        watcher.stop()

    def test_registrations_move_to_the_next_host(self, loop, host, fd):
        loop.io(fd, 3).start(print)
        loop._settle()
        successor = RecordingHost()
        loop._bind(successor)
        loop._settle()
        assert host.readers == host.writers == {}
        assert set(successor.readers) == set(successor.writers) == {fd}


@pytest.mark.parametrize(("mask", "text"), [(0, ""), (1, "READ"), (3, "READ|WRITE"), (6, "WRITE|0x4")])
def test_masks_have_names(mask, text):
    assert events_to_str(mask) == text
