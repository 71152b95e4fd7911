"""How many connections wait in the kernel to be accepted."""

from __future__ import annotations

import socket
import struct
from typing import Final

__all__ = ["backlog_of"]

_SIZE: Final = 104
_UNACKED: Final = struct.Struct("=24xI")  # struct tcp_info of linux/tcp.h: 8 bytes, then u32s; the fifth


def backlog_of(sock: socket.socket) -> int:
    """Return the number for a listening TCP socket on Linux; 0 for others."""
    if sock.family == socket.AF_UNIX or not hasattr(socket, "TCP_INFO"):
        return 0
    try:
        return int(_UNACKED.unpack_from(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SIZE))[0])
    except (OSError, struct.error):
        return 0
