"""Which processors a worker gets."""

from __future__ import annotations

import pytest

from engine.process.affinity import share_of


@pytest.mark.parametrize(
    ("number", "count", "share"),
    [(1, 1, {4}), (2, 1, {5}), (4, 1, {4}), (1, 2, {4, 5}), (2, 2, {6, 4}), (1, 9, {4, 5, 6})],
)
def test_each_worker_gets_the_next_ones(number: int, count: int, share: set[int]) -> None:
    assert share_of(number, count, [4, 5, 6]) == share
