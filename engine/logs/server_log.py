"""Where log lines go: descriptor 2, as with uWSGI, in few system calls."""

from __future__ import annotations

import os
from collections.abc import Callable

__all__ = ["ServerLog"]

# Longest a request line stays in memory, in seconds.
FLUSH_DELAY = 0.05
_FLUSH_LINES = 256


class ServerLog:
    """Lines for one process.

    Server lines are written at once.  Request lines are gathered and written
    together, after :data:`FLUSH_DELAY` at the latest, in the order they were
    given.  Not for several threads, except :meth:`line`.
    """

    def __init__(self, fd: int = 2) -> None:
        self._fd = fd
        self._lines: list[str] = []
        self._call_later: Callable[[float, Callable[[], None]], object] | None = None

    def use_timer(self, call_later: Callable[[float, Callable[[], None]], object]) -> None:
        """Gather request lines from now on; *call_later* is an asyncio loop's."""
        self._call_later = call_later

    def line(self, text: str) -> None:
        """Write a server line now."""
        if self._lines:
            self.flush()
        self._write(text + "\n")

    def request(self, text: str) -> None:
        """Write a request line soon."""
        lines = self._lines
        lines.append(text)
        if len(lines) == 1:
            if self._call_later is None:
                self.flush()
            else:
                self._call_later(FLUSH_DELAY, self.flush)
        elif len(lines) >= _FLUSH_LINES:
            self.flush()

    def flush(self) -> None:
        """Write the gathered lines."""
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        lines.append("")
        self._write("\n".join(lines))

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "backslashreplace")
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                continue
            except OSError:
                return  # nobody reads the log any more; serving goes on
