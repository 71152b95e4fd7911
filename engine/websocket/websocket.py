"""A websocket on a connection: messages with bounded memory, signs of life, and an orderly end.

Everything happens in the worker's loop thread.  Callers that wait leave a callback in :attr:`wakers` and
look again when it is called: greenlets through :mod:`engine.websocket.blocking`, tasks in their own way.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from engine.errors import WebSocketClosed
from engine.protocols.websocket import WebSocketSettings
from engine.websocket.bell import Bell

if TYPE_CHECKING:
    from engine.websocket.session import Message, Session

__all__ = ["Carrier", "WebSocket"]

# As for request bodies: what lies between the client and an application that is behind.
_HIGH_WATER: Final = 65536
_NEVER: Final = float("inf")
# Deflate makes at most about a thousand bytes of one: so much is looked at before the application's
# being behind is noticed (4 KiB make 4 MiB at most).
_STEP: Final = 4096
_STEP_PLAIN: Final = 65536


class Carrier(Protocol):
    """The connection, as a websocket sees it (:class:`engine.net.tunnel.Tunnel`)."""

    deadline: float

    def push(self, data: bytes) -> None: ...
    def is_full(self) -> bool: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self) -> None: ...
    def half_close(self) -> None: ...
    def abort(self) -> None: ...


class WebSocket:
    """One accepted websocket.

    :param report: takes a line for the server log
    :param clock: seconds, monotonic
    """

    def __init__(
        self,
        session: Session,
        settings: WebSocketSettings,
        subprotocol: str | None,
        report: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._settings = settings
        self.subprotocol = subprotocol
        self._report = report
        self._clock = clock
        self._carrier: Carrier | None = None
        self._inbox: deque[Message] = deque()
        self._inbox_size = 0
        self._unread = b""
        self._paused = False
        self._pinged = False
        self._finished = False
        self._is_closing = False
        self._eof = False
        self._released = False
        self._bell: Bell | None = None
        self.wakers: list[Callable[[], None]] = []
        """Called, from the loop or a greenlet, when something has changed."""

    # -- the connection's side -----------------------------------------------------------------

    def start(self, carrier: Carrier, rest: bytes) -> None:
        """The connection is ours; *rest* came with the request."""
        self._carrier = carrier
        self._rearm()
        if rest:
            self.received(rest)

    def received(self, data: bytes) -> None:
        """Bytes arrived."""
        if self._finished:
            return
        self._pinged = False
        if self._session.is_open():
            self._rearm()
        self._unread = self._unread + data if self._unread else data
        self._parse()
        self._tell()

    def ended(self) -> None:
        """The client has finished sending."""
        self._eof = True
        self._parse()
        self._tell()

    def lost(self) -> None:
        """The connection is gone; what arrived before can still be taken."""
        self._carrier = None
        self.ended()

    def room(self) -> None:
        """The connection can take more."""
        self._tell()

    def expire(self) -> None:
        """The deadline has passed: ask for a sign of life, or give up."""
        carrier = self._carrier
        assert carrier is not None
        if not self._session.is_open():
            carrier.abort()
        elif self._paused:
            self._rearm()  # its answers would not be read
        elif not self._pinged:
            self._pinged = True
            self._session.ping()
            self._flush()
            carrier.deadline = self._clock() + self._settings.pong_tolerance
        else:
            self._report(f"no PONG received in {self._settings.pong_tolerance:g} seconds !!!")
            self.close(1011, "no pong received")
            carrier.abort()

    def leaving(self) -> None:
        """The worker ends: tell the client to connect anew (RFC 6455 section 7.4.1)."""
        self.close(1001, "")

    def released(self, failed: bool) -> None:
        """The application is done with the request."""
        self._released = True
        if self._bell is not None:
            self._bell.close()
        self.close(1011 if failed else 1000, "")

    def _parse(self) -> None:
        """Look at what arrived until the application is behind."""
        data, session, at = self._unread, self._session, 0
        step = _STEP if session.expands else _STEP_PLAIN
        while at < len(data) and not self._finished and not self._is_behind():
            for message in session.receive(data[at : at + step]):
                self._keep(message)
            at += step
            self._flush()
        self._unread = b"" if self._finished else data[at:]
        if self._eof and not self._unread and not self._finished:
            session.receive_eof()
            self._flush()
        self._pause(self._is_behind())

    def _is_behind(self) -> bool:
        return self._inbox_size > _HIGH_WATER and self._session.is_open()

    def _keep(self, message: Message) -> None:
        if not self._is_closing:  # nobody asks for it any more
            self._inbox.append(message)
            self._inbox_size += len(message)

    def _pause(self, behind: bool) -> None:
        carrier = self._carrier
        if behind is self._paused or carrier is None:
            return
        self._paused = behind
        if behind:
            carrier.pause_reading()
        else:
            carrier.resume_reading()
            self._rearm()

    def _flush(self) -> None:
        data = self._session.output()
        if data and self._carrier is not None:
            self._carrier.push(data)
        if self._session.wants_end and not self._finished:
            self._finish()

    def _finish(self) -> None:
        """Nothing more will be sent; let the client see all of it."""
        self._finished = True
        if self._session.fault:
            self._report(f"websocket closed: {self._session.fault}")
        carrier = self._carrier
        if carrier is None:
            return
        self._pause(False)
        carrier.deadline = self._clock() + self._settings.close_timeout
        if self._session.is_clean():
            carrier.close()
        else:
            carrier.half_close()

    def _rearm(self) -> None:
        interval = self._settings.ping_interval
        if self._carrier is not None and self._session.is_open():
            self._carrier.deadline = self._clock() + interval if interval else _NEVER

    def _tell(self) -> None:
        """Let those who wait look again."""
        self._ring()
        for wake in tuple(self.wakers):
            wake()

    def _ring(self) -> None:
        if self._bell is not None:
            self._bell.set(bool(self._inbox) or not self.is_open())

    # -- the application's side ------------------------------------------------------------------

    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._carrier is not None and self._session.is_open()

    def is_full(self) -> bool:
        """Whether the client is behind: wait for a call of a waker before sending more."""
        return self._carrier is not None and self._session.is_open() and self._carrier.is_full()

    def take(self) -> Message | None:
        """Return the next message; None if there is none yet.

        :raises WebSocketClosed: if there will never be one
        """
        if self._inbox:
            message = self._inbox.popleft()
            self._inbox_size -= len(message)
            if (self._paused or self._unread) and self._inbox_size <= _HIGH_WATER // 2:
                self._parse()
            self._ring()
            return message
        if not self.is_open():
            raise self.closed()
        return None

    def send(self, data: str | bytes, text: bool) -> None:
        """Send a message; never waits, see :meth:`is_full`.

        :raises WebSocketClosed: if the websocket is closed
        """
        if not self.is_open():
            raise self.closed("unable to send websocket message")
        self._session.send(data.encode() if isinstance(data, str) else data, text)
        self._flush()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Begin the closing handshake; nothing happens if the websocket is closed.

        :raises ValueError: if *code* or *reason* may not be sent
        """
        if not self.is_open():
            return
        self._session.close(code, reason)
        self._is_closing = True
        self._flush()
        self._parse()
        if self._carrier is not None and not self._finished:
            self._carrier.deadline = self._clock() + self._settings.close_timeout
        self._tell()

    def abort(self) -> None:
        """Cut the connection; the client learns nothing."""
        if self._carrier is not None:
            self._carrier.abort()

    def closed(self, text: str = "unable to receive websocket message") -> WebSocketClosed:
        """Return the error that tells how the websocket ended."""
        return WebSocketClosed(text, *self._session.close_info())

    def fileno(self) -> int:
        """A descriptor that is readable while :meth:`take` gives something, or raises; do not read it."""
        if self._bell is None:
            self._bell = Bell()
            if self._released:
                self._bell.close()
            self._ring()
        return self._bell.fileno()

    def __repr__(self) -> str:
        return f"<WebSocket {self._session!r}, {len(self._inbox)} messages kept>"
