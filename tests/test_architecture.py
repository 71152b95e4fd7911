"""Imports go one way: a group imports only from groups above it in these lists."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

BRIDGE_RANKS = [
    "bridge._errors",
    "bridge._types",
    "bridge._version",
    "bridge._compat",
    "bridge._config",
    "bridge._stackcache",
    "bridge._clock",
    "bridge._callbacks",
    "bridge._poller",
    "bridge._state",
    "bridge._watchers",
    "bridge._hub",
    "bridge.loop",
    "bridge._select",
    "bridge._quick_poll",
    "bridge._pristine",
    "bridge.monkey",
    "bridge._interop",
    "bridge.run",
    "bridge.sync",
    "bridge._tree",
    "bridge._blocking",
    "bridge.lowlevel",
    "bridge.server",
    "bridge",
    "bridge.dump",
    "bridge.compat",
    "bridge._pytest",
    "bridge.pytest_plugin",
    "bridge.pytest_patch",
]
ENGINE_RANKS = [
    "engine._clock",
    "engine.errors",
    "engine.interfaces",
    "engine.address",
    "engine.trust",
    "engine.logs",
    "engine.protocols",
    "engine.config",
    "engine.channels",
    "engine.pids",
    "engine.request",
    "engine.websocket",
    "engine.net",
    "engine.apps",
    "engine.static",
    "engine.cores",
    "engine.stats",
    "engine.signals",
    "engine.uwsgi_api",
    "engine.worker",
    "engine.pywsgi",
    "engine.process",
    "engine.top",
    "engine",
    "engine.cli",
    "engine.__main__",
]
# Who in engine may know that there are greenlets; everybody else gets what it needs as arguments.
MAY_IMPORT_BRIDGE = {
    "engine.channels",
    "engine.pids",
    "engine.cores",
    "engine.signals",
    "engine.uwsgi_api",
    "engine.worker",
    "engine.pywsgi",
    "engine.process",
}


def modules(package: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def imports(path: Path) -> set[str]:
    """Modules that importing *path*, or calling into it, imports; types only are left out."""
    tree = ast.parse(path.read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            if node.module in ("bridge", "engine"):
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def group(module: str, ranks: list[str]) -> str | None:
    parts = module.split(".")
    two = ".".join(parts[:2])
    if two in ranks:
        return two
    return parts[0] if parts[0] in ranks else None


@pytest.mark.parametrize(("package", "ranks"), [("bridge", BRIDGE_RANKS), ("engine", ENGINE_RANKS)])
def test_a_group_imports_only_from_groups_above_it(package: str, ranks: list[str]) -> None:
    wrong = []
    for module, path in modules(package):
        mine = group(module, ranks)
        assert mine is not None
        assert mine != package or module == package, f"{module} has no rank; add it to the list"
        for target in imports(path):
            theirs = group(target, ranks) if target.partition(".")[0] == package else None
            # "from bridge import name" counts as the package only if name is no module of it.
            if theirs is None or theirs == mine or (theirs == package and target != package):
                continue
            if ranks.index(theirs) > ranks.index(mine):
                wrong.append(f"{module} imports {target}")
    assert not wrong, wrong


def test_bridge_never_imports_engine() -> None:
    wrong = [m for m, p in modules("bridge") if any(i.partition(".")[0] == "engine" for i in imports(p))]
    assert not wrong, wrong


def test_gevent_and_greenlet_are_imported_in_bridge_only() -> None:
    foreign = {"gevent", "greenlet", "uvloop"}
    wrong = [m for m, p in modules("engine") if {i.partition(".")[0] for i in imports(p)} & foreign]
    assert not wrong, wrong


def test_only_a_few_parts_of_engine_import_bridge() -> None:
    wrong = [
        m
        for m, p in modules("engine")
        if any(i.partition(".")[0] == "bridge" for i in imports(p))
        and group(m, ENGINE_RANKS) not in MAY_IMPORT_BRIDGE
    ]
    assert not wrong, wrong


def test_engine_reaches_into_no_private_module_of_bridge() -> None:
    wrong = [
        f"{m} imports {i}"
        for m, p in modules("engine")
        for i in imports(p)
        if i.startswith("bridge._")
        and not i.startswith("bridge.__")
        and any(part.startswith("_") for part in i.split(".")[1:])
    ]
    assert not wrong, wrong


def test_no_module_has_grown_into_two() -> None:
    """style: at 300 lines ask whether it is two things; at 600 the answer is yes."""
    long = {
        m: n
        for pkg in ("bridge", "engine")
        for m, p in modules(pkg)
        if (n := len(p.read_text().splitlines())) > 600
    }
    assert not long, long
