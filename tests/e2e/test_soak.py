"""The soak runs, in little: every reply right, nothing lost, nothing leaked.  By hand it runs for long."""

import os

import pytest

from benchmarks.soak.__main__ import soak

pytestmark = [pytest.mark.engine_only("it starts the engine"), pytest.mark.slow]


SECONDS = float(os.environ.get("SOAK_SECONDS", "9"))  # 120 before a release, with -k uvloop


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_mixed_clients_and_dying_workers(loop):
    tally, wrong, _ = soak(SECONDS, 1, loop, [])
    assert not wrong
    assert tally.kills
    assert sum(tally.good.values()) > 100
