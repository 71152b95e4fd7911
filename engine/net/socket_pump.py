"""Gives an application that wants a socket of its own one end of a socket pair, and pumps the bytes.

The client's socket belongs to the loop, may speak TLS, and may have been read ahead; so libraries that want
to speak a protocol by themselves get a substitute (a guest of :class:`engine.net.tunnel.Tunnel`).
"""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

__all__ = ["SocketPump"]

_LAST_WORDS: Final = 5.0  # seconds for what the application has left to say when its request is over


class Carrier(Protocol):
    """The connection (:class:`engine.net.tunnel.Tunnel`)."""

    deadline: float

    def call_soon(self, callback: Callable[[], None]) -> None: ...
    def push(self, data: bytes) -> None: ...
    def is_full(self) -> bool: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...


class SocketPump(asyncio.Protocol):
    """Between a connection and *ours*, whose other end the application has; the loop's thread only."""

    def __init__(self, ours: socket.socket) -> None:
        self._ours = ours
        self._early: list[bytes] = []
        self._ended = False
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[object] | None = None
        self._held = False
        self._gone = False
        self.wakers: list[Callable[[], None]] = []
        """Called when the client can take more, or is gone."""

    # -- the application ---------------------------------------------------------------------------

    def is_full(self) -> bool:
        """Whether the client is behind."""
        return not self._gone and self._carrier.is_full()

    def send(self, data: bytes) -> None:
        """Send *data* whole, past the pair, so that two greenlets cannot mix theirs; never waits.

        :raises BrokenPipeError: if the client is gone
        """
        if self._gone:
            raise BrokenPipeError(errno.EPIPE, "the client closed the connection")
        self._carrier.push(data)

    # -- the connection --------------------------------------------------------------------------

    def start(self, carrier: Carrier, rest: bytes) -> None:
        """The connection is ours; *rest* came with the request."""
        self._carrier = carrier
        if rest:
            self._early.append(rest)
        carrier.pause_reading()
        carrier.call_soon(self._connect)

    def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        self._connecting = loop.create_task(self._open(loop))

    async def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        await loop.create_unix_connection(lambda: self, sock=self._ours)

    def received(self, data: bytes) -> None:
        """Bytes of the client arrived."""
        if self._transport is None:
            self._early.append(data)
        elif not self._transport.is_closing():
            self._transport.write(data)

    def ended(self) -> None:
        """The client has finished sending, or is gone: the application reads an end, too."""
        self._ended = True
        if self._transport is not None:
            self._transport.close()

    leaving = close = ended

    def lost(self) -> None:
        """The connection is gone."""
        self._gone = True
        self.ended()
        self.room()

    def room(self) -> None:
        """The client can take more."""
        for wake in tuple(self.wakers):
            wake()
        if self._held and self._transport is not None and not self._transport.is_closing():
            self._held = False
            self._transport.resume_reading()

    def expire(self) -> None:
        """The application is done, but its end of the pair is still open."""
        self._carrier.abort()
        self.ended()

    def released(self, failed: bool) -> None:
        """The application is done with the request."""
        self._carrier.deadline = time.monotonic() + _LAST_WORDS

    def fileno(self) -> int:
        """None: the application has a socket of its own."""
        return -1

    # -- our end of the pair -----------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        """The pair is in use."""
        self._transport = transport
        for data in self._early:
            transport.write(data)
        self._early.clear()
        if self._ended:
            transport.close()
        self._carrier.resume_reading()

    def data_received(self, data: bytes) -> None:
        """The application has written something."""
        self._carrier.push(data)
        if self._carrier.is_full() and self._transport is not None:
            self._held = True
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        """The application is behind."""
        self._carrier.pause_reading()

    def resume_writing(self) -> None:
        """The application has caught up."""
        self._carrier.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """The application has closed its end."""
        self._ended = True
        self._gone = True
        self._carrier.close()

    def __repr__(self) -> str:
        return f"<SocketPump {self._transport!r}>"
