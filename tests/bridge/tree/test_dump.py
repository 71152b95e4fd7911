"""Looking into another process, by signal and by command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import bridge.dump

PROGRAM = Path(__file__).with_name("waiting_program.py")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where records are kept, of this test alone."""
    found = tmp_path / "records"
    monkeypatch.setenv("BRIDGE_DUMP_DIR", str(found))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return found


@contextmanager
def running(kind: str) -> Iterator[int]:
    """The process number of a program that is ready to be looked into."""
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pid = process.pid
            if kind == "forked":
                pid = int(process.stdout.readline())
            assert process.stdout.readline() == b"ready\n"
            yield pid
        finally:
            if kind in ("busy", "forked"):
                os.kill(pid, signal.SIGKILL)
            process.stdin.close()
            process.wait(10)


def command(pid: int, *options: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m bridge.dump``."""
    return subprocess.run(
        [sys.executable, "-m", "bridge.dump", str(pid), *options], capture_output=True, text=True, timeout=30
    )


@pytest.mark.parametrize("kind", ["uvloop", "selector", "forked"])
def test_the_command_prints_tasks_and_greenlets_of_a_second_process(directory: Path, kind: str) -> None:
    with running(kind) as pid:
        done = command(pid)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Process {pid}: ")
    assert "waiting_task: waiting for the greenlet below" in done.stdout
    assert "waiting_view: waiting for timer, " in done.stdout


@pytest.mark.parametrize("kind", ["gevent", "patched"])
def test_a_plain_gevent_program_answers_too(directory: Path, kind: str) -> None:
    with running(kind) as pid:
        tree = bridge.dump.request(pid)
    assert "waiting_view: waiting for timer, " in tree
    assert "private to the hub" in tree


def test_a_process_that_computes_shows_the_line_it_is_at(directory: Path) -> None:
    with running("busy") as pid:
        tree = bridge.dump.request(pid)
    assert "in busy_view\n" in tree


def test_a_plain_signal_appends_to_the_file(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tree.txt"
    monkeypatch.setenv("TREE_FILE", str(file))
    with running("uvloop") as pid:
        os.kill(pid, signal.SIGUSR2)
        end = time.monotonic() + 10
        while not (file.exists() and file.read_text().endswith("\n")) and time.monotonic() < end:
            time.sleep(0.01)
    assert "waiting_task: waiting for the greenlet below" in file.read_text()


def test_a_process_that_did_not_ask_is_left_alone(directory: Path) -> None:
    with running("not-asked") as pid:
        done = command(pid)
        assert done.returncode == 1
        assert "install_signal_handler()" in done.stderr
        with pytest.raises(bridge.dump.DumpError, match="did not ask"):
            bridge.dump.request(pid)
        os.kill(pid, 0)


def test_the_record_of_an_earlier_process_with_the_same_number_does_not_count(directory: Path) -> None:
    with running("not-asked") as pid:
        directory.mkdir(mode=0o700)
        (directory / str(pid)).write_text(f"{signal.SIGUSR2:d} 1\n")
        with pytest.raises(bridge.dump.DumpError, match="did not ask"):
            bridge.dump.request(pid)
        os.kill(pid, 0)


def test_a_stopped_process_is_named_after_the_timeout(directory: Path) -> None:
    with running("uvloop") as pid:
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(bridge.dump.DumpError, match=r"within 0\.2 seconds"):
                bridge.dump.request(pid, timeout=0.2)
        finally:
            os.kill(pid, signal.SIGCONT)


def test_no_record_and_no_question_is_left_behind(directory: Path) -> None:
    with running("uvloop") as pid:
        bridge.dump.request(pid)
        assert [each.name for each in directory.iterdir()] == [str(pid)]
    assert list(directory.iterdir()) == []


def test_there_is_no_such_process(directory: Path) -> None:
    done = command(2**22 + 1)
    assert done.returncode == 1
    assert "there is no process" in done.stderr


def test_a_directory_of_somebody_else_is_refused(directory: Path) -> None:
    directory.mkdir()
    directory.chmod(0o777)
    with pytest.raises(bridge.dump.DumpError, match="BRIDGE_DUMP_DIR"):
        bridge.dump.install_signal_handler()


def test_removing_restores_the_handler_of_before(directory: Path) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    bridge.dump.install_signal_handler(signal.SIGUSR1)
    assert signal.getsignal(signal.SIGUSR1) is not before
    bridge.dump.remove_signal_handler()
    bridge.dump.remove_signal_handler()
    assert signal.getsignal(signal.SIGUSR1) is before
    assert list(directory.iterdir()) == []
