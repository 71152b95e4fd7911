"""Plausible mistakes in configurations: one line that says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli import main
from engine.config import OPTIONS, read, resolve


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "a.ini",
            "[uwsgi]\nhttp-socket :8000\n",
            "a.ini, line 2: 'http-socket :8000': write http-socket = :8000",
        ),
        ("a.ini", "[uwsgi]\nmaster: true\n", "a.ini, line 2: 'master: true': write master = true"),
        ("a.yaml", "uwsgi:\n  http-socket: [a: b\n", "a.yaml, line 3: expected ',' or ']', but got"),
        ("a.yaml", "uwsgi:\n\tmaster: true\n", "a.yaml, line 2: found character"),
    ],
)
def test_a_line_that_cannot_be_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    assert main(["--ini", str(tmp_path / name)]) != 0
    shown = capsys.readouterr().err
    assert said in shown
    assert len(shown.splitlines()) == 1


def test_static_files_that_are_not_there_are_told_of(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    maps = [text for name in ("there", "gone") for text in ("--static-map", f"/{name}={name}")]
    settings = resolve(read(["--http", ":0", "-w", "x", "--chdir", str(tmp_path), *maps], {}, OPTIONS))
    assert [line for line in settings.notices if "static" in line] == [
        "there is no gone for static files now; the application is asked instead"
    ]
