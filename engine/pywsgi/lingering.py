"""A close that lets the client read the reply: unread bytes would make the kernel cut it off."""

from __future__ import annotations

import time
from socket import SHUT_WR
from typing import Any, Final

__all__ = ["linger"]

_PIECE: Final = 65536
# Seconds in all, and without a byte, as nginx does (lingering_time, lingering_timeout).
_LINGER: Final = 30.0
_LINGER_PAUSE: Final = 5.0


def linger(sock: Any) -> None:
    """Read on, so that a client that is still sending comes to read the reply."""
    give_up = time.monotonic() + _LINGER
    try:
        sock.shutdown(SHUT_WR)
        while (left := give_up - time.monotonic()) > 0:
            sock.settimeout(min(_LINGER_PAUSE, left))
            if not sock.recv(_PIECE):
                return
    except OSError:
        pass
