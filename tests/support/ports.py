"""Loopback ports and listening sockets for tests that run side by side."""

from __future__ import annotations

import os
import socket
from collections import deque
from itertools import count
from typing import Final

__all__ = ["free_port", "listening_socket"]

# Below Linux's ephemeral range (32768 and up), so that no client socket is ever given one of these.
_RANGE: Final = range(20_000, 32_000)

# A UDP socket bound to the same number marks a port as ours: TCP and UDP ports are separate, so the
# server can still bind it, and other test processes skip it.  Only the newest are kept, or a long run
# would use up its descriptors; a port whose server still listens is not taken a second time anyway.
_KEPT: Final = 100
_reserved: deque[int] = deque()
_given = count()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing uses and no other test process will pick."""
    start = os.getpid() * 131 + next(_given)
    for step in range(len(_RANGE)):
        port = _RANGE[(start + step) % len(_RANGE)]
        if _reserve(port):
            return port
    raise RuntimeError(f"no free port on 127.0.0.1 between {_RANGE.start} and {_RANGE.stop}")


def _reserve(port: int) -> bool:
    mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        mark.bind(("127.0.0.1", port))
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except OSError:
        mark.close()
        return False
    _reserved.append(mark.detach())  # the descriptor stays open, unowned
    if len(_reserved) > _KEPT:
        os.close(_reserved.popleft())
    return True


def listening_socket(backlog: int = 128) -> socket.socket:
    """Return a socket that listens on a free port of 127.0.0.1; the caller closes it."""
    return socket.create_server(("127.0.0.1", 0), backlog=backlog)
