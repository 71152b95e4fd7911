"""docs/design/http.md names tests and cases: they exist, and no case is left out."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from tests.requests import INVALID, VALID

TESTS = Path(__file__).parents[2]
PAGE = (TESTS.parent / "docs/design/http.md").read_text()
CASES = {*VALID, *INVALID}
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| [\d(]", line)]
NAMED_TESTS = sorted(set(re.findall(r"`([\w/]+\.py::\w+)`", PAGE)))


def patterns(row: str) -> list[str]:
    held_by = row.strip("| ").rpartition("|")[2]
    return [name for name in re.findall(r"`([^`]+)`", held_by) if "::" not in name]


ALL_PATTERNS = [pattern for row in ROWS for pattern in patterns(row)] + re.findall(r"\(`(\w+)`\)", PAGE)


@cache
def functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", NAMED_TESTS)
def test_every_named_test_exists(name):
    path, _, function = name.partition("::")
    assert function in functions(TESTS / path)


@pytest.mark.parametrize("pattern", ALL_PATTERNS)
def test_every_named_case_exists(pattern):
    assert [name for name in CASES if fnmatchcase(name, pattern)]


def test_every_case_is_named():
    assert not [name for name in CASES if not any(fnmatchcase(name, pattern) for pattern in ALL_PATTERNS)]


def test_every_rule_is_held_by_something():
    assert len(ROWS) > 50
    for row in ROWS:
        assert "`" in row.strip("| ").rpartition("|")[2], row
