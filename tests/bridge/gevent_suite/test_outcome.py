"""Reading unittest's report."""

from __future__ import annotations

import pytest

from tests.bridge.gevent_suite.modules import ALONE, FAST, suite_modules
from tests.bridge.gevent_suite.not_applicable import AS_GUEST, EVERYWHERE, not_applicable
from tests.bridge.gevent_suite.outcome import read_report

_REPORT = """
======================================================================
ERROR: test_a (__main__.TestX.test_a)
----------------------------------------------------------------------
FAIL: test_b (__main__.TestX.test_b) (n=3)
----------------------------------------------------------------------
ERROR: setUpClass (__main__.TestY)
Ran 12 tests in 0.5s

FAILED (failures=1, errors=2, skipped=4)
heartbeat: longest gap 0.123 s
"""


def test_counts_and_names_of_broken_tests_are_read():
    outcome = read_report("test__x", 1, _REPORT, 2.0)
    assert (outcome.ran, outcome.skipped) == (12, 4)
    assert outcome.failing == ("TestX.test_a", "TestX.test_b", "TestY.setUpClass")
    assert outcome.longest_gap == 0.123
    assert not outcome.ok


def test_success_is_read():
    outcome = read_report("test__x", 0, "Ran 3 tests in 0.1s\n\nOK (skipped=1)\n", 1.0)
    assert outcome.ok
    assert outcome.passed == 2


@pytest.mark.parametrize("returncode", [None, 1, -11])
def test_module_that_broke_as_a_whole_is_a_failure(returncode):
    assert read_report("test__x", returncode, "", 1.0).failing == ("(module)",)


def test_module_without_tests_is_a_success():
    assert read_report("test__x", 5, "Ran 0 tests in 0.0s\n\nNO TESTS RAN\n", 1.0).ok


def test_all_named_modules_exist():
    there = set(suite_modules())
    named = {*FAST, *ALONE, *(name.partition(".")[0] for name in [*EVERYWHERE, *AS_GUEST])}
    assert named <= there | {"test__core"}


def test_few_tests_do_not_apply():
    assert len(EVERYWHERE) + len(AS_GUEST) <= 15
    assert all(len(reason) > 20 for reason in [*EVERYWHERE.values(), *AS_GUEST.values()])


def test_patterns_match_single_tests():
    assert not_applicable("test__queue", "TestQueue.test_peek_empty", guest=True)
    assert not not_applicable("test__queue", "TestQueue.test_peek_empty")
    assert not not_applicable("test__queue", guest=True)
    assert not_applicable("test__hub_join", guest=True)
