"""The pages on design name modules and files; each is where they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs/design").glob("*.md"))
# "net/http1" is below engine/ (one-request.md says so), "bridge/_hub/nested" is as written.
BASES = [ROOT, ROOT / "engine", ROOT / "bridge", ROOT / "tests", ROOT / "docs"]
PATH = re.compile(r"[a-z_][a-z_0-9]*(/[a-z_0-9]+)+(\.(py|pyx|pxd|c|md))?")
MODULE = re.compile(r"(bridge|engine)(\.[a-z_0-9]+)+")


def named(page: Path) -> list[str]:
    return [text.partition("::")[0] for text in re.findall(r"`([^`\n]+)`", page.read_text())]


def is_there(path: str) -> bool:
    return any((base / path).exists() or (base / f"{path}.py").exists() for base in BASES)


def has_module(name: str) -> bool:
    """Whether there is such a module, or the last part is a name in one."""
    path, _, last = name.replace(".", "/").rpartition("/")
    for file in (ROOT / f"{path}.py", ROOT / path / "__init__.py"):
        if file.exists() and re.search(rf"\b{last}\b", file.read_text()):
            return True
    return is_there(f"{path}/{last}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_paths_and_modules_exist(page) -> None:
    gone = [text for text in named(page) if PATH.fullmatch(text) and not is_there(text)]
    gone += [text for text in named(page) if MODULE.fullmatch(text) and not has_module(text)]
    assert gone == []
