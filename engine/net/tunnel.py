"""A connection after it has changed its protocol (RFC 9110 section 7.8): bytes go to a guest and back.

asyncio's ``set_protocol`` puts this in the place of the HTTP connection, so that the way of ordinary
requests knows nothing of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from engine.net.flow import Outlet
from engine.net.frontend import FrontEnd

__all__ = ["Guest", "Tunnel"]

_NEVER: Final = float("inf")
# Answers of the protocol itself, such as pongs, are sent without asking; who does not take them is not read.
_MOST_UNSENT: Final = 262144


class Guest(Protocol):
    """The other protocol; see :class:`engine.websocket.websocket.WebSocket`."""

    def start(self, carrier: Tunnel, rest: bytes) -> None: ...
    def received(self, data: bytes) -> None: ...
    def ended(self) -> None: ...
    def lost(self) -> None: ...
    def room(self) -> None: ...
    def expire(self) -> None: ...
    def leaving(self) -> None: ...
    def close(self) -> None: ...
    def released(self, failed: bool) -> None: ...
    def fileno(self) -> int: ...


class Owner(Protocol):
    """The connection as it was before."""

    def connection_lost(self, exc: Exception | None) -> None: ...
    def count_sent(self, size: int) -> None: ...


class Tunnel:
    """Made by :meth:`engine.net.connection.Connection.switch`; the loop's thread only."""

    def __init__(
        self, owner: Owner, front: FrontEnd, transport: asyncio.Transport, outlet: Outlet, guest: Guest
    ) -> None:
        self._owner = owner
        self._front = front
        self._transport = transport
        self._outlet = outlet
        self.guest = guest
        self.deadline = _NEVER
        """When :meth:`expire` is to be called, in monotonic seconds; looked at about once a second."""
        self._paused = False
        self._choked = False
        self._reads = True
        self._over = False

    def start(self, rest: bytes) -> None:
        """Begin; *rest* came with the request."""
        self._front.connections.add(self)
        self._transport.set_protocol(self)  # type: ignore[arg-type]
        self.guest.start(self, rest)
        if self._front.draining:
            self.guest.leaving()

    # -- asyncio callbacks ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Never called: the connection was there."""

    def data_received(self, data: bytes) -> None:
        """Bytes arrived."""
        if self._reads and not self._over:
            self.guest.received(data)

    def eof_received(self) -> bool:
        """The client has finished sending; the transport may close once all is sent."""
        self.guest.ended()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._over = True
        self.deadline = _NEVER
        self._owner.connection_lost(exc)
        self._front.forget(self)
        self.guest.lost()

    def pause_writing(self) -> None:
        """The transport holds enough."""
        self._outlet.pause()

    def resume_writing(self) -> None:
        """The transport can take more."""
        self._outlet.resume()
        if self._choked:
            self._choked = False
            self._set_reading()
        self.guest.room()

    # -- the front end ---------------------------------------------------------------------------

    def expire(self) -> None:
        """The deadline has passed."""
        self.guest.expire()

    def close_if_idle(self) -> bool:
        """The server is stopping: begin the end; False, since it is not reached yet."""
        self.guest.leaving()
        return False

    def waiting_since(self) -> float:
        """Never: a tunnel makes no room for others."""
        return _NEVER

    def shed(self) -> None:
        """Close to make room; not called, see :meth:`waiting_since`."""
        self.guest.leaving()

    # -- the guest -------------------------------------------------------------------------------

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call back in the loop, where there is a running loop."""
        self._front.call_soon(callback)

    def push(self, data: bytes) -> None:
        """Send *data*; never waits."""
        self._owner.count_sent(len(data))
        self._outlet.push(data)
        if self._outlet.is_full() and self._transport.get_write_buffer_size() > _MOST_UNSENT:
            self._choked = True
            self._set_reading()

    def is_full(self) -> bool:
        """Whether the client is behind; ``guest.room()`` is called when it has caught up."""
        return self._outlet.is_full()

    def pause_reading(self) -> None:
        """Let the client wait."""
        self._paused = True
        self._set_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._paused = False
        self._set_reading()

    def _set_reading(self) -> None:
        wanted = not (self._paused or self._choked)
        if wanted is self._reads or self._over or self._transport.is_closing():
            return
        self._reads = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def close(self) -> None:
        """Close the connection once everything was sent."""
        self._over = True
        self._outlet.shut()
        self._transport.close()

    def half_close(self) -> None:
        """Send no more, but read on: bytes that nobody reads would make the kernel reset the connection."""
        if self._transport.can_write_eof():
            if not self._transport.is_closing():
                self._transport.write_eof()
        else:
            self.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._over = True
        self._outlet.shut()
        self._transport.abort()

    def __repr__(self) -> str:
        return f"<Tunnel {self.guest!r}>"
