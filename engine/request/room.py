"""Bytes of known number that arrive bit by bit.  ``room.pyx`` is its twin in the compiled build."""

from __future__ import annotations

import os
from typing import Final

__all__ = ["Room"]

_FIRST: Final = 1 << 20  # what is set aside before anything has come: clients announce what they like


class Room:
    """A place for *size* bytes; memory is set aside as they come.

    :param size: how many bytes :meth:`take` shall return at most
    """

    __slots__ = ("_data", "have", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.have = 0
        self._data = bytearray(min(size, _FIRST))

    def put(self, data: bytes) -> None:
        """Append bytes.

        :raises ValueError: if they are more than there is room for
        """
        end = self.have + len(data)
        if end > self.size:
            raise ValueError(f"{len(data)} bytes for a room of {self.size - self.have}")
        self._make_place(end)
        self._data[self.have : end] = data
        self.have = end

    def receive(self, fd: int, most: int) -> int:
        """Append at most *most* bytes from the socket *fd* without waiting; return how many.

        0 means that none are there, that none will come, or that there is no room.

        :raises OSError: as ``socket.recv``
        """
        if self.have == len(self._data):
            self._make_place(self.have + 1)
        end = min(len(self._data), self.have + most)
        if end <= self.have:
            return 0
        with memoryview(self._data) as view:
            try:
                got = os.readv(fd, [view[self.have : end]])
            except BlockingIOError:
                return 0
        self.have += got
        return got

    def take(self) -> bytes:
        """Return all that came; call it once, as the last."""
        with memoryview(self._data) as view:
            return bytes(view[: self.have])

    def _make_place(self, end: int) -> None:
        place = len(self._data)
        if place < end:
            self._data.extend(bytes(min(self.size, max(end, 2 * place)) - place))
