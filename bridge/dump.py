"""Look into a running process: ``python -m bridge.dump PID`` prints its tree of tasks and greenlets.

The process must have asked for it once, in its main thread::

    import bridge.dump

    bridge.dump.install_signal_handler()

Then ``kill -USR2 PID`` writes the tree to the process's standard error, and
``python -m bridge.dump PID`` fetches it.  A process that did not ask is never
sent the signal, which would end it: the handler leaves a record in a
directory that only its user can open, ``gevent-bridge-<user id>`` in the
directory for temporary files, or ``BRIDGE_DUMP_DIR``.  Question and answer are
files there as well.

A signal and files, rather than a thread that listens on a socket, because that
costs a waiting process nothing, survives ``fork`` and shows the stacks as they
are.  The limit: Python runs signal handlers between two bytecodes of the main
thread, so a process stuck in C code answers when that returns.
"""

from __future__ import annotations

import argparse
import atexit
import os
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

from bridge._compat import get_native_ident, getpid, native_signal
from bridge._errors import BridgeError
from bridge._tree import format_tree

__all__ = ["DumpError", "install_signal_handler", "main", "remove_signal_handler", "request"]

_POLL_SECONDS: Final = 0.01


class DumpError(BridgeError):
    """The tree of another process could not be had."""


class _Installed:
    """What :func:`install_signal_handler` was asked for."""

    __slots__ = ("directory", "file", "previous", "record", "signum")

    def __init__(self, signum: int, file: Path | None, directory: Path, previous: Any) -> None:
        self.signum = signum
        self.file = file
        self.directory = directory
        self.previous = previous
        self.record: Path | None = None


_installed: _Installed | None = None
_hooked = False
_busy = False


# -- in the process that is looked into ------------------------------------------------


def install_signal_handler(signum: int | None = None, *, file: str | os.PathLike[str] | None = None) -> None:
    """Let a signal show the tree of tasks and greenlets, and ``python -m bridge.dump`` fetch it.

    Call in the main thread.  Children that are forked later inherit it.
    Called again, it replaces what was installed.

    :param signum: the signal; default ``SIGUSR2``
    :param file: where a plain signal appends the tree; default standard error
    :raises ValueError: outside the main thread
    :raises DumpError: if the directory for the records belongs to somebody else
    """
    global _installed, _hooked
    remove_signal_handler()
    number = signal.SIGUSR2 if signum is None else signum
    directory = _directory(os.getuid())
    _make_private(directory)
    previous = native_signal(number, _on_signal)
    _installed = _Installed(number, None if file is None else Path(file).absolute(), directory, previous)
    _write_record()
    if not _hooked:
        _hooked = True
        os.register_at_fork(after_in_child=_write_record)
        atexit.register(_remove_record)


def remove_signal_handler() -> None:
    """Undo :func:`install_signal_handler`, in the main thread; harmless if nothing is installed."""
    global _installed
    if _installed is None:
        return
    native_signal(_installed.signum, _installed.previous or signal.SIG_DFL)
    _remove_record()
    _installed = None


def _on_signal(signum: int, frame: FrameType | None) -> None:
    """Answer whoever asked, else write the tree where a plain signal puts it."""
    global _busy
    installed = _installed
    if installed is None or _busy:
        return
    _busy = True
    try:
        text = format_tree()
        questions = list(installed.directory.glob(f"{getpid()}.ask-*"))
        for question in questions:
            _answer(question, text)
        if not questions:
            _append(installed.file, text)
    except OSError as exc:
        _append(None, f"bridge.dump: {exc}\n")
    finally:
        _busy = False


def _answer(question: Path, text: str) -> None:
    answer = question.with_name(question.name.replace(".ask-", ".answer-"))
    unfinished = answer.with_name(answer.name + ".part")
    question.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    _write_all(os.open(unfinished, flags, 0o600), text)
    unfinished.replace(answer)


def _append(file: Path | None, text: str) -> None:
    if file is None:
        _write_all(os.dup(2), text)  # not sys.stderr: the interrupted code may be writing to it
    else:
        _write_all(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), text)


def _write_all(fd: int, text: str) -> None:
    """Write and close."""
    left = memoryview(text.encode("utf-8", "backslashreplace"))
    try:
        while left:
            left = left[os.write(fd, left) :]
    finally:
        os.close(fd)


def _write_record() -> None:
    installed = _installed
    if installed is None:
        return
    installed.record = installed.directory / str(getpid())
    try:
        installed.record.write_text(f"{installed.signum} {_started(getpid())}\n")
    except OSError:  # in a forked child; the signal still works
        installed.record = None


def _remove_record() -> None:
    installed = _installed
    if installed is not None and installed.record is not None and installed.record.name == str(getpid()):
        installed.record.unlink(missing_ok=True)
        installed.record = None


# -- both sides ---------------------------------------------------------------------------


def _directory(uid: int) -> Path:
    given = os.environ.get("BRIDGE_DUMP_DIR")
    return Path(given) if given else Path(tempfile.gettempdir()) / f"gevent-bridge-{uid}"


def _make_private(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_private(directory, os.getuid())


def _check_private(directory: Path, uid: int) -> None:
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o022:
        raise DumpError(
            f"{directory} is not a directory that only user {uid} can write to. "
            "Remove it, or set BRIDGE_DUMP_DIR to another directory on both sides."
        )


def _started(pid: int) -> str:
    """Return when a process started, in the kernel's words; "-" where that is not to be had."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "-"
    return text.rpartition(")")[2].split()[19]


# -- the process that looks -----------------------------------------------------------------


def request(pid: int, *, timeout: float = 5.0) -> str:
    """Return the tree of tasks and greenlets of another process of this machine.

    In any thread; until the answer is there it sleeps with ``time.sleep``.

    :param timeout: seconds to wait for the answer
    :raises DumpError: if there is no such process, if it did not call
        :func:`install_signal_handler`, or if it did not answer in time
    """
    signum, directory = _find(pid)
    mine = f"{getpid()}-{get_native_ident()}"
    question = directory / f"{pid}.ask-{mine}"
    answer = directory / f"{pid}.answer-{mine}"
    answer.unlink(missing_ok=True)
    question.touch(mode=0o600)
    try:
        os.kill(pid, signum)
        end = time.monotonic() + timeout
        while not answer.exists():
            if time.monotonic() >= end:
                raise DumpError(
                    f"process {pid} did not answer within {timeout:g} seconds: its main thread is stuck in C "
                    "code or stopped. Look with 'py-spy dump --pid' or gdb, or run it under "
                    "bridge.watch_blocking(), which needs no cooperation of the main thread."
                )
            time.sleep(_POLL_SECONDS)
        return answer.read_text(encoding="utf-8")
    except ProcessLookupError:
        raise _gone(pid) from None
    finally:
        question.unlink(missing_ok=True)
        answer.unlink(missing_ok=True)


def _find(pid: int) -> tuple[int, Path]:
    try:
        uid = os.stat(f"/proc/{pid}").st_uid if os.path.isdir("/proc/self") else os.getuid()
        os.kill(pid, 0)
    except (ProcessLookupError, FileNotFoundError):
        raise _gone(pid) from None
    except PermissionError:
        raise DumpError(f"process {pid} belongs to another user; run this command as that user.") from None
    directory = _directory(uid)
    record = directory / str(pid)
    try:
        _check_private(directory, uid)
        signum, started = record.read_text().split()
    except (FileNotFoundError, NotADirectoryError):
        raise _not_asked(pid) from None
    except ValueError:
        raise DumpError(f"{record} is damaged; remove it and restart process {pid}.") from None
    if started != _started(pid):
        record.unlink(missing_ok=True)  # of an earlier process with this number
        raise _not_asked(pid)
    return int(signum), directory


def _gone(pid: int) -> DumpError:
    return DumpError(f"there is no process {pid}; look with 'ps'.")


def _not_asked(pid: int) -> DumpError:
    return DumpError(
        f"process {pid} did not ask to be looked into, and a signal could end it. "
        "Let it call bridge.dump.install_signal_handler() when it starts; if it did, both sides need "
        "the same TMPDIR, or the same BRIDGE_DUMP_DIR."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command, in the main thread; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bridge.dump",
        description="Print every task and greenlet of a process that called "
        "bridge.dump.install_signal_handler().",
    )
    parser.add_argument("pid", type=int, metavar="PID", help="the process to look into")
    parser.add_argument(
        "--timeout", type=float, default=5.0, metavar="SECONDS", help="how long to wait for the answer (5)"
    )
    options = parser.parse_args(argv)
    try:
        sys.stdout.write(request(options.pid, timeout=options.timeout))
    except DumpError as exc:
        sys.stderr.write(f"python -m bridge.dump: {exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
