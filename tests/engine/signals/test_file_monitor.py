"""Both monitors tell of the same changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.signals.file_monitor import FileMonitor, InotifyMonitor, StatMonitor, new_monitor
from tests.support.waiting import wait_until

inotify = pytest.param(
    InotifyMonitor, marks=pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
)


@pytest.fixture(params=[inotify, StatMonitor])
def monitor(request: pytest.FixtureRequest) -> Iterator[FileMonitor]:
    kind: Callable[[], FileMonitor] = request.param
    made = kind()
    yield made
    made.close()


def seen(monitor: FileMonitor) -> list[str]:
    found: list[str] = []

    def look() -> bool:
        found.extend([*monitor.changed(), *monitor.poll()])
        return bool(found)

    wait_until(look, timeout=5, what="a change")
    return found


def changes(path: Path) -> list[Callable[[], object]]:
    return [
        lambda: (path / "new").write_text("x"),
        lambda: (path / "new").rename(path / "newer"),
        lambda: (path / "newer").unlink(),
        lambda: path.chmod(0o750),
    ]


def test_changes_of_a_directory(monitor: FileMonitor, tmp_path: Path) -> None:
    assert monitor.add(str(tmp_path)) is None
    assert monitor.changed() == []
    for change in changes(tmp_path):
        change()
        assert set(seen(monitor)) == {str(tmp_path)}
        monitor.changed()


def test_two_names_of_one_directory_are_both_told(monitor: FileMonitor, tmp_path: Path) -> None:
    real, link = tmp_path / "releases", tmp_path / "current"
    real.mkdir()
    link.symlink_to(real)
    names = {str(real), str(link)}
    assert [monitor.add(name) for name in names] == [None, None]
    (real / "new").write_text("x")
    found: set[str] = set()

    def look() -> bool:
        found.update([*monitor.changed(), *monitor.poll()])
        return found == names

    wait_until(look, timeout=5, what="both names")


def test_changes_of_a_file(monitor: FileMonitor, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a")
    assert monitor.add(str(path)) is None
    path.write_text("more")
    assert set(seen(monitor)) == {str(path)}


def test_several_changes_at_once_count_once(monitor: FileMonitor, tmp_path: Path) -> None:
    monitor.add(str(tmp_path))
    for number in range(20):
        (tmp_path / str(number)).touch()
    assert seen(monitor) == [str(tmp_path)]


def test_a_missing_path_is_reported_and_watched_once_it_is_there(
    monitor: FileMonitor, tmp_path: Path
) -> None:
    path = tmp_path / "later"
    assert str(path) in (monitor.add(str(path)) or "")
    assert monitor.poll() == []
    path.touch()
    assert seen(monitor) == [str(path)]
    os.utime(path, (1, 1))
    assert seen(monitor) == [str(path)]


def test_a_file_that_is_replaced_is_still_watched(monitor: FileMonitor, tmp_path: Path) -> None:
    path = tmp_path / "settings"
    path.write_text("old")
    monitor.add(str(path))
    for text in ("new", "newer", "newest"):
        other = tmp_path / "settings.tmp"
        other.write_text(text)
        other.rename(path)
        assert set(seen(monitor)) == {str(path)}
        monitor.changed()
        monitor.poll()


def test_this_system_has_a_monitor() -> None:
    made = new_monitor()
    assert made.changed() == []
    made.close()
