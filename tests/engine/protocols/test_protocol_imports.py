"""engine/protocols imports the standard library, httptools and engine.errors, nothing else."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import engine.protocols

IO_MODULES = {
    "socket",
    "select",
    "selectors",
    "asyncio",
    "threading",
    "time",
    "datetime",
    "ssl",
    "signal",
    "os",
}


def imported_by(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in {path}"
            names.add(node.module or "")
    return names


def test_protocols_import_no_io_and_nothing_of_the_engine_but_its_errors():
    for path in Path(engine.protocols.__file__).parent.rglob("*.py"):
        for name in imported_by(path):
            top = name.partition(".")[0]
            own = name == "engine.errors" or name.startswith("engine.protocols")
            assert own or top == "httptools" or top in sys.stdlib_module_names, f"{path}: {name}"
            assert top not in IO_MODULES, f"{path}: {name}"
