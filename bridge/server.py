"""gevent's own server classes, for code that builds on the bridge and imports no gevent.

They run wherever the hub runs: on the private loop of a plain gevent program, and as a guest of
asyncio or uvloop.
"""

from __future__ import annotations

from gevent import GreenletExit
from gevent.server import StreamServer
from gevent.socket import wait_write

__all__ = ["GreenletExit", "StreamServer", "wait_write"]
