"""Make new greenlets cheap: keep freed interpreter stack chunks for the next one.

Since CPython 3.11 the first Python frame of every greenlet costs an ``mmap``
and its end a ``munmap``.  Once installed, the cache answers both from a bounded
list.  The reasons for each decision are in docs/design/stack-cache.md.

This package imports the standard library only.
"""

from __future__ import annotations

from bridge._stackcache._cache import StackCache, Statistics
from bridge._stackcache._settings import DEFAULT_CHUNKS

__all__ = ["DEFAULT_CHUNKS", "Statistics", "available", "install", "statistics", "trim", "uninstall"]

_process_cache = StackCache()

available = _process_cache.available
install = _process_cache.install
uninstall = _process_cache.uninstall
trim = _process_cache.trim
statistics = _process_cache.statistics
