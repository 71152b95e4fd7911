"""Signals that come before anybody can act on them."""

import signal
import socket

import pytest

from engine.process.early_signals import EarlySignals


@pytest.fixture(autouse=True)
def handlers():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_they_are_replayed_in_order_to_the_handlers_of_then():
    early, seen = EarlySignals(), []
    early.take((signal.SIGTERM, signal.SIGHUP))
    signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGTERM)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: seen.append(number))
    early.replay()
    early.replay()
    assert seen == [signal.SIGHUP, signal.SIGTERM]


def test_some_end_the_process_while_it_may_end():
    early = EarlySignals((signal.SIGTERM,))
    early.take((signal.SIGTERM, signal.SIGHUP))
    signal.raise_signal(signal.SIGHUP)
    with pytest.raises(SystemExit) as ended:
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 0
    early.leaving = ()
    signal.raise_signal(signal.SIGTERM)


def test_what_was_blocked_comes_in():
    early, seen = EarlySignals(), []
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP,))
    signal.raise_signal(signal.SIGHUP)
    early.take((signal.SIGHUP,))
    signal.signal(signal.SIGHUP, lambda number, frame: seen.append(number))
    early.replay()
    assert seen == [signal.SIGHUP]


def test_what_the_running_loop_was_woken_by_is_not_replayed():
    early, seen = EarlySignals(), []
    early.take((signal.SIGTERM, signal.SIGHUP))
    signal.raise_signal(signal.SIGHUP)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        signal.set_wakeup_fd(ours.fileno())
        try:
            signal.raise_signal(signal.SIGTERM)
            assert theirs.recv(8) == bytes([signal.SIGTERM])
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, lambda number, frame: seen.append(number))
            early.replay()
            assert seen == [signal.SIGHUP]
        finally:
            signal.set_wakeup_fd(-1)


def test_what_a_loop_was_woken_by_that_has_ended_is_replayed():
    early, seen = EarlySignals(), []
    early.take((signal.SIGTERM,))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        signal.set_wakeup_fd(ours.fileno())
        signal.raise_signal(signal.SIGTERM)
        signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    early.replay()
    assert seen == [signal.SIGTERM]
