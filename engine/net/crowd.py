"""How many connections one worker has, and who must go when there are too many."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

__all__ = ["Crowd"]

_PATIENCE: Final = 1.0  # seconds a connection may wait before it must make room
_SHARE: Final = 4  # at most one in so many goes at once
_UNLIMITED: Final = 1 << 20  # where the system sets no limit of descriptors


class Client(Protocol):
    """A connection, as far as making room goes."""

    def waiting_since(self) -> float: ...
    def shed(self) -> None: ...


class Crowd:
    """The limit of one worker.

    Whoever waits longest without a request goes first: idle connections, whose clients expect that at
    any time (RFC 9112 section 9.5), and heads that do not end.  If nobody waits, no more are accepted.

    :param most: 0 means three quarters of the descriptors that the process may have
    """

    def __init__(self, most: int, log: Callable[[str], None]) -> None:
        self.most = most or max(16, _descriptors() * 3 // 4)
        self._log = log
        self._said_at = float("-inf")
        self.is_full = False
        self.on_full: Callable[[], None] | None = None
        self.on_room: Callable[[], None] | None = None

    def make_room(self, clients: Iterable[Client]) -> None:
        """Close some connections that wait."""
        now = time.monotonic()
        waiting = [
            (since, client) for client in clients if (since := client.waiting_since()) <= now - _PATIENCE
        ]
        waiting.sort(key=lambda pair: pair[0])
        going = waiting[: max(1, self.most // _SHARE)]
        if now >= self._said_at + 1.0:
            self._said_at = now
            self._log(
                f"{self.most} connections are open, the most there may be (--max-connections): "
                f"closing {len(going)} of {len(waiting)} that wait"
            )
        self.is_full = True
        if self.on_full is not None:
            self.on_full()
        for _, client in going:
            client.shed()

    def look(self, number: int) -> None:
        """*number* connections are left: is there room again?"""
        if number < self.most and self.is_full:
            self.is_full = False
            if self.on_room is not None:
                self.on_room()

    def __repr__(self) -> str:
        return f"<Crowd of at most {self.most}{', full' if self.is_full else ''}>"


def _descriptors() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _UNLIMITED if soft == resource.RLIM_INFINITY else min(soft, _UNLIMITED)
