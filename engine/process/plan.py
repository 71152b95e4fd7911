"""What a master does next: a pure function of what it sees and what it wants.

No clock, no signals, no processes here; ``master`` performs the actions.

The rule behind it: whoever is to be replaced serves until somebody else is ready.  So a worker
that fails to start costs nothing, and there is no moment without workers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

__all__ = ["Action", "ChildSeen", "Exit", "Kill", "Phase", "Retire", "Seen", "Spawn", "plan", "respawn_delay"]

# A broken start must not burn the machine: uWSGI waits --forkbomb-delay (2 s) each time; here the
# wait doubles, and a worker that became ready starts the count again.
LONGEST_DELAY: Final = 30.0


class Phase(Enum):
    """Where a child is in its life."""

    STARTING = "starting"
    READY = "ready"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class ChildSeen:
    """One running worker process.

    ``stale``: it is to be replaced.  ``told_at``: when it was told to stop.  ``brutal``: it is not
    given time to end its requests.
    """

    pid: int
    number: int
    phase: Phase
    stale: bool = False
    told_at: float = float("inf")
    brutal: bool = False
    killed: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of the world; times in seconds of one monotonic clock.

    ``mercy``: from being told to stop until SIGKILL.  ``chain``: replace one worker at a time.
    ``not_before``: per worker number, the earliest moment of its next start.  ``may_spawn``: False
    while there is no application to run.
    """

    now: float
    children: Sequence[ChildSeen]
    wanted: int
    mercy: float
    stopping: bool = False
    hurry: bool = False
    chain: bool = False
    may_spawn: bool = True
    not_before: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start worker number ``number``."""

    number: int


@dataclass(frozen=True, slots=True)
class Retire:
    """Tell a worker to finish what runs and end."""

    pid: int


@dataclass(frozen=True, slots=True)
class Kill:
    """End a worker that did not end by itself."""

    pid: int


@dataclass(frozen=True, slots=True)
class Exit:
    """Nothing is left to do."""


Action: TypeAlias = Spawn | Retire | Kill | Exit


def plan(seen: Seen) -> list[Action]:
    """Return what to do now, in order."""
    if seen.stopping and not seen.children:
        return [Exit()]
    actions: list[Action] = [Kill(child.pid) for child in seen.children if _is_overdue(child, seen)]
    staying = [child for child in seen.children if child.phase is not Phase.LEAVING]
    if seen.stopping:
        if not seen.hurry:
            actions += [Retire(child.pid) for child in staying]
        return actions
    starting = any(child.phase is Phase.STARTING for child in staying)
    for number in range(1, seen.wanted + 1):
        mine = [child for child in staying if child.number == number]
        old = [child for child in mine if child.stale]
        new = [child for child in mine if not child.stale]
        if any(child.phase is Phase.READY for child in new):
            actions += [_removal(child) for child in old]
        elif not new and seen.may_spawn and seen.not_before.get(number, 0.0) <= seen.now:
            if old and seen.chain:
                if starting:
                    continue  # its turn comes when that one is ready
                starting = True
            actions.append(Spawn(number))
    actions += [_removal(child) for child in staying if child.number > seen.wanted]
    return actions


def respawn_delay(failures: int, first: float = 2.0) -> float:
    """Return how many seconds to wait before the next start, after so many bad starts in a row."""
    return min(LONGEST_DELAY, first * 2.0 ** (failures - 1)) if failures else 0.0


def _is_overdue(child: ChildSeen, seen: Seen) -> bool:
    if child.killed:
        return False
    return (seen.stopping and seen.hurry) or seen.now >= child.told_at + seen.mercy


def _removal(child: ChildSeen) -> Action:
    return Kill(child.pid) if child.brutal else Retire(child.pid)
