"""Ending a TCP connection with a reset, the one sign of a break that a body until close leaves room for."""

from __future__ import annotations

import socket
from struct import pack
from typing import Final, Protocol

__all__ = ["Socket", "reset_on_close"]

_AT_ONCE: Final = pack("ii", 1, 0)  # struct linger: on, no seconds


class Socket(Protocol):
    """A socket, or what uvloop shows of one."""

    @property
    def family(self) -> int: ...
    def setsockopt(self, level: int, option: int, value: bytes, /) -> None: ...


def reset_on_close(sock: Socket | None) -> None:
    """Let the coming close send RST instead of FIN (socket(7), SO_LINGER with zero seconds).

    RFC 9112 section 8: a body that ends with the connection counts as complete when the
    connection ends in order.  What the client has received it can still read (measured on
    Linux); what the kernel has not sent yet is lost.  Unix sockets have no reset: there a
    front end takes such a reply for a whole one unless it has a Content-Length.
    """
    if sock is not None and sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
