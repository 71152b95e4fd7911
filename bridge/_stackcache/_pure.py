"""What stands in for ``_native`` where it was not built: nothing is ever kept."""

from __future__ import annotations

from typing import Final

__all__ = ["CHUNK_BYTES", "counters", "install", "trim", "uninstall"]

CHUNK_BYTES: Final = 16 * 1024


def install(chunks: int, /) -> bool:
    """Return False: Python code cannot stand in front of the interpreter's allocator."""
    return False


def uninstall() -> bool:
    """Return True: the interpreter does not call the cache."""
    return True


def trim(keep: int, /) -> int:
    """Return 0: there is nothing to give back."""
    return 0


def counters() -> tuple[bool, int, int, int, int, int, int, int, int]:
    """Return the counters of a cache that was never used."""
    return (False, 0, 0, 0, 0, 0, 0, 0, 0)
