"""The bridge's exception tree.  Every message ends with what to do next.

This module imports nothing from the package: it is the lowest rank.
"""

from __future__ import annotations

__all__ = ["BridgeError", "LoopSelectionError", "NoHostLoopError", "WrongContextError"]


class BridgeError(Exception):
    """Base of all errors that ``bridge`` raises by itself."""


class LoopSelectionError(BridgeError):
    """gevent already made a hub on another event loop, so the bridge cannot be its loop."""


class WrongContextError(BridgeError, RuntimeError):
    """A function was called from the wrong side: in a task instead of a greenlet, or the reverse."""


class NoHostLoopError(BridgeError, RuntimeError):
    """A function needs a running asyncio loop and there is none in this thread."""
