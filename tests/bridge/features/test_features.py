"""The README's feature table: our own column is tried out here, the others' is in the committed results."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import pytest

from benchmarks.features.__main__ import README, RESULTS
from benchmarks.features.libraries import LIBRARIES
from benchmarks.features.outcome import FAILED, MISSING, NOT_APPLICABLE, PASSED, cell
from benchmarks.features.probes import ROWS
from benchmarks.features.table import BEGIN, END, insert, render
from benchmarks.features.trying import ROOT, checks_of, try_check, try_row

RESULTS_NOW: dict[str, Any] = json.loads(RESULTS.read_text())


@pytest.mark.parametrize("row", ROWS)
def test_our_own_column(row: str) -> None:
    found = try_row(sys.executable, "bridge", row)
    assert found["answer"] == "Y", found


def test_the_table_of_the_readme_is_made_of_the_results() -> None:
    page = README.read_text()
    assert page.count(BEGIN) == page.count(END) == 1
    assert insert(page, render(RESULTS_NOW)) == page


def test_the_results_are_of_these_libraries_rows_and_checks() -> None:
    assert list(RESULTS_NOW["peers"]) == list(LIBRARIES)
    assert list(RESULTS_NOW["rows"]) == list(ROWS)
    for row, cells in RESULTS_NOW["rows"].items():
        assert set(cells) == set(LIBRARIES)
        for name, found in cells.items():
            if "error" not in RESULTS_NOW["peers"][name]:
                assert list(found["checks"]) == [check.removeprefix("check_") for check in checks_of(row)]
                assert found["answer"] == cell(each["outcome"] for each in found["checks"].values())


def test_a_row_names_tests_that_exist() -> None:
    for row in ROWS:
        tests: str = importlib.import_module(f"benchmarks.features.probes.{row}").TESTS
        for path in tests.split("`")[1::2]:
            found = list((ROOT / "tests").glob(path)) + list((ROOT / "tests" / "bridge").rglob(path))
            assert found, f"{row}: {path}"


@pytest.mark.parametrize(
    ("outcomes", "answer"),
    [
        ([PASSED, PASSED], "Y"),
        ([PASSED, FAILED], "P"),
        ([PASSED, MISSING], "P"),
        ([FAILED, MISSING], "N"),
        ([PASSED, NOT_APPLICABLE], "Y"),
        ([NOT_APPLICABLE], "-"),
    ],
)
def test_what_a_cell_says(outcomes: list[str], answer: str) -> None:
    assert cell(outcomes) == answer


def test_a_probe_that_never_ends_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.features.trying.TIMEOUT", 0.01)
    found = try_check(sys.executable, "bridge", "timeouts", "check_asyncio_timeout_ends_the_greenlet")
    assert found == {"outcome": FAILED, "note": "no end after 0.01 seconds"}


def test_a_process_without_an_answer_is_a_failure() -> None:
    found = try_check("/bin/true", "bridge", "timeouts", "check_asyncio_timeout_ends_the_greenlet")
    assert found == {"outcome": FAILED, "note": "it ended with status 0 and no answer"}
