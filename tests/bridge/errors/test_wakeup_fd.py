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
