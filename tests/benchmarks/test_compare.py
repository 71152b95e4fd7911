"""Two commits side by side: the tree that is built, and the table."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks import compare
from benchmarks.places import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="this is no git checkout"
)


def test_a_tree_is_of_its_commit_and_goes_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_PURE", "1")  # quick: nothing is compiled
    with compare.tree("HEAD") as tree:
        assert (tree.directory / "engine" / "__main__.py").is_file()
        assert (tree.directory / "benchmarks" / "compare.py").is_file()
        assert tree.compiled == 0
        assert tree.commit == git("rev-parse", "--short", "HEAD")
    assert not tree.directory.exists()
    assert str(tree.directory) not in git("worktree", "list")


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_what_is_no_commit_is_refused() -> None:
    with pytest.raises(SystemExit, match="'no-such-commit' is no commit"), compare.tree("no-such-commit"):
        pass


def test_the_table_has_medians_ratio_and_spread() -> None:
    trees = [compare.Tree(name, Path("/"), compiled) for name, compiled in (("aaa", 0), ("bbb", 2))]
    found = [{"hello: requests/s": [1000.0, 1100.0, 900.0]}, {"hello: requests/s": [1100.0, 1100.0, 1080.0]}]
    text = compare.table(trees, found)
    row = "| hello: requests/s | 1,000 (900 to 1,100) | 1,100 (1,080 to 1,100) | 1.100 | 1.000 to 1.200 |"
    assert row in text
    assert "Compiled modules: aaa: 0, bbb: 2." in text


def test_each_commit_comes_first_in_turn() -> None:
    assert [list(compare._order(number, 2)) for number in range(3)] == [[0, 1], [1, 0], [0, 1]]
