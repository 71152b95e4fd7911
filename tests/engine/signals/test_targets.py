"""Target strings, as uWSGI reads them."""

from __future__ import annotations

import pytest

from engine.signals.targets import Kind, Reach, Target, parse_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("", Target(Kind.WORKER, Reach.ONE)),
        ("worker", Target(Kind.WORKER, Reach.ONE)),
        ("worker0", Target(Kind.WORKER, Reach.ONE)),
        ("workers", Target(Kind.WORKER, Reach.ALL)),
        ("active-workers", Target(Kind.WORKER, Reach.ACTIVE)),
        ("worker1", Target(Kind.WORKER, Reach.NUMBER, 1)),
        ("worker12", Target(Kind.WORKER, Reach.NUMBER, 12)),
        ("spooler", Target(Kind.SPOOLER, Reach.ONE)),
        ("mules", Target(Kind.MULE, Reach.ALL)),
        ("mule", Target(Kind.MULE, Reach.ONE)),
        ("mule0", Target(Kind.MULE, Reach.ONE)),
        ("mule3", Target(Kind.MULE, Reach.NUMBER, 3)),
        ("farm_blue", Target(Kind.MULE, Reach.FARM, name="blue")),
        ("farm2", Target(Kind.MULE, Reach.FARM, 2)),
        ("subscribed", Target(Kind.WORKER, Reach.NOBODY)),
        ("x", Target(Kind.WORKER, Reach.UNKNOWN, name="x")),
        ("workerx", Target(Kind.WORKER, Reach.UNKNOWN, name="workerx")),
        ("worker-1", Target(Kind.WORKER, Reach.UNKNOWN, name="worker-1")),
    ],
)
def test_target(text: str, target: Target) -> None:
    assert parse_target(text) == target
