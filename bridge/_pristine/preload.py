"""Modules that a native worker thread would import by itself, imported beforehand.

Locks of imports are gevent's once ``_thread`` is patched.  A worker that waits
for one needs a hub; making a hub imports modules by name (``GEVENT_*``
settings); that import waits for a lock, and so on until the stack ends.
Seen on CPython 3.12: several workers that make their first patched call at once.
"""

from __future__ import annotations

import importlib
from typing import Final

__all__ = ["preload"]

# For: the hub's default format_context, its thread pool and resolver, socket.getaddrinfo("name").
_MODULES: Final = ("pprint", "gevent.threadpool", "gevent.resolver.thread", "encodings.idna")


def preload() -> None:
    """Import them; call when threads are patched."""
    for name in _MODULES:
        importlib.import_module(name)
