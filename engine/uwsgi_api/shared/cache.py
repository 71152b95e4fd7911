"""A table of keys and values in shared memory (uWSGI ``--cache2``).

An index of buckets leads to items; each item has one block for its value.
Everything but the data itself is under one :class:`Guard`.  A process that dies
inside it leaves the mark DIRTY; whoever comes next starts with an empty table.
"""

from __future__ import annotations

import random
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from engine.uwsgi_api.numbers import NUMBER_SIZE, number_in, to_value
from engine.uwsgi_api.shared.range_lock import Guard
from engine.uwsgi_api.shared.segments import Segment

__all__ = ["Cache", "CacheSettings"]

_HEAD: Final = struct.Struct(
    "=QQQQQQQd"
)  # format, dirty, items in use, free list, hits, misses, full, changed
_HEAD_SIZE: Final = 128
_FORMAT: Final = 0x6765_0001
_ITEM: Final = struct.Struct(
    "=IIIIQdQ"
)  # hash, key length, in use, next free, value length, expires, last use
_BUCKET: Final = struct.Struct("=I")  # item number + 1; 0: empty
_SAMPLE: Final = 16  # items looked at to find one that was not used for long


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """One cache; sizes in bytes.

    :param purge_lru: a full cache forgets an item that was not used for long, instead of refusing
    :param store: keep the cache in this file
    """

    name: str
    items: int
    blocksize: int = 65536
    keysize: int = 2048
    purge_lru: bool = False
    store: str = ""

    def size(self) -> int:
        """How much memory the cache has; pages that were never used cost nothing."""
        item = _ITEM.size + self.keysize + self.blocksize
        return _HEAD_SIZE + self.buckets() * _BUCKET.size + self.items * item

    def buckets(self) -> int:
        """How many entries the index has: a power of two, at most half full."""
        return 1 << (2 * self.items - 1).bit_length()

    def takes(self, key: bytes, size: int) -> bool:
        """Whether a key may have a value of *size* bytes; an empty key has none, as in uWSGI."""
        return 0 < len(key) <= self.keysize and size <= self.blocksize


class Cache:
    """One cache; any process, thread and greenlet.

    :param clock: seconds since 1970
    """

    def __init__(
        self, settings: CacheSettings, segment: Segment, guard: Guard, clock: Callable[[], float] = time.time
    ) -> None:
        self.settings = settings
        self._memory = segment.memory
        self._guard = guard
        self._clock = clock
        self._mask = settings.buckets() - 1
        self._items_at = _HEAD_SIZE + settings.buckets() * _BUCKET.size
        self._stride = _ITEM.size + settings.keysize
        self._blocks_at = self._items_at + settings.items * self._stride
        with guard():
            head = _HEAD.unpack_from(self._memory, 0)
            if head[0] != _FORMAT or head[1]:
                self._clear()

    # -- what uwsgi offers ---------------------------------------------------------------

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key; None if there is none."""
        with self._changing(dirty=False):
            found = self._live(key)
            if found is None:
                self._count(5)
                return None
            self._count(4)
            item = found[1]
            self._touch(item)
            return self._value(item)

    def put(self, key: bytes, value: bytes, expires: float = 0, replace: bool = False) -> bool:
        """Set a key; False if it exists and is not to be replaced, or if there is no room.

        :param expires: seconds from now; 0 means never
        """
        if not self.settings.takes(key, len(value)):
            return False
        with self._changing():
            found = self._live(key)
            if found is not None and not replace:
                return False
            item = found[1] if found is not None else self._new_item(key)
            if item < 0:
                self._count(6)
                return False
            self._store(item, key, value, expires)
            return True

    def delete(self, key: bytes) -> bool:
        """Forget a key; False if there was none."""
        with self._changing():
            found = self._live(key)
            if found is None:
                return False
            self._remove(*found)
            return True

    def exists(self, key: bytes) -> bool:
        """Whether a key has a value."""
        with self._changing(dirty=False):
            return self._live(key) is not None

    def change(self, key: bytes, how: Callable[[int], int], expires: float = 0) -> bool:
        """Change a 64-bit number in one step; a key that is missing counts as 0.

        :return: False if there is no room, for the number or for its key
        """
        if not self.settings.takes(key, NUMBER_SIZE):
            return False
        with self._changing():
            found = self._live(key)
            item = found[1] if found is not None else self._new_item(key)
            if item < 0:
                return False
            before = number_in(self._value(item)) if found is not None else 0
            self._store(item, key, to_value(how(before)), expires)
            return True

    def add(self, key: bytes, n: int, expires: float = 0) -> bool:
        """Add to a 64-bit number in one step; a key that is missing counts as 0."""
        return self.change(key, lambda before: before + n, expires)

    def number(self, key: bytes) -> int:
        """Return a number that was made by :meth:`change`; 0 if there is none."""
        value = self.get(key)
        return 0 if value is None else number_in(value)

    def keys(self) -> list[bytes]:
        """Return all keys."""
        with self._changing(dirty=False):
            now = self._clock()
            return [self._key(item) for item in self._in_use() if not self._is_over(item, now)]

    def clear(self) -> None:
        """Forget everything."""
        with self._changing():
            self._clear()

    def statistics(self) -> dict[str, int]:
        """Return counts ``items hits miss full``, and ``changed``: when, in seconds since 1970."""
        head = _HEAD.unpack_from(self._memory, 0)
        return {"items": head[2], "hits": head[4], "miss": head[5], "full": head[6], "changed": int(head[7])}

    # -- under the guard -------------------------------------------------------------------

    @contextmanager
    def _changing(self, dirty: bool = True) -> Iterator[None]:
        with self._guard():
            if self._field(1):
                self._clear()  # somebody died in here
            if dirty:
                self._set_field(1, 1)
            yield
            if dirty:
                self._set_field(1, 0)

    def _field(self, index: int) -> int:
        number: int = struct.unpack_from("=Q", self._memory, index * 8)[0]
        return number

    def _set_field(self, index: int, value: int) -> None:
        struct.pack_into("=Q", self._memory, index * 8, value)

    def _count(self, index: int) -> None:
        self._set_field(index, self._field(index) + 1)

    def _clear(self) -> None:
        index = self.settings.buckets() * _BUCKET.size
        self._memory[_HEAD_SIZE : _HEAD_SIZE + index] = bytes(index)
        last = self.settings.items - 1
        for item in range(self.settings.items):
            following = 0 if item == last else item + 2
            _ITEM.pack_into(self._memory, self._at(item), 0, 0, 0, following, 0, 0.0, 0)
        _HEAD.pack_into(self._memory, 0, _FORMAT, 0, 0, 1, 0, 0, 0, self._clock())

    def _at(self, item: int) -> int:
        return self._items_at + item * self._stride

    def _key(self, item: int) -> bytes:
        at = self._at(item)
        length: int = _ITEM.unpack_from(self._memory, at)[1]
        return self._memory[at + _ITEM.size : at + _ITEM.size + length]

    def _value(self, item: int) -> bytes:
        length: int = _ITEM.unpack_from(self._memory, self._at(item))[4]
        at = self._blocks_at + item * self.settings.blocksize
        return self._memory[at : at + length]

    def _is_over(self, item: int, now: float) -> bool:
        expires: float = _ITEM.unpack_from(self._memory, self._at(item))[5]
        return bool(expires) and expires <= now

    def _touch(self, item: int) -> None:
        at = self._at(item)
        fields = _ITEM.unpack_from(self._memory, at)
        _ITEM.pack_into(self._memory, at, *fields[:6], time.monotonic_ns())

    def _bucket(self, place: int) -> int:
        item: int = _BUCKET.unpack_from(self._memory, _HEAD_SIZE + place * _BUCKET.size)[0]
        return item - 1

    def _set_bucket(self, place: int, item: int) -> None:
        _BUCKET.pack_into(self._memory, _HEAD_SIZE + place * _BUCKET.size, item + 1)

    def _find(self, key: bytes) -> tuple[int, int]:
        """Return (place, item) of a key; item -1 where it would have to be put."""
        hashed = zlib.crc32(key)
        place = hashed & self._mask
        while True:
            item = self._bucket(place)
            if item < 0:
                return place, -1
            if _ITEM.unpack_from(self._memory, self._at(item))[0] == hashed and self._key(item) == key:
                return place, item
            place = (place + 1) & self._mask

    def _live(self, key: bytes) -> tuple[int, int] | None:
        place, item = self._find(key)
        if item < 0:
            return None
        if self._is_over(item, self._clock()):
            self._remove(place, item)
            return None
        return place, item

    def _new_item(self, key: bytes) -> int:
        if not self._field(3):
            self._make_room()
        item = self._field(3) - 1
        if item < 0:
            return -1
        following: int = _ITEM.unpack_from(self._memory, self._at(item))[3]
        self._set_field(3, following)
        self._set_field(2, self._field(2) + 1)
        self._set_bucket(self._find(key)[0], item)
        return item

    def _store(self, item: int, key: bytes, value: bytes, expires: float) -> None:
        now = self._clock()
        at = self._at(item)
        until = now + expires if expires > 0 else 0.0
        _ITEM.pack_into(
            self._memory, at, zlib.crc32(key), len(key), 1, 0, len(value), until, time.monotonic_ns()
        )
        self._memory[at + _ITEM.size : at + _ITEM.size + len(key)] = key
        block = self._blocks_at + item * self.settings.blocksize
        self._memory[block : block + len(value)] = value
        struct.pack_into("=d", self._memory, 56, now)

    def _remove(self, place: int, item: int) -> None:
        self._set_bucket(place, -1)
        self._close_gap(place)
        _ITEM.pack_into(self._memory, self._at(item), 0, 0, 0, self._field(3), 0, 0.0, 0)
        self._set_field(3, item + 1)
        self._set_field(2, self._field(2) - 1)

    def _close_gap(self, gap: int) -> None:
        """Move later entries of the run forward, so that no search ends at the gap too early."""
        place = gap
        while True:
            place = (place + 1) & self._mask
            item = self._bucket(place)
            if item < 0:
                return
            home = _ITEM.unpack_from(self._memory, self._at(item))[0] & self._mask
            if (place - home) & self._mask >= (place - gap) & self._mask:
                self._set_bucket(gap, item)
                self._set_bucket(place, -1)
                gap = place

    def _in_use(self) -> Iterator[int]:
        for item in range(self.settings.items):
            if _ITEM.unpack_from(self._memory, self._at(item))[2]:
                yield item

    def _make_room(self) -> None:
        now = self._clock()
        over = [self._key(item) for item in self._in_use() if self._is_over(item, now)]
        for key in over:
            self._remove(*self._find(key))
        if over or not self.settings.purge_lru:
            return
        count = self.settings.items
        some = range(count) if count <= _SAMPLE else random.sample(range(count), _SAMPLE)
        oldest = min(some, key=lambda item: _ITEM.unpack_from(self._memory, self._at(item))[6])
        self._remove(*self._find(self._key(oldest)))
