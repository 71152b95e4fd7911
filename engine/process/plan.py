"""What a master does next: a pure function of what it sees and what it wants.

No clock, no signals, no processes here; ``master`` performs the actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

__all__ = ["Action", "Exit", "Kill", "Seen", "Spawn", "WorkerSeen", "plan"]

# A worker that dies sooner than this after its start is started again with a delay
# (uWSGI --forkbomb-delay is 2 seconds), so that a broken start does not burn the machine.
YOUNG: Final = 1.0
RESPAWN_DELAY: Final = 2.0


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """One running worker."""

    pid: int
    told_to_stop: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of the world; times in seconds of one monotonic clock.

    ``not_before``: per worker number, the earliest moment of its next start.
    """

    now: float
    workers: Mapping[int, WorkerSeen]
    wanted: int
    stopping: bool = False
    hurry: bool = False
    kill_at: float = float("inf")
    not_before: Mapping[int, float] | None = None


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start worker number ``number``."""

    number: int


@dataclass(frozen=True, slots=True)
class Kill:
    """Signal worker ``number``: gracefully, or not."""

    number: int
    gracefully: bool


@dataclass(frozen=True, slots=True)
class Exit:
    """Nothing is left to do."""


Action: TypeAlias = Spawn | Kill | Exit


def plan(seen: Seen) -> list[Action]:
    """Return what to do now, in order."""
    if seen.stopping:
        if not seen.workers:
            return [Exit()]
        if seen.hurry or seen.now >= seen.kill_at:
            return [Kill(number, gracefully=False) for number in sorted(seen.workers)]
        return [
            Kill(number, gracefully=True)
            for number, worker in sorted(seen.workers.items())
            if not worker.told_to_stop
        ]
    not_before = seen.not_before or {}
    return [
        Spawn(number)
        for number in range(1, seen.wanted + 1)
        if number not in seen.workers and not_before.get(number, 0.0) <= seen.now
    ]
