"""The write side of one HTTP/2 stream, with bounded memory.

Two kinds of writers, as in :mod:`engine.net.flow`: a greenlet, which parks while the client's windows are
closed or its socket is full, and a task, whose bytes are kept until there is room; it asks
:meth:`StreamOutlet.is_full` and waits by itself.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from h2.errors import ErrorCodes

from engine.errors import ClientDisconnected, WriteTimeout
from engine.interfaces import WritingPlace
from engine.net.flow import HIGH_WATER, Outlet
from engine.net.frontend import FrontEnd
from engine.net.http2_frames import Frames
from engine.protocols.http2.thrift import Thrift

__all__ = ["Carrier", "StreamOutlet"]

_LEFT: Final = "write error: the client closed the connection"


class Carrier(Protocol):
    """The connection, as its streams see it."""

    front: FrontEnd
    frames: Frames
    outlet: Outlet
    thrift: Thrift
    waiting: dict[StreamOutlet, None]

    def flush(self) -> None: ...
    def settle(self, number: int) -> None: ...


class StreamOutlet:
    """Sends the reply of one stream.

    :param number: of the stream
    """

    __slots__ = (
        "_carrier",
        "_finishing",
        "_number",
        "_parking",
        "_pending",
        "_place",
        "_trailers",
        "_turns",
        "_writing",
        "broken",
        "ended",
        "gone",
        "progress",
    )

    def __init__(self, carrier: Carrier, number: int) -> None:
        self._carrier = carrier
        self._number = number
        self._pending = bytearray()  # of a task, or of a reply that is over
        self._finishing = False
        self._trailers: list[tuple[bytes, bytes]] = []
        self._parking: WritingPlace | None = None
        self._place: WritingPlace | None = None
        self._writing = False  # a greenlet is in the middle of its bytes
        self._turns: list[WritingPlace] = []
        self.broken = False
        """A write ended halfway, so nothing may follow it."""

        self.ended = False
        """END_STREAM was sent."""

        self.gone = False
        """The stream was reset, or its connection is gone."""

        self.progress = 0
        """Changes when something of the body is sent."""

    def send_head(self, fields: list[tuple[bytes, bytes]], last: bool = False) -> None:
        """Hand over a head; it goes out with the next bytes or :meth:`flush`.

        :raises ClientDisconnected: if the stream is gone
        """
        if self.gone:
            raise ClientDisconnected(_LEFT)
        self._carrier.frames.send_headers(self._number, fields, end_stream=last)
        self._carrier.thrift.useful += 1
        if last:
            self._has_ended()

    def write(self, data: memoryview, last: bool = False) -> None:
        """Send body bytes in order and in one piece; *last* ends the stream behind them.

        :raises ClientDisconnected: if the stream is gone
        :raises WriteTimeout: if the client took nothing for the socket timeout
        """
        if self._writing:
            self._wait_for_turn()
        if self.gone:
            raise ClientDisconnected(_LEFT)
        if self._place is not None:
            self._pending += data
            self._finishing = last
            self.pump()
            return
        self._writing, before = True, self.progress
        try:
            self._write_pieces(data, last)
        except BaseException:
            self.broken = self.progress != before
            raise
        finally:
            self._writing = False
            for place in self._turns:
                place.unpark()

    def _wait_for_turn(self) -> None:
        """As in :class:`engine.net.flow.Outlet`: several greenlets write one reply."""
        place = self._carrier.front.new_parking()
        self._turns.append(place)
        try:
            while self._writing:
                place.park()
        finally:
            self._turns.remove(place)

    def _write_pieces(self, data: memoryview, last: bool) -> None:
        carrier = self._carrier
        total = len(data)
        sent = unflushed = 0
        while sent < total:
            room = self._room()
            if room <= 0:
                carrier.flush()
                unflushed = 0
                self._wait()
                continue
            piece = bytes(data[sent : sent + room])
            sent += len(piece)
            unflushed += len(piece)
            self._send(piece, last and sent == total)
            if unflushed >= HIGH_WATER:
                carrier.flush()
                unflushed = 0
        carrier.flush()

    def _room(self) -> int:
        carrier = self._carrier
        if carrier.outlet.is_full():
            return 0
        frames = carrier.frames
        return min(frames.local_flow_control_window(self._number), frames.max_outbound_frame_size)

    def _send(self, data: bytes, last: bool) -> None:
        carrier = self._carrier
        carrier.frames.send_data(self._number, data, end_stream=last)
        carrier.thrift.useful += 1
        carrier.waiting.pop(self, None)
        self.progress += 1
        if last:
            self._has_ended()

    def _has_ended(self) -> None:
        self.ended = True
        self._finishing = False
        self._carrier.waiting.pop(self, None)

    def _wait(self) -> None:
        carrier = self._carrier
        if self._parking is None:
            self._parking = carrier.front.new_parking()
        carrier.waiting[self] = None  # behind those who wait longer
        timeout, before = carrier.front.socket_timeout, carrier.thrift.useful
        try:
            awake = self._parking.park(timeout)
        except BaseException:
            carrier.waiting.pop(self, None)
            raise
        if self.gone:
            raise ClientDisconnected(_LEFT)
        if awake or self._room() > 0:
            return
        if carrier.thrift.useful != before and carrier.frames.stream_window(self._number) > 0:
            return  # it is not this stream's fault that others come first
        carrier.waiting.pop(self, None)
        raise WriteTimeout(f"the client took nothing for {timeout:g} seconds")

    # -- without a greenlet -----------------------------------------------------------------------

    def tell(self, place: WritingPlace | None) -> None:
        """From now on a task writes, see :meth:`engine.net.flow.Outlet.tell`."""
        self._place = place

    def ring(self) -> None:
        """Something happened that a task may wait for."""
        if self._place is not None:
            self._place.unpark()

    def is_full(self) -> bool:
        """Whether a task should wait before it writes more."""
        if self.gone or self.ended:
            return False
        if self._pending or self._carrier.outlet.is_full():
            self._carrier.waiting[self] = None
            return True
        return False

    def push(self, data: bytes) -> int:
        """Send body bytes as soon as there is room; never waits.  Return how many bytes are kept."""
        if not (self.gone or self.ended or self._finishing):
            self._pending += data
            self.pump()
        return len(self._pending)

    def keep(self, data: bytes) -> None:
        """Send a small body that nobody waits for, then end the stream."""
        self._pending += data
        self.finish()

    def finish(self, trailers: list[tuple[bytes, bytes]] | None = None) -> None:
        """Nothing more comes: end the stream once all is sent."""
        if self.ended or self.gone:
            return
        self._trailers = trailers or []
        self._finishing = True
        self.pump()

    def pump(self) -> None:
        """Send what is kept, as far as there is room; the end, too, if it is time for it."""
        pending = self._pending
        while pending and (room := self._room()) > 0:
            piece = bytes(pending[:room])
            del pending[: len(piece)]
            self._send(piece, self._finishing and not pending and not self._trailers)
        carrier = self._carrier
        if pending:
            carrier.waiting[self] = None
        elif self._finishing and not self.ended:
            if self._trailers:
                carrier.frames.send_headers(self._number, self._trailers, end_stream=True)
            else:
                carrier.frames.send_data(self._number, b"", end_stream=True)
            self._has_ended()
        carrier.flush()

    def rouse(self) -> None:
        """The client has made room."""
        if self.gone:
            return
        if self._pending:
            self.pump()
            if self.ended:
                self._carrier.settle(self._number)
            if not self._pending:
                self.ring()
        elif self._place is not None:
            if not self._carrier.outlet.is_full():
                self._carrier.waiting.pop(self, None)
                self._place.unpark()
        elif self._parking is not None and self._room() > 0:
            self._parking.unpark()

    def reset(self, code: ErrorCodes | int) -> None:
        """End the stream so that the client can tell that the reply is not complete."""
        if not self.gone:
            self.gone = True
            self._carrier.frames.reset_stream(self._number, code)
            self._carrier.flush()
            self.leave()

    def leave(self) -> None:
        """The stream is gone: whoever waits hears so."""
        self.gone = True
        self._pending.clear()
        self._carrier.waiting.pop(self, None)
        if self._parking is not None:
            self._parking.unpark()
        self.ring()

    def __repr__(self) -> str:
        state: Any = "gone" if self.gone else "ended" if self.ended else f"{len(self._pending)} bytes kept"
        return f"<StreamOutlet {self._number} {state}>"
