"""Functions on shared areas: memory that the processes of one server read and write as they like."""

from __future__ import annotations

import struct
from typing import Final

from engine.uwsgi_api.public import public
from engine.uwsgi_api.store import Area
from engine.uwsgi_api.store_calls import StoreCalls
from engine.uwsgi_api.texts import to_bytes

__all__ = ["AreaCalls"]

_NUMBERS: Final = {
    size: struct.Struct(form) for size, form in ((8, "=B"), (16, "=H"), (32, "=I"), (64, "=Q"))
}
_SIGNED: Final = {size: struct.Struct(form) for size, form in ((8, "=b"), (16, "=h"), (32, "=i"), (64, "=q"))}


class AreaCalls(StoreCalls):
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
