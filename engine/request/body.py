"""A request body on its way from the connection to the application.

The connection feeds, the application's greenlet takes.  What lies between is
bounded: above the high-water mark the connection stops reading until the
application has caught up.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from engine.errors import BodyTimeout, BrokenBody, ClientDisconnected
from engine.interfaces import ParkingPlace
from engine.request.room import Room

__all__ = ["EMPTY_BODY", "HIGH_WATER", "BodySource", "RequestBody"]

# One recv of uvloop brings at most 250 KiB, one of asyncio's loop 256.  That much alone must not stop
# reading: to stop and start again for each recv costs more than the recv.
HIGH_WATER: Final = 1 << 18
# What is worth receiving past the event loop, which copies twice; a few recvs of a usual body's rest are not.
_DIRECT: Final = 16384
# How many pieces a task may receive that way without waiting for the loop, and the longest: a fast client
# must not keep the others waiting for long.
_IN_A_ROW: Final = 4
_PIECE: Final = 1 << 18


class BodySource(Protocol):
    """The connection, as the body sees it."""

    def pause_body(self) -> None: ...
    def resume_body(self) -> None: ...
    def body_wanted(self) -> None: ...
    def receive_body(self, room: Room) -> int: ...
    def new_parking(self) -> ParkingPlace: ...


class RequestBody:
    """Bytes of one request body; fed in asyncio callbacks, read by one greenlet at a time.

    :param length: the Content-Length; None for a chunked body
    :param timeout: longest wait for the next bytes, in seconds
    """

    __slots__ = (
        "_asked",
        "_chunks",
        "_failure",
        "_in_a_row",
        "_parking",
        "_paused",
        "_source",
        "_status",
        "_timeout",
        "buffered",
        "complete",
        "length",
        "taken",
        "trailers",
    )

    def __init__(self, source: BodySource | None, length: int | None, timeout: float) -> None:
        self._source = source
        self._chunks: deque[bytes] = deque()
        self._failure: str | None = None
        self._parking: ParkingPlace | None = None
        self._status = 0
        self._paused = False
        self._asked = False
        self._in_a_row = 0
        self._timeout = timeout
        self.length = length
        self.buffered = 0
        self.taken = 0
        self.complete = False
        self.trailers: tuple[tuple[bytes, bytes], ...] = ()

    def is_broken(self) -> bool:
        """Whether it can never be complete."""
        return self._failure is not None

    # -- connection side -----------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Append bytes that arrived."""
        self._chunks.append(data)
        self._in_a_row = 0
        self.buffered += len(data)
        self._wake()  # first: who waits for it mostly takes it at once
        if self.buffered > HIGH_WATER and not self._paused and self._source is not None:
            self._paused = True
            self._source.pause_body()

    def finish(self, trailers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        """Say that the body is complete."""
        self.complete = True
        self.trailers = trailers
        self._wake()

    def fail(self, reason: str, status: int = 0) -> None:
        """Say that the rest will never come; reads raise once what arrived has been taken.

        :param status: what to answer if the client is still there; 0 if it is not
        """
        if not self.complete and self._failure is None:
            self._failure = reason
            self._status = status
            self._wake()

    def is_untouched(self) -> bool:
        """Whether nothing has arrived and nobody has asked for it."""
        return not (self._asked or self.taken or self.buffered or self.complete)

    def _wake(self) -> None:
        if self._parking is not None:
            self._parking.unpark()

    # -- application side --------------------------------------------------------

    def take(self, limit: int | None = None) -> bytes:
        """Return the next bytes, at most *limit*; wait for them if need be; ``b""`` at the end.

        :raises ClientDisconnected: if the client went away or broke the framing
        :raises BodyTimeout: if nothing arrived for the timeout
        """
        while not self._chunks:
            if self.complete:
                return b""
            self._await_more()
        data = self._chunks.popleft()
        if limit is not None and len(data) > limit:
            self._chunks.appendleft(data[limit:])
            data = data[:limit]
        self.buffered -= len(data)
        self.taken += len(data)
        if self._paused and self.buffered <= HIGH_WATER // 2:
            self._paused = False
            if self._source is not None:
                self._source.resume_body()
        return data

    def gather(self, count: int) -> bytes:
        """Return the next *count* bytes, fewer only at the end; all the rest if negative.

        What the client has sent meanwhile is received straight to where it stays.

        :raises ClientDisconnected: as :meth:`take`
        :raises BodyTimeout: as :meth:`take`
        """
        if self.length is None:
            return self._join(count)
        rest = self.length - self.taken
        if 0 <= count < rest:
            rest = count
        if rest - self.buffered < _DIRECT:
            return self._join(count)
        room = Room(rest)
        while room.have < rest:
            if self._chunks or self.complete:
                data = self.take(rest - room.have)
                if not data:
                    break
                room.put(data)
                continue
            self._ask()
            assert self._source is not None
            got = self._source.receive_body(room)
            if got:
                self.taken += got
            else:
                self._await_more()
        return room.take()

    def _join(self, count: int) -> bytes:
        parts: list[bytes] = []
        have = 0
        while have != count:
            data = self.take(None if count < 0 else count - have)
            if not data:
                break
            parts.append(data)
            have += len(data)
        return b"".join(parts)  # of one it is that one, not a copy

    def take_now(self, limit: int | None = None) -> bytes | None:
        """As :meth:`take`, but return None instead of waiting; whoever :meth:`tell` named hears of more.

        Without *limit* it may receive a piece by itself, as :meth:`gather` does.

        :raises ClientDisconnected: if the client went away or broke the framing
        """
        if self._chunks or self.complete:
            return self.take(limit)
        self._ask()
        return self._receive_now() if limit is None else None

    def _receive_now(self) -> bytes | None:
        if self.length is None or self._in_a_row == _IN_A_ROW:
            return None
        rest = self.length - self.taken
        if rest < _DIRECT:
            return None
        room = Room(min(rest, _PIECE))
        assert self._source is not None
        got = self._source.receive_body(room)
        if not got:
            return None
        self._in_a_row += 1
        self.taken += got
        return room.take()

    def tell(self, place: ParkingPlace | None) -> None:
        """Have *place* unparked at news, for those who wait elsewhere than in :meth:`take`."""
        self._parking = place

    def _ask(self) -> None:
        """Say that somebody wants more; raise if no more can come."""
        if self._failure is not None:
            if self._status:
                raise BrokenBody(self._failure, self._status)
            raise ClientDisconnected(self._failure)
        if not self._asked:
            self._asked = True
            assert self._source is not None
            self._source.body_wanted()

    def _await_more(self) -> None:
        self._ask()
        if self._parking is None:
            assert self._source is not None
            self._parking = self._source.new_parking()
        if not self._parking.park(self._timeout) and not self._chunks and not self.complete:
            raise BodyTimeout(f"no byte of the request body arrived for {self._timeout:g} seconds")

    def is_awaited(self) -> bool:
        """Whether the application has asked for bytes that were not there."""
        return self._asked

    def discard(self) -> None:
        """Drop what arrived and whatever still comes."""
        self._chunks.clear()
        self.taken += self.buffered
        self.buffered = 0


EMPTY_BODY: Final = RequestBody(None, 0, 0.0)
"""The body of requests that have none; shared, so never fed."""
EMPTY_BODY.complete = True
