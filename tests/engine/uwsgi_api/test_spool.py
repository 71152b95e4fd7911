"""Task files: what is written is read, in order, by one at a time."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.uwsgi_api.helpers.spool import Spool, Task

fields = st.dictionaries(st.binary(max_size=20), st.binary(max_size=200), max_size=20)


@given(fields, st.binary(max_size=500))
def test_a_task_survives_its_file(values: dict[bytes, bytes], body: bytes) -> None:
    task = Task(values, body)
    assert Task.decode(task.encode()) == task


@given(st.binary(max_size=200))
def test_rubbish_is_refused_or_read(data: bytes) -> None:
    try:
        Task.decode(data)
    except ValueError:
        pass


def test_a_task_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="'body'"):
        Task({b"a": b"x" * 70000}).encode()
    with pytest.raises(ValueError, match="'body'"):
        Task({b"%d" % number: b"x" * 60000 for number in range(2)}).encode()


def test_lower_priorities_come_first_and_those_without_last(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    for priority in ("", "10", "2", ""):
        spool.add(Task({b"p": priority.encode()}), priority)
    priorities = [os.path.relpath(os.path.dirname(path), tmp_path) for path in spool.paths()]
    assert priorities == ["2", "10", ".", "."]
    with pytest.raises(ValueError, match="not a number"):
        spool.add(Task({}), "../x")


def test_a_claimed_task_is_nobody_elses(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    path = spool.add(Task({b"k": b"v"}))
    with spool.claim(path) as mine, Spool(str(tmp_path)).claim(path) as theirs:
        assert mine == Task({b"k": b"v"})
        assert theirs is None
        spool.remove(path)
    with spool.claim(path) as again:
        assert again is None
    assert spool.paths() == []


def test_a_task_for_later_waits(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    path = spool.add(Task({b"k": b"v"}), at=time.time() + 100)
    with spool.claim(path) as task:
        assert task is None
    os.utime(path)
    with spool.claim(path) as task:
        assert task is not None


def test_half_written_files_are_not_seen(tmp_path: Path) -> None:
    (tmp_path / ".uwsgi_spoolfile_on_x").write_text("half")
    assert Spool(str(tmp_path)).paths() == []
