"""File to socket inside the kernel, sendfile(2), without ever holding the file in memory."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Final

from engine.errors import ClientDisconnected

__all__ = ["copy_file", "send_file"]

# At most this much between two turns for everybody else.  The kernel would take 2 GiB at once, and a
# client on the same machine empties the socket as fast as it is filled.
_TURN: Final = 1 << 20
_COPY: Final = 65536

# The file system or the kind of file cannot do it (sendfile(2), "ERRORS").
_UNABLE: Final = frozenset((errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EOVERFLOW))
_GONE: Final = frozenset((errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.ESHUTDOWN))


def send_file(sock: int, fd: int, offset: int, count: int, wait: Callable[[], None]) -> int:
    """Send *count* bytes of a file from *offset* to a non-blocking socket.

    :param wait: parks until the socket can take bytes, and lets others have a turn; raises to end this
    :returns: bytes sent: fewer if the file ended, or if the kernel cannot do it for this file
    :raises ClientDisconnected: if the connection is gone
    """
    sent = 0
    while sent < count:
        try:
            done = os.sendfile(sock, fd, offset + sent, min(count - sent, _TURN))
        except BlockingIOError:
            wait()
            continue
        except OSError as exc:
            if exc.errno in _GONE:
                raise ClientDisconnected(f"write error: {exc.strerror}") from exc
            if exc.errno in _UNABLE:
                break
            raise
        if not done:
            break
        sent += done
        if sent < count:
            wait()
    return sent


def copy_file(fd: int, offset: int, count: int, write: Callable[[bytes], None]) -> int:
    """Read *count* bytes of a file from *offset* and write them in pieces; return how many there were."""
    sent = 0
    while sent < count:
        data = os.pread(fd, min(count - sent, _COPY), offset + sent)
        if not data:
            break
        write(data)
        sent += len(data)
    return sent
