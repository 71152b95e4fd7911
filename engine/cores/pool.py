"""N cores and a queue; no I/O, no greenlets.

A core is a right to run one request (uWSGI ``--gevent N``).  Idle connections
and half-sent requests hold none.  When all cores are busy, requests wait in
the order they arrived.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

__all__ = ["CorePool", "PoolStatistics"]


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """A snapshot of a pool."""

    cores: int
    busy: int
    waiting: int


class CorePool:
    """Core numbers 0 to N-1 and the requests that hold or await one; one thread."""

    __slots__ = ("_free", "_waiting", "running", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        # A stack, the highest number first, as uWSGI hands them out.
        self._free = list(range(size))
        self._waiting: deque[Any] = deque()
        self.running: dict[int, Any] = {}

    def take(self, request: Any) -> int | None:
        """Give *request* a core and return its number; None means it was queued."""
        if self._free and not self._waiting:
            core = self._free.pop()
            self.running[core] = request
            return core
        self._waiting.append(request)
        return None

    def release(self, core: int) -> Any:
        """Give a core back; return the request that holds it now, if one was waiting."""
        if self._waiting:
            request = self._waiting.popleft()
            self.running[core] = request
            return request
        del self.running[core]
        self._free.append(core)
        return None

    def withdraw(self, request: Any) -> bool:
        """Take a request out of the queue (its client left); False if it is not queued."""
        try:
            self._waiting.remove(request)
        except ValueError:
            return False
        return True

    def is_full(self) -> bool:
        """Whether the next request would have to wait."""
        return not self._free or bool(self._waiting)

    def busy_cores(self) -> int:
        """How many cores are taken; ``running`` holds ASGI requests too, which take none."""
        return self.size - len(self._free)

    def is_idle(self) -> bool:
        """Whether no request runs or waits."""
        return not self.running and not self._waiting

    def statistics(self) -> PoolStatistics:
        """Return a snapshot."""
        return PoolStatistics(self.size, len(self.running), len(self._waiting))

    def __repr__(self) -> str:
        return f"<CorePool {len(self.running)}/{self.size} busy, {len(self._waiting)} waiting>"
