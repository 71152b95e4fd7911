"""The soak runs, in little: every reply right, nothing lost, nothing leaked.  By hand it runs for long."""

import pytest

from benchmarks.soak.__main__ import soak

pytestmark = [pytest.mark.engine_only("it starts the engine"), pytest.mark.slow]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_mixed_clients_and_dying_workers(loop):
    tally, wrong, _ = soak(9.0, 1, loop, [])
    assert not wrong
    assert tally.kills
    assert sum(tally.good.values()) > 100
