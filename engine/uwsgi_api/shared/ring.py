"""A ring of messages in shared memory (uWSGI ``--queue``)."""

from __future__ import annotations

import struct
from typing import Final

from engine.uwsgi_api.shared.range_lock import Guard
from engine.uwsgi_api.shared.segments import Segment

__all__ = ["Ring", "longest_message", "ring_size"]

_HEAD: Final = struct.Struct("=QQ")  # next slot to write, next slot to pull
_LENGTH: Final = struct.Struct("=Q")  # length + 1; 0: the slot is empty


def ring_size(slots: int, blocksize: int) -> int:
    """Return the bytes that a ring needs; *blocksize* holds one message and its length."""
    return _HEAD.size + slots * blocksize


def longest_message(blocksize: int) -> int:
    """Return how many bytes a message may have."""
    return blocksize - _LENGTH.size


class Ring:
    """*slots* messages; one that is pushed into a full ring takes the place of the oldest."""

    def __init__(self, slots: int, blocksize: int, segment: Segment, guard: Guard) -> None:
        self.slots = slots
        self._blocksize = blocksize
        self._memory = segment.memory
        self._guard = guard

    def push(self, message: bytes) -> bool:
        """Add a message; False if it is too long."""
        if len(message) > longest_message(self._blocksize):
            return False
        with self._guard():
            write, pull = self._head()
            following = (write + 1) % self.slots
            # A slot that queue_set filled does not make the ring full: this message may be the oldest.
            full = pull == write and self._read(write) is not None and self._read(following) is not None
            self._write(write, message)
            self._set_head(following, following if full else pull)
            return True

    def pull(self) -> bytes | None:
        """Take the oldest message."""
        with self._guard():
            write, pull = self._head()
            message = self._read(pull)
            if message is not None:
                self._write(pull, None)
                self._set_head(write, (pull + 1) % self.slots)
            return message

    def pop(self) -> bytes | None:
        """Take the newest message."""
        with self._guard():
            write, pull = self._head()
            newest = (write - 1) % self.slots
            message = self._read(newest)
            if message is not None:
                self._write(newest, None)
                self._set_head(newest, pull)
            return message

    def last(self, count: int) -> list[bytes | None]:
        """Return the newest *count* messages, newest first, without taking them."""
        with self._guard():
            write = self._head()[0]
            return [self._read((write - 1 - back) % self.slots) for back in range(min(count, self.slots))]

    def get(self, slot: int) -> bytes | None:
        """Return the message of a slot without taking it."""
        if not 0 <= slot < self.slots:
            return None
        with self._guard():
            return self._read(slot)

    def set(self, slot: int, message: bytes) -> bool:
        """Put a message into a slot; False if there is no such slot, or it is too long."""
        if not 0 <= slot < self.slots or len(message) > longest_message(self._blocksize):
            return False
        with self._guard():
            self._write(slot, message)
            return True

    def slot(self) -> int:
        """Return the slot that the next push writes."""
        return self._head()[0]

    def pull_slot(self) -> int:
        """Return the slot that the next pull takes."""
        return self._head()[1]

    def _head(self) -> tuple[int, int]:
        write, pull = _HEAD.unpack_from(self._memory, 0)
        return write, pull

    def _set_head(self, write: int, pull: int) -> None:
        _HEAD.pack_into(self._memory, 0, write, pull)

    def _read(self, slot: int) -> bytes | None:
        at = _HEAD.size + slot * self._blocksize
        length: int = _LENGTH.unpack_from(self._memory, at)[0]
        if not length:
            return None
        return self._memory[at + _LENGTH.size : at + _LENGTH.size + length - 1]

    def _write(self, slot: int, message: bytes | None) -> None:
        at = _HEAD.size + slot * self._blocksize
        if message is None:
            _LENGTH.pack_into(self._memory, at, 0)
            return
        self._memory[at + _LENGTH.size : at + _LENGTH.size + len(message)] = message
        _LENGTH.pack_into(self._memory, at, len(message) + 1)
