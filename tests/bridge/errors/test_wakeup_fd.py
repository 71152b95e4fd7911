"""``signal.set_wakeup_fd`` of the program goes on to work."""

from __future__ import annotations

import pytest

from tests.bridge.programs import KINDS, run_program


@pytest.mark.parametrize("before", [True, False], ids=["set before the first wait", "set later"])
@pytest.mark.parametrize("kind", [*KINDS, "libev"])
def test_program_is_told_of_signals_by_its_own_wakeup_fd(kind, before):
    run_program(
        f"""
import gevent, gevent.os, os, signal
seen = []
signal.signal(signal.SIGUSR1, lambda *args: seen.append(1))
reader, writer = os.pipe()
os.set_blocking(reader, False); os.set_blocking(writer, False)
if not {before}:
    gevent.sleep(0.001)
signal.set_wakeup_fd(writer)
for _ in range(3):
    gevent.spawn_later(0.005, os.kill, os.getpid(), signal.SIGUSR1)
    with gevent.Timeout(10):
        assert gevent.os.nb_read(reader, 10) == bytes([signal.SIGUSR1])
    gevent.sleep(0.001)
assert seen == [1, 1, 1], seen
""",
        kind,
    )


def test_pipe_of_the_relay_is_closed_only_once_however_closing_ends():
    run_program(
        """
import gevent, os, signal
from gevent.hub import get_hub
signal.set_wakeup_fd(os.open('/dev/null', os.O_WRONLY | os.O_NONBLOCK))
loop = get_hub().loop
while not loop._relay:
    gevent.sleep(0.001)
numbers = loop._relay
native_close = os.close
def close(fd):
    native_close(fd)
    raise KeyboardInterrupt
os.close = close
try:
    loop._close_relay()
except KeyboardInterrupt:
    os.close = native_close
os.dup2(0, numbers[0])  # somebody else's now
loop._close_relay()
os.fstat(numbers[0])
""",
        "uvloop",
    )


def test_relay_lasts_as_long_as_its_loop():
    run_program(
        """
import gevent, gevent.os, os, signal, threading
from gevent.hub import get_hub
reader, writer = os.pipe()
os.set_blocking(reader, False); os.set_blocking(writer, False)
signal.set_wakeup_fd(writer)
armed = False
def handler(signum, frame):
    if armed:
        raise KeyError
signal.signal(signal.SIGUSR1, handler)
def kill_while_main_polls():
    threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR1)).start()
while not get_hub().loop._relay:
    gevent.sleep(0.001)
relay = get_hub().loop._relay
for _ in range(5):
    armed = True
    try:
        kill_while_main_polls()
        gevent.sleep(10)  # the poll ends with the error; the next one begins anew
    except KeyError:
        armed = False
    assert not armed
    with gevent.Timeout(5):
        assert gevent.os.nb_read(reader, 10) == bytes([signal.SIGUSR1])
    kill_while_main_polls()
    with gevent.Timeout(5):
        assert gevent.os.nb_read(reader, 10) == bytes([signal.SIGUSR1])
assert get_hub().loop._relay == relay
""",
        "uvloop",
    )
