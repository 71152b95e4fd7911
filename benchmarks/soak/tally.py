"""What the clients have seen."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

# A killed worker takes its connections with it; what they meet within so many seconds is its doing.
KILL_WINDOW = 2.0


class WrongReplyError(Exception):
    """A reply that is not what was asked for; never to be excused."""


class LostReplyError(Exception):
    """No reply, or the end of it is missing."""


@dataclass
class Tally:
    """Counts of one run.

    :param kills: when workers were killed, ``time.monotonic()``
    """

    good: Counter[str] = field(default_factory=Counter)
    excused: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    reloads: int = 0
    pids: set[int] = field(default_factory=set)

    def note(self, kind: str, began: float, error: Exception) -> None:
        """Sort a failure of a request that began at *began*."""
        text = f"{kind}: {type(error).__name__}: {error}"
        if isinstance(error, WrongReplyError):
            self.wrong.append(text)
        elif any(began - KILL_WINDOW < kill <= time.monotonic() for kill in self.kills):
            self.excused += 1
        else:
            self.lost.append(text)
