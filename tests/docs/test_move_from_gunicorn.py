"""The table of ``docs/how-to/move-from-gunicorn.md``: names that exist, on both sides."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from engine.config import OPTIONS
from engine.config.options import Status
from tests.support.engine_process import run_engine

PAGE = (Path(__file__).resolve().parents[2] / "docs/how-to/move-from-gunicorn.md").read_text()
TABLE = PAGE.partition("## Every setting")[2]
ROWS = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", TABLE, re.M)
WRITTEN_FOR = 27  # gunicorn's major version: it had the settings that are listed


def test_options_named_on_our_side_are_supported() -> None:
    assert len(ROWS) > 100
    for theirs, ours in ROWS:
        for name in re.findall(r"`([^`]+)`", ours):
            option = OPTIONS.find(name)
            assert option is not None, f"{theirs}: we have no {name}"
            assert option.status is Status.SUPPORTED, f"{theirs}: {name} is {option.status.value}"


def test_settings_named_on_their_side_exist_and_none_is_missing() -> None:
    gunicorn = pytest.importorskip("gunicorn")
    if gunicorn.version_info[0] != WRITTEN_FOR:
        pytest.skip(f"the table is about gunicorn {WRITTEN_FOR}")
    from gunicorn.config import KNOWN_SETTINGS

    assert sorted(name for name, _ in ROWS) == sorted(setting.name for setting in KNOWN_SETTINGS)


@pytest.mark.parametrize("command", re.findall(r"^gevent-engine .*", PAGE, re.M))
def test_the_command_is_understood(command: str) -> None:
    result = run_engine(*shlex.split(command)[1:], "--check-config")
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_file_is_understood(tmp_path: Path) -> None:
    match = re.search(r"```ini\n(.*?)```", PAGE, re.S)
    assert match is not None
    (tmp_path / "shop.ini").write_text(match[1])
    result = run_engine("--check-config", "--ini", "shop.ini", cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
