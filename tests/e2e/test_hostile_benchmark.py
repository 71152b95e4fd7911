"""The command that measures slow connections works; what it measures is for a quiet machine."""

import pytest

from benchmarks.hostile import measure

pytestmark = pytest.mark.engine_only("it starts the engine")


def test_both_latencies_are_measured_and_every_reply_is_right():
    alone, among = measure(50, 0.3, 1)
    assert alone.requests > 20
    assert among.requests > 20
    assert 0 < alone.p50 <= alone.p99
    assert 0 < among.p50 <= among.p99
