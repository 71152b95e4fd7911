"""Every check of ``children/checks.py`` on every loop, import order and kind of host."""

from __future__ import annotations

import ast
import functools
import itertools
import json

import pytest

from .child import CHILDREN, run_child

CHECKS = [
    node.name
    for node in ast.parse((CHILDREN / "checks.py").read_text()).body
    if isinstance(node, ast.AsyncFunctionDef)
]
CELLS = list(itertools.product(["before", "after"], ["selector", "uvloop"], ["host", "no-host"]))


@functools.cache
def outcomes(order: str, kind: str, mode: str) -> dict[str, str | None]:
    private = "uvloop" if kind == "uvloop" else "asyncio"
    out = run_child("matrix.py", order, kind, mode, BRIDGE_LOOP=private)
    return dict(json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_asyncio_works_under_patching(cell: tuple[str, str, str], check: str) -> None:
    found = outcomes(*cell)
    assert check in found, "the check was not run"
    assert found[check] is None, found[check]
