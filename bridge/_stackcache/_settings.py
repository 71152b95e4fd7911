"""The two environment variables of the chunk cache, read once.

``BRIDGE_STACKCACHE=0``
    no cache.  ``BRIDGE_PURE=1``, which turns off every compiled part of the
    bridge, means the same here.
``BRIDGE_STACKCACHE_CHUNKS=N``
    keep at most N freed chunks of 16 KiB; 0 means no cache.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["DEFAULT_CHUNKS", "MAXIMUM_CHUNKS", "Settings"]

# 16 MiB of address space.  A small greenlet touches one or two pages of its
# chunk, so a full list holds 4 to 8 MiB of memory in practice.
DEFAULT_CHUNKS: Final = 1024

# 16 GiB: more is a mistake in the unit, not a wish.
MAXIMUM_CHUNKS: Final = 1024 * 1024

_OFF: Final = frozenset({"0", "no", "off", "false"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user asked for.

    :param enabled: may the cache be installed?
    :param chunks: the most freed chunks to keep
    """

    enabled: bool = True
    chunks: int = DEFAULT_CHUNKS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the variables; one that cannot be understood is ignored with a warning."""
        chunks = _chunks(environment.get("BRIDGE_STACKCACHE_CHUNKS", ""))
        switched_off = environment.get("BRIDGE_STACKCACHE", "").strip().lower() in _OFF
        pure = environment.get("BRIDGE_PURE", "").strip().lower() not in _OFF | {""}
        return cls(enabled=chunks > 0 and not switched_off and not pure, chunks=chunks)


def _chunks(text: str) -> int:
    text = text.strip()
    if not text:
        return DEFAULT_CHUNKS
    if text.isascii() and text.isdigit() and int(text) <= MAXIMUM_CHUNKS:
        return int(text)
    warnings.warn(
        f"BRIDGE_STACKCACHE_CHUNKS={text!r} is not a number from 0 to {MAXIMUM_CHUNKS}, "
        f"so {DEFAULT_CHUNKS} is used. Set it to how many 16 KiB chunks to keep, or unset it.",
        RuntimeWarning,
        stacklevel=2,
    )
    return DEFAULT_CHUNKS
