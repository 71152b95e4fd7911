"""A stream that carries another protocol (RFC 8441): DATA goes to a guest and back.

What :class:`engine.net.tunnel.Tunnel` is for a connection of HTTP/1.1.  The stream's window bounds what a
client may send before the guest has read.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from h2.errors import ErrorCodes

from engine.net.http2_frames import WINDOW
from engine.protocols.http2.reply import answered_fields

if TYPE_CHECKING:
    from engine.net.http2_stream import Http2Stream

__all__ = ["AnsweringTunnel", "StreamTunnel"]

_NEVER: Final = float("inf")
# Answers of the protocol itself, such as pongs, are sent without asking; who does not take them is not read.
_MOST_UNSENT: Final = 262144
_MOST_HEAD: Final = 65536


class StreamTunnel:
    """Made when a request has been agreed to; the loop's thread only.

    :param guest: the other protocol (:class:`engine.net.tunnel.Guest`)
    """

    def __init__(self, stream: Http2Stream, guest: Any) -> None:
        self._stream = stream
        self.guest = guest
        self.deadline = _NEVER
        """When :meth:`look` calls ``guest.expire``, in monotonic seconds."""

        self._paused = False
        self._choked = False
        self.over = False
        """Whether the guest is done: what comes is dropped, what is kept goes out."""

        self._lost = False
        self._owed = 0  # bytes that the client has sent and may send again once we read on

    def start(self, early: bytes) -> None:
        """Begin; *early* came before the answer."""
        stream = self._stream
        stream.outlet.tell(self)
        self._owed = len(early)
        self.guest.start(self, early)
        self._give_back()
        if stream.host.front.draining:
            self.guest.leaving()

    # -- the stream's side ------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """DATA has come."""
        self._owed += len(data)
        if data and not self.over:
            self.guest.received(data)
        self._give_back()

    def _give_back(self) -> None:
        """Let the client send more, unless it has to wait."""
        if self._owed > WINDOW // 2 and not (self._paused or self._choked or self._stream.input_ended):
            owed, self._owed = self._owed, 0
            self._stream.credit(owed)

    def end(self) -> None:
        """The client has ended its side of the stream."""
        if not self.over:
            self.guest.ended()

    def lose(self) -> None:
        """The stream is gone."""
        self.over = True
        if not self._lost:
            self._lost = True
            self._stream.host.front.call_soon(self.guest.lost)

    def unpark(self) -> None:
        """There is room again (:class:`engine.interfaces.WritingPlace`)."""
        self._choked = False
        self._give_back()
        self.guest.room()

    def park(self, timeout: float | None = None) -> bool:
        """Refuse: nobody waits here."""
        raise RuntimeError("a tunnel cannot park")

    def park_writable(self, fd: int, timeout: float | None = None) -> bool:
        """Refuse, as :meth:`park` does."""
        return self.park(timeout)

    def look(self, now: float) -> None:
        """Called about once a second."""
        if now >= self.deadline:
            self.deadline = _NEVER
            self.guest.expire()

    # -- the guest's side -------------------------------------------------------------------------

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call back in the loop, where there is a running loop."""
        self._stream.host.front.call_soon(callback)

    def push(self, data: bytes) -> None:
        """Send *data*; never waits."""
        stream = self._stream
        if stream.exchange is not None:
            stream.exchange.body_bytes += len(data)
        if stream.outlet.push(data) > _MOST_UNSENT:
            self._choked = True

    def is_full(self) -> bool:
        """Whether the client is behind; ``guest.room()`` is called when it has caught up."""
        return self._stream.outlet.is_full()

    def pause_reading(self) -> None:
        """Let the client wait."""
        self._paused = True

    def resume_reading(self) -> None:
        """Read on."""
        self._paused = False
        self._give_back()

    def half_close(self) -> None:
        """Send no more, but read on, so that the client sees the end before its stream is reset."""
        self._stream.outlet.finish()

    def close(self) -> None:
        """End the stream once everything was sent."""
        self._stream.outlet.finish()
        self._stream.settle()
        self.lose()

    def abort(self) -> None:
        """Cut the stream off (RFC 8441 section 5: what a reset is to TCP is CANCEL here)."""
        if not self._stream.outlet.gone:
            self._stream.outlet.reset(ErrorCodes.CANCEL)
            self._stream.leave()

    def __repr__(self) -> str:
        return f"<StreamTunnel {self.guest!r}, expires in {self.deadline - time.monotonic():.1f} s>"


class AnsweringTunnel(StreamTunnel):
    """For a guest that answers by itself, in the way of HTTP/1.1: its head becomes that of the stream.

    A websocket needs no more than that: what follows the head is the same over HTTP/2.
    """

    def __init__(self, stream: Http2Stream, guest: Any) -> None:
        super().__init__(stream, guest)
        self._head: bytearray | None = bytearray()

    def push(self, data: bytes) -> None:
        """Send *data*, once the head is complete."""
        head = self._head
        if head is None:
            super().push(data)
            return
        head += data
        lines, end, rest = bytes(head).partition(b"\r\n\r\n")
        if not end:
            if len(head) > _MOST_HEAD:
                self.abort()
            return
        self._head = None
        outlet = self._stream.outlet
        if outlet.gone or outlet.ended:
            return
        try:
            fields = answered_fields(lines)
        except ValueError:
            self.abort()
            return
        outlet.send_head(fields)
        self._stream.host.flush()
        if rest:
            super().push(rest)
