"""One try to give bytes to a socket.  ``_send.pyx`` is its twin in the compiled build."""

from __future__ import annotations

import os

__all__ = ["send_now"]


def send_now(fd: int, data: bytes, start: int = 0) -> int:
    """Give *data* from *start* on to the non-blocking socket *fd*.

    Returns how many bytes it took, 0 if it is full.

    :raises OSError: as ``os.write``
    """
    try:
        return os.write(fd, memoryview(data)[start:] if start else data)
    except BlockingIOError:
        return 0
