"""One connection to the stats server: reads a head if it has to, is answered, is closed."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

from engine.process.events import MasterEvents

__all__ = ["StatsClient"]

_SLOW_CLIENT: Final = 5.0  # seconds
_LONGEST_HEAD: Final = 8192


class StatsClient:
    """Lives in the master's events.

    :param gone: called once it is closed
    """

    def __init__(
        self, events: MasterEvents, sock: socket.socket, gone: Callable[[StatsClient], object]
    ) -> None:
        self._events = events
        self.sock = sock
        self._gone = gone
        self._received = b""
        self._data = memoryview(b"")
        self._deadline = self._events.call_later(_SLOW_CLIENT, self.close)

    def read_head(self, then: Callable[[bytes], None]) -> None:
        """Call with the head of the request once it is here."""
        self._events.add_reader(self.sock.fileno(), lambda: self._read(then))

    def _read(self, then: Callable[[bytes], None]) -> None:
        try:
            data = self.sock.recv(_LONGEST_HEAD)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._received += data
        if b"\r\n\r\n" in self._received or b"\n\n" in self._received:
            self._events.remove_reader(self.sock.fileno())
            then(self._received)
        elif not data or len(self._received) > _LONGEST_HEAD:
            self.close()

    def send(self, data: bytes) -> None:
        """Send everything, then close."""
        if self.sock.fileno() >= 0:
            self._data = memoryview(data)
            self._write()

    def _write(self) -> None:
        try:
            sent = self.sock.send(self._data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        self._data = self._data[sent:]
        if self._data:
            self._events.add_writer(self.sock.fileno(), self._write)
        else:
            self.close()

    def close(self) -> None:
        """End the connection."""
        self._deadline.cancel()
        if self.sock.fileno() >= 0:
            self._events.remove_reader(self.sock.fileno())
            self._events.remove_writer(self.sock.fileno())
            self.sock.close()
        self._gone(self)
