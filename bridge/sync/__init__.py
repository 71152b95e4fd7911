"""Primitives that tasks, greenlets and native threads share: one object, every side.

The plain name parks a greenlet (or a thread without greenlets); the name with
an ``a`` in front is a coroutine for tasks.

Threads: any object may be used in any thread, made at import time, and used in
one asyncio loop after the other.  Forks: nobody may wait, or hold a lock, while
the process forks; a child had better make its own.

Imports ``_errors``, ``_compat``,
``_interop.place``, ``_hub.hosts`` and ``_pristine.threads`` of this package.
"""

from __future__ import annotations

from bridge.sync._errors import QueueEmpty, QueueFull, QueueShutDown, WouldBlock
from bridge.sync._queue_core import QueueStatistics
from bridge.sync._wait_queue import Waiting
from bridge.sync.condition import Condition, ConditionStatistics
from bridge.sync.event import Event, EventStatistics
from bridge.sync.lock import Lock, LockStatistics, RLock
from bridge.sync.queue import LifoQueue, PriorityQueue, Queue
from bridge.sync.semaphore import BoundedSemaphore, Semaphore, SemaphoreStatistics

__all__ = [
    "BoundedSemaphore",
    "Condition",
    "ConditionStatistics",
    "Event",
    "EventStatistics",
    "LifoQueue",
    "Lock",
    "LockStatistics",
    "PriorityQueue",
    "Queue",
    "QueueEmpty",
    "QueueFull",
    "QueueShutDown",
    "QueueStatistics",
    "RLock",
    "Semaphore",
    "SemaphoreStatistics",
    "Waiting",
    "WouldBlock",
]
