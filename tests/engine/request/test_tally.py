"""How replies ended and how long they took."""

from __future__ import annotations

import pytest

from engine.request.tally import BOUNDS, CLASSES, Tally


@pytest.mark.parametrize(
    ("code", "kind"),
    [(0, "none"), (101, "1xx"), (200, "2xx"), (304, "3xx"), (499, "4xx"), (503, "5xx"), (999, "5xx")],
)
def test_classes(code: int, kind: str) -> None:
    tally = Tally()
    tally.note_status(code)
    assert dict(zip(CLASSES, tally.classes, strict=True)) == {**dict.fromkeys(CLASSES, 0), kind: 1}
    assert sum(tally.durations) == 0


@pytest.mark.parametrize(("took", "bucket"), [(0.0, 0), (0.005, 0), (0.0051, 1), (10.0, 10), (10.1, 11)])
def test_a_bound_belongs_to_its_bucket(took: float, bucket: int) -> None:
    tally = Tally()
    tally.note(200, took)
    assert [at for at, count in enumerate(tally.durations) if count] == [bucket]
    assert len(tally.durations) == len(BOUNDS) + 1
