"""One face for the compiled cache and for its absence."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

from bridge._stackcache import _pure
from bridge._stackcache._settings import MAXIMUM_CHUNKS, Settings

__all__ = ["StackCache", "Statistics"]


class Backend(Protocol):
    """What ``_native`` and ``_pure`` both have."""

    CHUNK_BYTES: int

    def install(self, chunks: int, /) -> bool: ...
    def uninstall(self) -> bool: ...
    def trim(self, keep: int, /) -> int: ...
    def counters(self) -> tuple[bool, int, int, int, int, int, int, int, int]: ...


@dataclass(frozen=True, slots=True)
class Statistics:
    """One moment of the cache.  The counters run from the start of the process.

    :param installed: freed chunks are being kept
    :param cached: chunks on the list now
    :param capacity: the most that may be on the list
    :param hits: chunks handed out from the list
    :param misses: chunks asked for while the list was empty
    :param kept: chunks put on the list
    :param overflows: chunks not kept because the list was full
    :param trimmed: chunks given back because they were not needed, or on request
    :param contended: calls that went past the cache because another thread was in it
    :param chunk_bytes: size of a chunk
    """

    installed: bool
    cached: int
    capacity: int
    hits: int
    misses: int
    kept: int
    overflows: int
    trimmed: int
    contended: int
    chunk_bytes: int


class StackCache:
    """The process's cache of freed data-stack chunks.

    There is one arena allocator in a process, so all objects of this class
    with the compiled backend show the same cache.  Every method may be called
    from any thread, greenlet, interpreter or forked child; none of them parks a greenlet.
    """

    def __init__(self, settings: Settings | None = None, *, pure: bool = False) -> None:
        self._settings = Settings.from_environment(os.environ) if settings is None else settings
        self._backend = _backend(pure or not self._settings.enabled)

    def __repr__(self) -> str:
        now = self.statistics()
        state = "installed" if now.installed else "not installed" if self.available() else "unavailable"
        return f"<StackCache {state}, {now.cached} of {now.capacity} chunks>"

    def available(self) -> bool:
        """Tell whether the compiled cache is here and not turned off by the environment."""
        return self._backend is not _pure

    def install(self, chunks: int | None = None) -> bool:
        """Keep freed chunks from now on; return whether that is so.

        Calling it again changes only the capacity, and only if one is given.
        False means that new greenlets work at the old speed: the compiled part
        is missing or turned off, or another arena allocator was put over ours.

        :param chunks: the most chunks to keep, 1 or more; otherwise BRIDGE_STACKCACHE_CHUNKS
        :raises ValueError: if chunks is out of range
        """
        if chunks is None:
            now = self.statistics()
            chunks = now.capacity if now.installed else self._settings.chunks
        elif not 1 <= chunks <= MAXIMUM_CHUNKS:
            raise ValueError(
                f"install(chunks={chunks}): the cache keeps 1 to {MAXIMUM_CHUNKS} chunks. "
                "To keep none, call uninstall() or set BRIDGE_STACKCACHE=0."
            )
        return self._backend.install(chunks)

    def uninstall(self) -> bool:
        """Keep nothing from now on and give every chunk back.

        Return False if another arena allocator was put over ours: then calls
        still pass through, unchanged.
        """
        return self._backend.uninstall()

    def trim(self, keep: int = 0) -> int:
        """Give chunks back to the system until `keep` are left; return how many went.

        The cache trims itself while greenlets come and go. This is for a
        process about to be idle.
        """
        if keep < 0:
            raise ValueError(f"trim(keep={keep}): give the number of chunks to leave, 0 or more.")
        return self._backend.trim(keep)

    def statistics(self) -> Statistics:
        """Return what the cache holds and has done."""
        return Statistics(*self._backend.counters(), chunk_bytes=self._backend.CHUNK_BYTES)


def _backend(pure: bool) -> Backend:
    if not pure:
        try:
            from bridge._stackcache import _native
        except ImportError:
            pass
        else:
            return _native
    return _pure
