"""Where log lines go: descriptor 2, as with uWSGI, in few system calls."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

__all__ = ["ServerLog"]

# Longest a request line stays in memory, in seconds.
FLUSH_DELAY = 0.05
# Bytes from which on they do not wait: a log that is far behind helps nobody when the worker dies.
_FLUSH_BYTES = 32768
_ATOMIC = 4096  # PIPE_BUF on Linux


class ServerLog:
    """Lines for one process.

    Server lines are written at once.  Request lines are gathered and written
    together, after :data:`FLUSH_DELAY` at the latest, in the order they were
    given.  Not for several threads, except :meth:`line`.
    """

    def __init__(self, fd: int = 2) -> None:
        self._fd = fd
        self._request_fd = fd
        self._lines: list[str] = []
        self._bytes = 0
        self._prefix: Callable[[], str] = str
        self._call_later: Callable[[float, Callable[[], None]], object] | None = None

    def use_timer(self, call_later: Callable[[float, Callable[[], None]], object]) -> None:
        """Gather request lines from now on; *call_later* is an asyncio loop's."""
        self._call_later = call_later

    def use_server_fd(self, fd: int) -> None:
        """Write server lines there from now on, each with one system call."""
        self._fd = fd

    def use_request_fd(self, fd: int) -> None:
        """Write request lines there from now on."""
        self._request_fd = fd

    def use_prefix(self, prefix: Callable[[], str]) -> None:
        """Begin server lines with what *prefix* returns from now on."""
        self._prefix = prefix

    def line(self, text: str) -> None:
        """Write a server line now."""
        if self._lines:
            self.flush()
        _write(self._fd, f"{self._prefix()}{text}\n".encode("utf-8", "backslashreplace"))

    def request(self, text: str) -> None:
        """Write a request line soon."""
        lines = self._lines
        lines.append(text)
        size = self._bytes = self._bytes + len(text)
        if len(lines) == 1:
            if self._call_later is None:
                self.flush()
            else:
                self._call_later(FLUSH_DELAY, self.flush)
        elif size >= _FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the gathered lines."""
        if not self._lines:
            return
        lines, self._lines, self._bytes = self._lines, [], 0
        lines.append("")
        data = "\n".join(lines).encode("utf-8", "backslashreplace")
        if len(data) <= _ATOMIC or not _is_pipe(self._request_fd):
            _write(self._request_fd, data)
            return
        while data:
            # Other workers write into the same pipe; only so much at a time is never mixed (pipe(7)).
            end = data.rfind(b"\n", 0, _ATOMIC) + 1 or data.find(b"\n") + 1
            _write(self._request_fd, data[:end])
            data = data[end:]


def _is_pipe(fd: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(fd).st_mode)
    except OSError:
        return False


def _write(fd: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:
            continue
        except OSError:
            return  # nobody reads the log any more; serving goes on
