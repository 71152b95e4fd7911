"""Signals between the switchboard of this server and its link; in the master, or in the only process.

No Redis here: a master that waits for another machine would not supervise.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from engine.signals.switchboard import Switchboard
from engine.signals.targets import Reach, parse_target
from engine.uwsgi_api.cluster.items import (
    ACCEPTED,
    BATCH,
    DELIVER,
    FULL,
    PUBLISHED,
    RAISE,
    ROOM,
    Raised,
    decode_arrived,
)

__all__ = ["Uplink"]

_MOST: Final = 1_000_000  # signals that wait for a link
_AT_ONCE: Final = 200
_UNDERWAY: Final = 50  # batches that a link has and has not sent
_MOST_PENDING: Final = 512  # signals nobody has begun to handle; with more of them no batch is wanted
_LOOK_AGAIN: Final = 0.02  # seconds
_REMEMBERED: Final = 10_000

_LOCAL: Final = (Reach.NOBODY, Reach.UNKNOWN)  # the switchboard says what is wrong with them


class Uplink:
    """One per server; the thread of the switchboard."""

    def __init__(self, switchboard: Switchboard, log: Callable[[str], None]) -> None:
        self._switchboard = switchboard
        self._log = log
        self._send: Callable[[bytes], bool] | None = None
        self._waiting: deque[bytes] = deque()
        self._made = time.time_ns()
        self._batches = 0
        self._underway: dict[int, bytes] = {}
        self._flushing = False
        self._last_of_all = (0, 0)
        self._seen: dict[tuple[int, int], None] = {}
        switchboard.elsewhere = self.take

    # -- out --------------------------------------------------------------------------

    def take(self, number: int, target: str, claim: str, claim_ms: int) -> bool:
        """Send a signal to all servers, this one included; False if it concerns none."""
        if parse_target(target).reach in _LOCAL:
            return False
        if len(self._waiting) >= _MOST:
            self._log(f"*** SIGNAL QUEUE IS FULL: no link to the other servers; signal {number} is lost ***")
            return True
        self._waiting.append(Raised(number, target, claim, claim_ms).encode())
        if not self._flushing:
            self._flushing = self._switchboard.later(0.0, self._flush)
        return True

    def attach(self, send: Callable[[bytes], bool]) -> None:
        """A link is there; *send* takes a message to it, and says whether it could."""
        self._send = send
        for batch in self._underway.values():
            send(batch)  # known by its number: it is sent to the others once
        self._flush()

    def detach(self) -> None:
        """The link is gone; signals wait for the next one."""
        self._send = None

    def _flush(self, most: float = _UNDERWAY) -> None:
        self._flushing = False
        while self._waiting and self._send is not None and len(self._underway) < most:
            count = min(_AT_ONCE, len(self._waiting))
            signals = b"".join(self._waiting[index] for index in range(count))
            batch = RAISE + BATCH.pack(self._made, self._batches + 1) + signals
            if not self._send(batch):
                self._flushing = self._switchboard.later(_LOOK_AGAIN, self._flush)
                return
            self._batches += 1
            self._underway[self._batches] = batch
            for _ in range(count):
                self._waiting.popleft()

    def hand_over(self) -> None:
        """This process is about to execute itself anew."""
        self._flush(most=float("inf"))
        if self._waiting:
            self._log(f"{len(self._waiting)} uwsgi signals are lost: no link was there to take them")

    # -- in ------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """A message of the link."""
        if data[:1] == PUBLISHED:
            self._underway.pop(BATCH.unpack_from(data, 1)[1], None)
            self._flush()
        elif data[:1] == DELIVER:
            self._deliver(data)

    def _deliver(self, data: bytes) -> None:
        for signal in decode_arrived(data, 5):
            if self._is_new(signal.entry, signal.alone):
                self._switchboard.route_here(signal.number, signal.target)
        # Accepted at once, or other servers would take it for left behind.
        if self._send is not None:
            if self._switchboard.pending() > _MOST_PENDING:
                self._send(FULL)
                self._switchboard.later(_LOOK_AGAIN, self._tell_of_room)
            self._send(ACCEPTED + data[1:5])

    def _tell_of_room(self) -> None:
        if self._switchboard.pending() > _MOST_PENDING:
            self._switchboard.later(_LOOK_AGAIN, self._tell_of_room)
        elif self._send is not None:
            self._send(ROOM)

    def _is_new(self, entry: tuple[int, int], alone: bool) -> bool:
        """Whether this is the first time; a link that was killed could not say what was accepted."""
        if not alone:
            new, self._last_of_all = entry > self._last_of_all, max(entry, self._last_of_all)
            return new
        if entry in self._seen:
            return False
        self._seen[entry] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True

    def __repr__(self) -> str:
        return f"<Uplink {'up' if self._send else 'down'}, {len(self._waiting)} waiting>"
