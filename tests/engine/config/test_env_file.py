"""Files of --env-file."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import OPTIONS, read, resolve
from engine.config.env_file import read_env_file
from engine.errors import ConfigError


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("A=1", [("A", "1")]),
        ("  export A = one two  ", [("A", "one two")]),
        ("A=", [("A", "")]),
        ("# A=1", []),
        ("", []),
        ("A=b # comment", [("A", "b")]),
        ("A=b#c", [("A", "b#c")]),
        ("A='b # c\\n'", [("A", "b # c\\n")]),
        ('A="b \\"c\\" \\n" # comment', [("A", 'b "c" \n')]),
        ("URL=redis://x:1/0?a=b", [("URL", "redis://x:1/0?a=b")]),
    ],
)
def test_lines(tmp_path: Path, line: str, found: list[tuple[str, str]]) -> None:
    file = tmp_path / ".env"
    file.write_text(f"{line}\n")
    assert read_env_file(str(file)) == found


@pytest.mark.parametrize(
    ("line", "said"),
    [("A", "NAME=VALUE"), ("1A=2", "NAME=VALUE"), ("A='b", "does not end"), ('A="b" c', "does not end")],
)
def test_what_cannot_be_meant(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"OK=1\n{line}\n")
    with pytest.raises(ConfigError, match=f"line 2: .*{said}"):
        read_env_file(str(file))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_env_file(str(tmp_path / "none"))


def test_they_take_their_turn_with_env(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=file\nB=file\n")
    argv = ["--env", "A=before", "--env-file", str(file), "--env", "B=after"]
    settings = resolve(read(["--http", ":0", "-w", "x", *argv], {}, OPTIONS))
    assert dict(settings.env) == {"A": "file", "B": "after"}
