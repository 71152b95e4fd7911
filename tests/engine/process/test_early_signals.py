"""Signals that come before anybody can act on them."""

import os
import signal
import socket

import pytest

from engine.process.early_signals import EarlySignals


@pytest.fixture(autouse=True)
def handlers():
    """No loop is woken by signals: other tests of this process may have left gevent's hub waiting in one."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    woken = signal.set_wakeup_fd(-1)
    yield
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
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


@pytest.fixture
def loops():
    """Ends of pairs of sockets, each to wake a loop by signals: what it is woken by, what it reads."""
    pairs = [socket.socketpair() for _ in range(2)]
    for ours, _ in pairs:
        ours.setblocking(False)
    yield pairs
    signal.set_wakeup_fd(-1)
    for sock in (sock for pair in pairs for sock in pair):
        sock.close()


def test_what_the_running_loop_was_woken_by_is_not_replayed(loops):
    early, seen = EarlySignals(), []
    early.take((signal.SIGTERM, signal.SIGHUP))
    signal.raise_signal(signal.SIGHUP)
    (waking, reading), _ = loops
    signal.set_wakeup_fd(waking.fileno())
    signal.raise_signal(signal.SIGTERM)
    assert reading.recv(8) == bytes([signal.SIGTERM])
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: seen.append(number))
    early.replay()
    assert seen == [signal.SIGHUP]


@pytest.mark.parametrize("again", [False, True], ids=["no loop follows", "the next has its descriptor"])
def test_what_a_loop_was_woken_by_that_has_ended_is_replayed(loops, again):
    early, seen = EarlySignals(), []
    early.take((signal.SIGTERM,))
    (ended, _), (following, _) = loops
    signal.set_wakeup_fd(ended.fileno())
    signal.raise_signal(signal.SIGTERM)
    if again:
        os.dup2(following.fileno(), ended.fileno())
    else:
        signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    early.replay()
    assert seen == [signal.SIGTERM]
