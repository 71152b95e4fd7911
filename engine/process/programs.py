"""Programs that a master starts: cron jobs, attached daemons, commands for touched files."""

from __future__ import annotations

import os
import signal
from typing import Final

from engine.pids import exit_code
from engine.process.intent import MASTER_SIGNALS

__all__ = ["Program"]

_SHELL: Final = "/bin/sh"


class Program:
    """A shell command in a process group of its own, so that a signal reaches what it starts.

    It inherits standard output and error, and no other descriptor.

    :param pid: of one that the image before has started
    """

    def __init__(self, command: str, pid: int = 0) -> None:
        self.command = command
        self.pid = pid

    def start(self) -> None:
        """Start it.

        :raises OSError: if there is no shell, or no process to be had
        """
        # Not subprocess: it may be patched by gevent, and nothing here may wait in a hub.
        self.pid = os.posix_spawn(
            _SHELL,
            [_SHELL, "-c", self.command],
            os.environ,
            setpgroup=0,
            setsigmask=(),
            setsigdef=MASTER_SIGNALS | {signal.SIGPIPE},
        )

    def is_running(self) -> bool:
        """Whether it was started and has not been reaped yet."""
        return self.pid != 0

    def reap(self) -> int | None:
        """Return its exit status, negative for a signal, once; None while it runs or after."""
        if not self.pid:
            return None
        code = exit_code(self.pid)
        if code is not None:
            self.pid = 0
        return code

    def signal(self, number: int) -> None:
        """Send a signal to it and to what it has started."""
        if self.pid:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                pass
