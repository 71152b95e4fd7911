"""The master's wait: descriptors, moments and signals."""

import os
import signal
import threading

import pytest

from engine.process.events import MasterEvents


@pytest.fixture
def pipe():
    read, write = os.pipe()
    yield read, write
    os.close(read)
    os.close(write)


def test_a_readable_descriptor_is_called(pipe):
    events, seen = MasterEvents(), []
    events.add_reader(pipe[0], lambda: seen.append(os.read(pipe[0], 10)))
    os.write(pipe[1], b"hello")
    events.wait(10)
    assert seen == [b"hello"]


def test_moments_come_in_order_and_can_be_cancelled():
    events, seen = MasterEvents(), []
    events.call_later(0.02, lambda: seen.append("second"))
    events.call_later(0.01, lambda: seen.append("first"))
    events.call_later(0.0, lambda: seen.append("never")).cancel()
    while len(seen) < 2:
        events.wait(10)
    assert seen == ["first", "second"]


def test_a_closed_descriptor_is_forgotten():
    events = MasterEvents()
    read, write = os.pipe()
    events.add_reader(read, lambda: None)
    os.close(read)
    os.close(write)
    events.wait(10)
    events.wait(0)


def test_signals_that_came_while_blocked_are_not_lost():
    seen = []
    before = signal.getsignal(signal.SIGUSR1)
    events = MasterEvents()
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        events.take_signals({signal.SIGUSR1}, seen.append)
        while not seen:
            events.wait(10)
        assert seen == [signal.SIGUSR1]
    finally:
        events.forget_in_child()
        signal.signal(signal.SIGUSR1, before)
