"""Accepting on one listening socket without an ``asyncio.Server``."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable

from engine.net.listeners import Listener

__all__ = ["OwnServer"]

# Errors of accept(2) that go away when descriptors or memory become free; seconds until the next try.
_NO_ROOM = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_LONG_REST = 1.0
_AT_ONCE = 16  # connections taken per turn of the loop, so that other workers get some too


class OwnServer:
    """Accepts, and hands the non-blocking sockets on.

    For listeners where something precedes the protocol (TLS, a PROXY header), and for all on asyncio's
    selector loops: asyncio accepts in one callback and makes the transport in a later one, and drops
    the connection without a word if the server was closed in between (``Server._attach`` asserts that
    it was not), which loses requests on every reload.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: Listener,
        meet: Callable[[Listener, socket.socket], None],
    ) -> None:
        self._loop = loop
        self._listener = listener
        self._sock = listener.sock
        self._meet = meet
        self._resting: asyncio.TimerHandle | None = None
        self._open = True
        loop.add_reader(self._sock.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                sock, _ = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as exc:
                if exc.errno in _NO_ROOM:
                    self._loop.remove_reader(self._sock.fileno())
                    self._resting = self._loop.call_later(_LONG_REST, self._accept_again)
                    return
                raise
            sock.setblocking(False)
            self._meet(self._listener, sock)
            if not self._open:
                return

    def _accept_again(self) -> None:
        self._resting = None
        self._loop.add_reader(self._sock.fileno(), self._accept)

    def close(self) -> None:
        """Accept no more; the socket stays open."""
        if not self._open:
            return
        self._open = False
        if self._resting is not None:
            self._resting.cancel()
        elif self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
