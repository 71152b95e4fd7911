"""What the ``_nowait`` methods raise, caught by code written for either side."""

from __future__ import annotations

import asyncio
import queue
import sys

from bridge._errors import BridgeError

__all__ = ["QueueEmpty", "QueueFull", "QueueShutDown", "WouldBlock"]


class WouldBlock(BridgeError):
    """A ``_nowait`` call would have to wait."""


class QueueEmpty(WouldBlock, queue.Empty, asyncio.QueueEmpty):
    """There is no item now; ``except queue.Empty`` and ``except asyncio.QueueEmpty`` catch it too."""


class QueueFull(WouldBlock, queue.Full, asyncio.QueueFull):
    """There is no room now; ``except queue.Full`` and ``except asyncio.QueueFull`` catch it too."""


if sys.version_info >= (3, 13):

    class QueueShutDown(BridgeError, queue.ShutDown, asyncio.QueueShutDown):
        """The queue was shut down; ``queue.ShutDown`` and ``asyncio.QueueShutDown`` catch it too."""

else:

    class QueueShutDown(BridgeError):
        """The queue was shut down (the standard library has such an error since Python 3.13)."""
