"""Functions on what processes share: locks, caches, the queue, areas, metrics."""

from __future__ import annotations

import operator
import struct
import sys
from collections.abc import Callable
from typing import Final

from engine.uwsgi_api.cluster.caches import SharedCache
from engine.uwsgi_api.cluster.locks import SharedLock
from engine.uwsgi_api.cluster.ring import SharedRing
from engine.uwsgi_api.instance import Instance
from engine.uwsgi_api.public import public
from engine.uwsgi_api.remote_cache import RemoteCache
from engine.uwsgi_api.shared.cache import Cache
from engine.uwsgi_api.shared.ring import Ring
from engine.uwsgi_api.shared.user_lock import UserLock
from engine.uwsgi_api.store import Area, Store
from engine.uwsgi_api.texts import to_bytes

__all__ = ["AreaCalls", "CacheCalls", "LockCalls", "MetricCalls", "QueueCalls"]


class Shared:
    """What the groups below have in common."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def _store(self) -> Store:
        store: Store | None = self._instance.store
        if store is None:
            raise NotImplementedError(f"memory shared between processes needs Linux, not {sys.platform}")
        return store


class LockCalls(Shared):
    """Locks between processes"""

    def _lock(self, number: int) -> UserLock | SharedLock:
        locks = self._store().locks
        number = operator.index(number)
        if not 0 <= number < len(locks):
            raise ValueError("Invalid lock number")
        if self._instance.is_spooler:
            raise ValueError("The spooler cannot lock/unlock resources")
        return locks[number]

    @public("P1", differs="parks the calling greenlet only, so two greenlets of a worker cannot deadlock it")
    def lock(self, num: int = 0, /) -> None:
        """Take one of the ``--locks``; the kernel frees it if this process dies."""
        self._lock(num).acquire()

    @public("P1")
    def unlock(self, num: int = 0, /) -> None:
        """Let go of a lock; nothing happens if this process does not have it."""
        self._lock(num).release()

    @public("P1")
    def is_locked(self, num: int = 0, /) -> bool:
        """Whether anybody has a lock."""
        return self._lock(num).is_locked()

    @public("P2", differs="not in uWSGI; 0 without --shared")
    def lock_fence(self, num: int = 0, /) -> int:
        """Number of the last time this process took a lock; later holders anywhere have larger ones."""
        lock = self._lock(num)
        return lock.fence if isinstance(lock, SharedLock) else 0


class CacheCalls(Shared):
    """Caches"""

    def _cache(self, name: str | bytes | None) -> Cache | SharedCache | RemoteCache | None:
        text = name.decode() if isinstance(name, bytes) else name
        if text is not None and "@" in text:
            there, _, node = text.partition("@")
            return RemoteCache(there, node, self._instance.log)
        caches = self._store().caches
        if text is None:
            if not caches and not self._instance.warned_of_cache:
                self._instance.warned_of_cache = True
                self._instance.log(
                    "uwsgi.cache_* is called, but there is no cache: give --cache2 name=x,items=N"
                )
            return next(iter(caches.values()), None)
        return caches.get(text)

    @public("P1", differs="of another server (name@host:port) it parks the calling greenlet only")
    def cache_get(self, key: str | bytes, cache: str | None = None, /) -> bytes | None:
        """The value of a key, or None."""
        found = self._cache(cache)
        return None if found is None else found.get(to_bytes(key, "key"))

    @public("P1")
    def cache_set(
        self, key: str | bytes, value: str | bytes, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Set a key that is not there yet, for *expires* seconds or for ever; None if it is there."""
        return self._put(key, value, expires, cache, replace=False)

    @public("P1")
    def cache_update(
        self, key: str | bytes, value: str | bytes, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Set a key, whether it is there or not."""
        return self._put(key, value, expires, cache, replace=True)

    def _put(
        self, key: str | bytes, value: str | bytes, expires: int, cache: str | None, replace: bool
    ) -> bool | None:
        found = self._cache(cache)
        if found is None:
            return None
        return found.put(to_bytes(key, "key"), to_bytes(value, "value"), expires, replace) or None

    @public("P1")
    def cache_del(self, key: str | bytes, cache: str | None = None, /) -> bool | None:
        """Forget a key; None if there was none."""
        found = self._cache(cache)
        return None if found is None else found.delete(to_bytes(key, "key")) or None

    @public("P1")
    def cache_exists(self, key: str | bytes, cache: str | None = None, /) -> bool | None:
        """True if a key is there, else None."""
        found = self._cache(cache)
        return None if found is None else found.exists(to_bytes(key, "key")) or None

    @public("P1")
    def cache_clear(self, cache: str | None = None, /) -> bool | None:
        """Forget everything."""
        found = self._cache(cache)
        if found is None:
            return None
        found.clear()
        return True

    @public("P1")
    def cache_keys(self, cache: str | None = None, /) -> list[bytes]:
        """All keys."""
        found = self._cache(cache)
        if found is None:
            raise ValueError("no local uWSGI cache available")
        return found.keys()

    @public("P1")
    def cache_num(self, key: str | bytes, cache: str | None = None, /) -> int:
        """The number that ``cache_inc`` and so on made; 0 if there is none."""
        found = self._cache(cache)
        return 0 if found is None else found.number(to_bytes(key, "key"))

    def _change(
        self, key: str | bytes, how: Callable[[int], int], expires: int, cache: str | None
    ) -> bool | None:
        found = self._cache(cache)
        return None if found is None else found.change(to_bytes(key, "key"), how, expires) or None

    @public("P1", differs="not of another server, where uWSGI overwrites the number")
    def cache_inc(
        self, key: str | bytes, n: int = 1, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Add to a number, in one step."""
        found = self._cache(cache)
        return None if found is None else found.add(to_bytes(key, "key"), n, expires) or None

    @public("P1")
    def cache_dec(
        self, key: str | bytes, n: int = 1, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Take from a number, in one step."""
        found = self._cache(cache)
        return None if found is None else found.add(to_bytes(key, "key"), -n, expires) or None

    @public("P1")
    def cache_mul(
        self, key: str | bytes, n: int = 2, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Multiply a number, in one step."""
        return self._change(key, lambda before: before * n, expires, cache)

    @public("P1")
    def cache_div(
        self, key: str | bytes, n: int = 2, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Divide a number, in one step."""
        return self._change(key, lambda before: before // n if n else 0, expires, cache)


class QueueCalls(Shared):
    """The queue"""

    def _queue(self) -> Ring | SharedRing:
        queue = self._store().queue
        if queue is None:
            raise ValueError("there is no queue: give --queue with the number of slots")
        return queue

    @public("P1", differs="a full queue gives up its oldest message")
    def queue_push(self, message: bytes, /) -> bool | None:
        """Add a message; None if it is longer than ``--queue-blocksize``."""
        return self._queue().push(to_bytes(message, "message")) or None

    @public("P1")
    def queue_pull(self) -> bytes | None:
        """Take the oldest message, or None."""
        return self._queue().pull()

    @public("P1")
    def queue_pop(self) -> bytes | None:
        """Take the newest message, or None."""
        return self._queue().pop()

    @public("P1")
    def queue_last(self, n: int = 0, /) -> bytes | list[bytes | None] | None:
        """The newest message; with *n* a list of the newest ones."""
        queue = self._queue()
        return queue.last(n) if n else queue.last(1)[0]

    @public("P1")
    def queue_get(self, slot: int, /) -> bytes | None:
        """The message of a slot, or None."""
        return self._queue().get(slot)

    @public("P1")
    def queue_set(self, slot: int, message: bytes, /) -> bool | None:
        """Put a message into a slot."""
        return self._queue().set(slot, to_bytes(message, "message")) or None

    @public("P1")
    def queue_slot(self) -> int:
        """The slot that the next push writes."""
        return self._queue().slot()

    @public("P1")
    def queue_pull_slot(self) -> int:
        """The slot that the next pull takes."""
        return self._queue().pull_slot()


_NUMBERS: Final = {
    size: struct.Struct(form) for size, form in ((8, "=B"), (16, "=H"), (32, "=I"), (64, "=Q"))
}
_SIGNED: Final = {size: struct.Struct(form) for size, form in ((8, "=b"), (16, "=h"), (32, "=i"), (64, "=q"))}


class AreaCalls(Shared):
    """Shared areas"""

    def _area(self, number: int) -> Area:
        areas = self._store().areas
        if not 0 <= number < len(areas):
            raise ValueError(
                f"error calling uwsgi_sharedarea: there is no area {number}, this server has {len(areas)}"
            )
        return areas[number]

    def _span(self, number: int, position: int, length: int) -> Area:
        area = self._area(number)
        if position < 0 or length < 0 or position + length > area.size:
            raise ValueError(
                f"error calling uwsgi_sharedarea: bytes {position} to {position + length} are outside of "
                f"area {number}"
            )
        return area

    @public("P1")
    def sharedarea_read(self, id: int, pos: int, length: int = 0, /) -> bytes:
        """Bytes of an area; without *length* up to its end."""
        length = length or self._area(id).size - pos
        area = self._span(id, pos, length)
        return area.memory[pos : pos + length]

    @public("P1")
    def sharedarea_write(self, id: int, pos: int, data: str | bytes, /) -> None:
        """Write bytes into an area."""
        raw = to_bytes(data, "data")
        area = self._span(id, pos, len(raw))
        area.memory[pos : pos + len(raw)] = raw

    def _get(self, size: int, id: int, pos: int) -> int:
        value: int = _SIGNED[size].unpack_from(self._span(id, pos, size // 8).memory, pos)[0]
        return value

    def _put(self, size: int, id: int, pos: int, value: int) -> None:
        _NUMBERS[size].pack_into(self._span(id, pos, size // 8).memory, pos, value & ((1 << size) - 1))

    def _add(self, size: int, id: int, pos: int, n: int) -> None:
        store = self._store()
        with store.area_guard():
            self._put(size, id, pos, self._get(size, id, pos) + n)

    @public("P1", "sharedarea_readbyte")
    def sharedarea_read8(self, id: int, pos: int, /) -> int:
        """A signed byte."""
        return self._get(8, id, pos)

    @public("P1")
    def sharedarea_read16(self, id: int, pos: int, /) -> int:
        """A signed number of 2 bytes."""
        return self._get(16, id, pos)

    @public("P1")
    def sharedarea_read32(self, id: int, pos: int, /) -> int:
        """A signed number of 4 bytes."""
        return self._get(32, id, pos)

    @public("P1", "sharedarea_readlong")
    def sharedarea_read64(self, id: int, pos: int, /) -> int:
        """A signed number of 8 bytes."""
        return self._get(64, id, pos)

    @public("P1", "sharedarea_writebyte")
    def sharedarea_write8(self, id: int, pos: int, value: int, /) -> None:
        """Write a byte."""
        self._put(8, id, pos, value)

    @public("P1")
    def sharedarea_write16(self, id: int, pos: int, value: int, /) -> None:
        """Write 2 bytes."""
        self._put(16, id, pos, value)

    @public("P1")
    def sharedarea_write32(self, id: int, pos: int, value: int, /) -> None:
        """Write 4 bytes."""
        self._put(32, id, pos, value)

    @public("P1", "sharedarea_writelong")
    def sharedarea_write64(self, id: int, pos: int, value: int, /) -> None:
        """Write 8 bytes."""
        self._put(64, id, pos, value)

    @public("P1")
    def sharedarea_inc32(self, id: int, pos: int, n: int = 1, /) -> None:
        """Add to 4 bytes, in one step."""
        self._add(32, id, pos, n)

    @public("P1", "sharedarea_inclong")
    def sharedarea_inc64(self, id: int, pos: int, n: int = 1, /) -> None:
        """Add to 8 bytes, in one step."""
        self._add(64, id, pos, n)

    @public("P1")
    def sharedarea_dec32(self, id: int, pos: int, n: int = 1, /) -> None:
        """Take from 4 bytes, in one step."""
        self._add(32, id, pos, -n)

    @public("P1", "sharedarea_declong")
    def sharedarea_dec64(self, id: int, pos: int, n: int = 1, /) -> None:
        """Take from 8 bytes, in one step."""
        self._add(64, id, pos, -n)

    @public("P1", differs="exclusive, as wlock; parks the calling greenlet only")
    def sharedarea_rlock(self, id: int, /) -> None:
        """Lock an area for reading."""
        self._area(id).lock.acquire()

    @public("P1", differs="parks the calling greenlet only")
    def sharedarea_wlock(self, id: int, /) -> None:
        """Lock an area for writing."""
        self._area(id).lock.acquire()

    @public("P1")
    def sharedarea_unlock(self, id: int, /) -> None:
        """Let go of an area's lock."""
        self._area(id).lock.release()

    @public("P1", "sharedarea_object")
    def sharedarea_memoryview(self, id: int, /) -> memoryview:
        """The memory of an area itself."""
        return memoryview(self._area(id).memory)


def _quotient(dividend: int, divisor: int) -> int:
    """Divide as C does: towards 0."""
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


class MetricCalls(Shared):
    """Metrics"""

    def _change(self, name: str | bytes, how: Callable[[int], int]) -> bool | None:
        return self._store().metrics.change(to_bytes(name, "name"), how) or None

    @public("P1", differs="any name may be used; it need not be declared with --metric")
    def metric_get(self, name: str | bytes, /) -> int:
        """A number that all processes share; 0 if nobody has set it.

        With ``--enable-metrics`` also those of the server, as of about a second ago.
        """
        return self._store().metrics.get(to_bytes(name, "name"))

    @public("P1")
    def metric_set(self, name: str | bytes, value: int, /) -> bool | None:
        """Set a number; None if it is one that the server finds out."""
        return self._change(name, lambda before: value)

    @public("P1")
    def metric_inc(self, name: str | bytes, n: int = 1, /) -> bool | None:
        """Add to a number, in one step."""
        return self._change(name, lambda before: before + n)

    @public("P1")
    def metric_dec(self, name: str | bytes, n: int = 1, /) -> bool | None:
        """Take from a number, in one step."""
        return self._change(name, lambda before: before - n)

    @public("P1")
    def metric_mul(self, name: str | bytes, n: int = 1, /) -> bool | None:
        """Multiply a number, in one step."""
        return self._change(name, lambda before: before * n)

    @public("P1")
    def metric_div(self, name: str | bytes, n: int = 1, /) -> bool | None:
        """Divide a number, in one step; None if *n* is 0."""
        return self._change(name, lambda before: _quotient(before, n)) if n else None

    @public("P1")
    def metric_set_max(self, name: str | bytes, value: int, /) -> bool | None:
        """Set a number to the larger of the two."""
        return self._change(name, lambda before: max(before, value))

    @public("P1")
    def metric_set_min(self, name: str | bytes, value: int, /) -> bool | None:
        """Set a number to the smaller of the two."""
        return self._change(name, lambda before: min(before, value))
