"""A hundred thousand of everything: objects are freed by reference counting, descriptors are closed."""

from __future__ import annotations

import pytest

from tests.bridge.programs import KINDS, run_program

pytestmark = [pytest.mark.parametrize("kind", KINDS), pytest.mark.slow]

_COMMON = """
import gc, os, sys
import gevent
from gevent import socket
from gevent.hub import get_hub
loop = get_hub().loop
gevent.sleep(0.001)

def open_fds():
    return len(os.listdir('/proc/self/fd'))

def resident():
    with open('/proc/self/statm') as statm:
        return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')

def stays_flat(step, rounds, warm_up=2):
    'Without the cycle collector: what it would have to find counts as a leak.'
    gc.collect()
    gc.disable()
    for _ in range(warm_up):
        step()
    gevent.idle()  # a slow machine may not have come to all of its callbacks yet
    fds, blocks, memory = open_fds(), sys.getallocatedblocks(), resident()
    for _ in range(rounds):
        step()
    gevent.idle()
    assert open_fds() <= fds, (open_fds(), fds)
    assert sys.getallocatedblocks() - blocks < 3000, sys.getallocatedblocks() - blocks
    assert resident() - memory < 6_000_000, resident() - memory
"""


def test_timers(kind):
    run_program(
        _COMMON
        + """
def step():
    for number in range(5000):
        timer = loop.timer(0 if number % 2 else 50)
        timer.start(int)
        if number % 2 == 0:
            timer.stop()
    gevent.sleep(0.001)
stays_flat(step, 20)
assert len(loop._timers._entries) < 6000, len(loop._timers._entries)
""",
        kind,
    )


def test_timeouts_that_never_expire(kind):
    run_program(
        _COMMON
        + """
def step():
    for _ in range(5000):
        with gevent.Timeout(100):
            pass
    gevent.sleep(0)
stays_flat(step, 20)
""",
        kind,
    )


def test_io_watchers(kind):
    run_program(
        _COMMON
        + """
left, right = socket.socketpair()
left.sendall(b'x')
def step():
    for number in range(5000):
        watcher = loop.io(right.fileno(), 1 + number % 3)
        watcher.start(int)
        if number % 50 == 0:
            gevent.sleep(0)
        watcher.stop()
    gevent.sleep(0.001)  # a turn of the loop, however fast the rest was
stays_flat(step, 20)
""",
        kind,
    )


def test_greenlets(kind):
    run_program(
        _COMMON
        + """
def body():
    gevent.sleep(0)
def step():
    gevent.joinall([gevent.spawn(body) for _ in range(1000)])
stays_flat(step, 100)
""",
        kind,
    )


def test_callbacks_and_async_watchers(kind):
    run_program(
        _COMMON
        + """
def step():
    for _ in range(5000):
        loop.run_callback(int)
        watcher = loop.async_()
        watcher.start(int)
        watcher.send()
        watcher.stop()
    gevent.sleep(0.001)  # not 0: that comes back before the events were looked at
stays_flat(step, 20)
""",
        kind,
    )


def test_sockets(kind):
    run_program(
        _COMMON
        + """
def step():
    for _ in range(100):
        left, right = socket.socketpair()
        reader = gevent.spawn(right.recv, 10)
        gevent.sleep(0)
        left.sendall(b'x')
        assert reader.get() == b'x'
        left.close()
        right.close()
    gevent.sleep(0.001)
stays_flat(step, 100)  # 20,000 sockets, each watched; the next test makes 80,000 more
""",
        kind,
    )


def test_sockets_dropped_without_close(kind):
    run_program(
        _COMMON
        + """
import warnings
warnings.simplefilter('ignore', ResourceWarning)
def step():
    for _ in range(200):
        left, right = socket.socketpair()
        left.sendall(b'x')
        assert right.recv(5) == b'x'
        del left, right
    gevent.sleep(0)
stays_flat(step, 200)
""",
        kind,
    )


def test_loops(kind):
    run_program(
        _COMMON
        + """
import asyncio
async def main():
    gevent.spawn(gevent.sleep, 0)
    await asyncio.sleep(0)
def step():
    for _ in range(20):
        runner = asyncio.Runner(loop_factory=new_loop)
        with runner:
            runner.run(main())
    gc.collect()
stays_flat(step, 20)
""",
        kind,
    )


class TestStaleDescriptors:
    """The kernel gives a closed descriptor's number to the next file."""

    @pytest.mark.parametrize("guest", [False, True])
    @pytest.mark.parametrize("how", ["close", "native close", "dropped", "detached"])
    def test_number_used_again_never_loses_or_mixes_up_an_event(self, kind, how, guest):
        run_program(
            _COMMON
            + f"""
import asyncio, warnings
warnings.simplefilter('ignore', ResourceWarning)
HOW = {how!r}
def reader(sock, want):
    got = sock.recv(20)
    assert got == want, (got, want)
    return got
def one(number):
    left, right = socket.socketpair()
    want = b'%d' % number
    waiting = gevent.spawn(reader, right, want)
    gevent.sleep(0)
    left.sendall(want)
    with gevent.Timeout(10):
        assert waiting.get() == want
    if HOW == 'close':
        left.close(); right.close()
    elif HOW == 'native close':
        os.close(left.detach()); os.close(right.detach())
    elif HOW == 'detached':
        import socket as native
        for sock in (left, right):
            native.socket(fileno=sock.detach()).close()
def work():
    for base in range(0, 10_000, 10):
        gevent.joinall([gevent.spawn(one, base + n) for n in range(10)], raise_error=True)
in_mode({guest}, work)
""",
            kind,
        )

    def test_number_closed_behind_an_active_watcher(self, kind):
        run_program(
            _COMMON
            + """
for number in range(1000):
    left, right = socket.socketpair()
    abandoned = gevent.spawn(right.recv, 1)
    gevent.sleep(0)
    os.close(right.detach())    # nobody was told
    abandoned.kill()
    left.close()
    left, right = socket.socketpair()
    waiting = gevent.spawn(right.recv, 10)
    gevent.sleep(0)
    left.sendall(b'%d' % number)
    with gevent.Timeout(5):
        assert waiting.get() == b'%d' % number
    left.close(); right.close()
""",
            kind,
        )
