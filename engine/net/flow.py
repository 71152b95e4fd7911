"""Writing with bounded memory: straight to the socket while it takes everything.

The application expects an item to be on its way when ``write`` returns, also
if it then computes for a minute without letting the loop turn.  So the bytes
go to the descriptor at once, and only what the kernel does not take goes
through the transport, in pieces, the greenlet parked in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from engine.errors import ClientDisconnected, WriteTimeout
from engine.interfaces import WritingPlace
from engine.net._send import send_now
from engine.net.sendfile import copy_file, send_file

__all__ = ["HIGH_WATER", "LOW_WATER", "Outlet"]

# asyncio's default high-water mark; a quarter of it keeps the pipe busy while the greenlet wakes.
HIGH_WATER: Final = 65536
LOW_WATER: Final = 16384


class Outlet:
    """The write side of one connection.

    :param new_parking: makes a place where the current greenlet can wait
    :param timeout: longest wait for the client to take something, in seconds
    :param on_break: is called when a write ended halfway, so that nothing may follow it
    """

    __slots__ = (
        "_buffered",
        "_by_task",
        "_encrypted",
        "_fd",
        "_full",
        "_new_parking",
        "_on_break",
        "_parking",
        "_timeout",
        "_transport",
        "_waiting",
        "_writing",
        "written",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        new_parking: Callable[[], WritingPlace],
        timeout: float,
        on_break: Callable[[], None] | None = None,
    ) -> None:
        self._transport: asyncio.Transport | None = transport
        self._new_parking = new_parking
        self._parking: WritingPlace | None = None
        self._timeout = timeout
        self._on_break = on_break
        self._buffered = False
        self._by_task = False
        self._full = False
        self._writing = False  # a greenlet is in the middle of its bytes
        self._waiting: list[WritingPlace] = []
        self.written = 0
        transport.set_write_buffer_limits(HIGH_WATER, LOW_WATER)
        # Behind TLS the descriptor takes ciphertext only.
        self._encrypted = transport.get_extra_info("sslcontext") is not None
        sock = None if self._encrypted else transport.get_extra_info("socket")
        self._fd: int = -1 if sock is None else sock.fileno()

    def is_encrypted(self) -> bool:
        """Whether TLS lies between."""
        return self._encrypted

    def descriptor(self) -> int:
        """Return the socket that plain bytes go through; -1 behind TLS and once it is closing."""
        return self._fd

    def shut(self) -> None:
        """The connection is closing: never touch its descriptor again, its number may be reused."""
        self._fd = -1
        self._transport = None
        self._on_break = None  # it mostly belongs to the owner, who owns this
        if self._parking is not None:
            self._parking.unpark()

    def tell(self, place: WritingPlace | None) -> None:
        """From now on a task writes, which cannot park: *place* is unparked at news; None ends that.

        :meth:`write` then takes everything; the task asks :meth:`is_full` and waits by itself.
        """
        self._parking = place
        self._by_task = place is not None

    def is_full(self) -> bool:
        """Whether whoever writes should wait until the client has taken something."""
        return self._full and self._transport is not None

    def ring(self) -> None:
        """Something else happened that a task may wait for."""
        if self._by_task and self._parking is not None:
            self._parking.unpark()

    def pause(self) -> None:
        """asyncio says the transport holds enough."""
        self._full = True

    def resume(self) -> None:
        """asyncio says the transport can take more."""
        self._full = False
        if self._parking is not None:
            self._parking.unpark()

    def write(self, data: bytes) -> None:
        """Send *data* in order and in one piece; park the current greenlet while the client is slow.

        :raises ClientDisconnected: if the connection is gone
        :raises WriteTimeout: if the client took nothing for the timeout
        """
        if self._writing:
            self._wait_for_turn()
        transport = self._transport
        if transport is None:
            raise ClientDisconnected("write error: the client closed the connection")
        if type(data) is not bytes:
            data = bytes(data)
        self.written += len(data)
        if self._buffered and not transport.get_write_buffer_size():
            self._buffered = False
        sent = 0
        if not self._buffered and self._fd >= 0:
            sent = self._send(data, 0)
            if sent == len(data):
                return
        self._write_rest(data, sent)

    def write_file(self, fd: int, offset: int, count: int) -> int:
        """Send part of a regular file in order; return how many bytes it had.  As :meth:`write`."""
        sent = 0
        if self._writing:
            self._wait_for_turn()
        if self._fd >= 0:
            self._writing = True
            try:
                self._empty()
                sent = send_file(self._fd, fd, offset, count, self._wait_writable)
            except BaseException:
                self._break_off()
                raise
            finally:
                self._end_turn()
            self.written += sent
        if sent < count:
            sent += copy_file(fd, offset + sent, count - sent, self.write)
        return sent

    def _empty(self) -> None:
        """Wait until the transport has passed on all that it holds."""
        transport = self._transport
        if transport is not None and self._buffered:
            transport.set_write_buffer_limits(0)  # calls pause() if it holds anything
            try:
                if self._full:
                    self._wait_for_room()
            finally:
                transport.set_write_buffer_limits(HIGH_WATER, LOW_WATER)
        if self._transport is None:
            raise ClientDisconnected("write error: the client closed the connection")
        self._buffered = False

    def _wait_writable(self) -> None:
        if self._parking is None:
            self._parking = self._new_parking()
        awake = self._parking.park_writable(self._fd, self._timeout)
        if self._transport is None:
            raise ClientDisconnected("write error: the client closed the connection")
        if not awake:
            raise WriteTimeout(f"the client took nothing for {self._timeout:g} seconds")

    def write_now(self, data: bytes) -> None:
        """Send a few bytes from an asyncio callback; never waits."""
        if self._transport is not None:
            self._buffered = True
            self.written += len(data)
            self._transport.write(data)

    def push(self, data: bytes) -> None:
        """Send *data* in one piece, never waiting; what the kernel does not take is kept.

        Ask :meth:`is_full` before, or memory has no bound.
        """
        transport = self._transport
        if transport is None:
            return
        if type(data) is not bytes:
            data = bytes(data)
        self.written += len(data)
        if self._buffered and not transport.get_write_buffer_size():
            self._buffered = False
        if not self._buffered and self._fd >= 0:
            try:
                sent = send_now(self._fd, data)
            except OSError:
                return  # the loop will notice, too
            if sent == len(data):
                return
            data = data[sent:]
        self._buffered = True
        transport.write(data)

    def _write_rest(self, data: bytes, sent: int) -> None:
        """Write what the kernel did not take of *data* at once."""
        size = len(data)
        self._writing = True
        try:
            if self._fd >= 0 and not self._buffered and not self._by_task:
                while size - sent > HIGH_WATER:  # without a copy; the last of it may wait elsewhere
                    self._wait_writable()
                    sent += self._send(data, sent)
            self._buffered = True
            while sent < size:
                if self._full:
                    self._wait_for_room()
                transport = self._transport
                if transport is None or transport.is_closing():
                    raise ClientDisconnected("write error: the client closed the connection")
                transport.write(data[sent : sent + HIGH_WATER])
                sent += HIGH_WATER
            if self._full:
                self._wait_for_room()
        except BaseException:
            if 0 < sent < size:
                self._break_off()
            raise
        finally:
            self._end_turn()

    def _send(self, data: bytes, start: int) -> int:
        try:
            return send_now(self._fd, data, start)
        except OSError as exc:
            raise ClientDisconnected(f"write error: {exc.strerror}") from exc

    def _break_off(self) -> None:
        """An application that goes on writing, after a timeout of its own, must not shift what follows."""
        on_break = self._on_break
        self.shut()
        if on_break is not None:
            on_break()

    def _wait_for_turn(self) -> None:
        """Several greenlets write one reply: a chunk must not begin in the middle of another."""
        place = self._new_parking()
        self._waiting.append(place)
        try:
            while self._writing:
                place.park()
        finally:
            self._waiting.remove(place)

    def _end_turn(self) -> None:
        self._writing = False
        for place in self._waiting:
            place.unpark()

    def _wait_for_room(self) -> None:
        if self._by_task:
            return
        if self._parking is None:
            self._parking = self._new_parking()
        while self._full and self._transport is not None:
            if not self._parking.park(self._timeout) and self._full:
                raise WriteTimeout(f"the client took nothing for {self._timeout:g} seconds")
