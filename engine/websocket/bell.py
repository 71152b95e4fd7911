"""A descriptor that is readable while there is something to fetch.

The loop reads the client's socket, so that socket is quiet when the application looks; it waits for this one
instead (``gevent.select.select([uwsgi.connection_fd(), ...], [], [])``).
"""

from __future__ import annotations

import os

__all__ = ["Bell"]


class Bell:
    """Made silent; :meth:`close` it."""

    def __init__(self) -> None:
        if hasattr(os, "eventfd"):
            self._read = self._write = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        else:
            self._read, self._write = os.pipe()
            os.set_blocking(self._read, False)
        self._rings = False

    def fileno(self) -> int:
        """The descriptor to wait for; never read it."""
        return self._read

    def set(self, ringing: bool) -> None:
        """Make the descriptor readable, or not."""
        if ringing is self._rings or self._read < 0:
            return
        self._rings = ringing
        if ringing:
            os.write(self._write, b"\1\0\0\0\0\0\0\0")  # an eventfd takes a native 64-bit number, not zero
        else:
            os.read(self._read, 8)

    def close(self) -> None:
        """Close the descriptor; nothing can be waited for any more."""
        if self._read >= 0:
            os.close(self._read)
            if self._write != self._read:
                os.close(self._write)
            self._read = self._write = -1
