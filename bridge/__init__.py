"""gevent and asyncio on one loop.

Importing this package makes gevent use the bridge's event loop: gevent's hub
becomes a guest on whatever asyncio or uvloop loop runs, or drives a private
one.  Greenlets and tasks can then wait for each other.

Threads: each native thread has a hub of its own, and a greenlet belongs to the
thread that started it.  Calls act on the thread they are made in, unless they
say otherwise.

Forks: timers and watchers of the thread that forked go on in the child, on a
loop of its own; asyncio loops and tasks of before the fork stay the parent's.
"""

from __future__ import annotations

import _bridge_pure

_bridge_pure.install_if_asked()

from bridge import _stackcache
from bridge._blocking import watch_blocking
from bridge._errors import BridgeError, LoopSelectionError, NoHostLoopError, WrongContextError
from bridge._interop.adapters import async_to_sync, sync_to_async
from bridge._interop.green import create_green_task, green, green_task_factory
from bridge._interop.greenlet_future import future
from bridge._interop.spawned import spawn
from bridge._interop.wait import wait
from bridge._quick_poll import install_quick_poll
from bridge._select import select_loop
from bridge._tree import format_tree, tree_of
from bridge._version import __version__
from bridge.monkey import patch_all, repair_asyncio
from bridge.run import attach, new_event_loop, run
from bridge.sync import (
    BoundedSemaphore,
    Condition,
    Event,
    LifoQueue,
    Lock,
    PriorityQueue,
    Queue,
    QueueEmpty,
    QueueFull,
    QueueShutDown,
    RLock,
    Semaphore,
    WouldBlock,
)

__all__ = [
    "BoundedSemaphore",
    "BridgeError",
    "Condition",
    "Event",
    "LifoQueue",
    "Lock",
    "LoopSelectionError",
    "NoHostLoopError",
    "PriorityQueue",
    "Queue",
    "QueueEmpty",
    "QueueFull",
    "QueueShutDown",
    "RLock",
    "Semaphore",
    "WouldBlock",
    "WrongContextError",
    "__version__",
    "async_to_sync",
    "attach",
    "create_green_task",
    "format_tree",
    "future",
    "green",
    "green_task_factory",
    "new_event_loop",
    "patch_all",
    "run",
    "spawn",
    "sync_to_async",
    "tree_of",
    "wait",
    "watch_blocking",
]

select_loop()
_stackcache.install()
repair_asyncio()
install_quick_poll()
