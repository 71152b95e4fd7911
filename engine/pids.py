"""Processes known by their id: signals to them, and how children ended."""

from __future__ import annotations

import os

from bridge.lowlevel import original

__all__ = ["exit_code", "send_signal"]


def exit_code(pid: int) -> int | None:
    """Reap a child if it has ended; return its exit code, negative for a signal, or None while it runs.

    Never waits, patched or not.  A child that somebody else has reaped counts as ended well: 0.
    """
    try:
        found, status = original("os", "waitpid")(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if found else None


def send_signal(pid: int, number: int) -> None:
    """Send a signal to a process that may have ended meanwhile.

    :raises PermissionError: if it is somebody else's
    """
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
