"""When garbage is looked for."""

from __future__ import annotations

import gc

import pytest

from engine.process.collector import PER_CORE, set_threshold


@pytest.fixture(autouse=True)
def thresholds():
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


def test_what_waiting_requests_may_hold_is_added(thresholds) -> None:
    set_threshold(None, 100)
    assert gc.get_threshold() == (thresholds[0] + 100 * PER_CORE, *thresholds[1:])


def test_a_number_is_taken_as_it_is(thresholds) -> None:
    set_threshold(5000, 100)
    assert gc.get_threshold() == (5000, *thresholds[1:])


def test_zero_leaves_it_to_python(thresholds) -> None:
    set_threshold(0, 100)
    assert gc.get_threshold() == thresholds


@pytest.mark.parametrize("threshold", [None, 5000])
def test_collections_that_are_switched_off_stay_so(threshold) -> None:
    gc.set_threshold(0, 7, 8)
    set_threshold(threshold, 100)
    assert gc.get_threshold() == (0, 7, 8)
