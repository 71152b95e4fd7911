"""The ``.pxd`` file beside a hot module names every attribute that its classes set.

A class compiled with a layout has no ``__dict__``: an attribute that is missing there fails at run time, and
only in compiled builds.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYOUTS = sorted(path for package in ("bridge", "engine") for path in (ROOT / package).rglob("*.pxd"))
CLASS = re.compile(r"^cdef class (\w+)(?:\((\w+)\))?:")
ATTRIBUTE = re.compile(r"^    cdef (?:public |readonly )?[\w. *]*?(\w+(?:, \w+)*)$")


def layouts() -> dict[str, tuple[str | None, set[str]]]:
    """Classes of all layouts: base and attributes."""
    found: dict[str, tuple[str | None, set[str]]] = {}
    for path in LAYOUTS:
        attributes: set[str] = set()
        for line in path.read_text().splitlines():
            begun = CLASS.match(line)
            if begun is not None:
                attributes = set()
                found[begun[1]] = (begun[2], attributes)
            named = ATTRIBUTE.match(line.rstrip())
            if named is not None:
                attributes.update(name.strip() for name in named[1].split(","))
    return found


def attributes_of(name: str | None, known: dict[str, tuple[str | None, set[str]]]) -> set[str]:
    if name is None or name not in known:
        return set()
    base, own = known[name]
    return own | attributes_of(base, known)


def set_by(node: ast.ClassDef) -> set[str]:
    """Attributes of ``self`` that methods of a class set."""
    return {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute)
        and isinstance(each.ctx, ast.Store)
        and isinstance(each.value, ast.Name)
        and each.value.id == "self"
    }


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_attribute_has_its_place(layout: Path) -> None:
    known = layouts()
    mine = {begun[1] for begun in map(CLASS.match, layout.read_text().splitlines()) if begun is not None}
    tree = ast.parse(layout.with_suffix(".py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in mine:
            properties = {
                each.name
                for each in node.body
                if isinstance(each, ast.FunctionDef)
                and any(isinstance(d, ast.Attribute) and d.attr == "setter" for d in each.decorator_list)
            }
            missing = set_by(node) - attributes_of(node.name, known) - properties
            assert not missing, f"add to class {node.name} in {layout.name}: {', '.join(sorted(missing))}"
