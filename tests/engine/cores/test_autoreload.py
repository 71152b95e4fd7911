"""Which changed modules are seen."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from engine.cores.autoreload import ModuleWatch


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Two loaded modules and their files."""
    files: dict[str, Path] = {}
    for name in ("watched_one", "watched_two"):
        files[name] = tmp_path / f"{name}.py"
        files[name].write_text("")
        os.utime(files[name], (1, 1))
        module = ModuleType(name)
        module.__file__ = str(files[name])
        monkeypatch.setitem(sys.modules, name, module)
    return files


@pytest.mark.parametrize(
    ("ignored", "seen"), [([], ["watched_one", "watched_two"]), (["watched_one"], ["watched_two"])]
)
def test_changed_modules_are_told_once(modules: dict[str, Path], ignored: list[str], seen: list[str]) -> None:
    watch = ModuleWatch(frozenset(ignored))
    assert [name for name, _ in watch.changed() if name in modules] == []
    for path in modules.values():
        os.utime(path, (2, 2))
    assert [name for name, _ in watch.changed() if name in modules] == seen
    assert [name for name, _ in watch.changed() if name in modules] == []
