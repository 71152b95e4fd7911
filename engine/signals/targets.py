"""Target strings of uwsgi signals, such as ``workers`` or ``mule2``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

__all__ = ["LONGEST", "Kind", "Reach", "Target", "parse_target"]

LONGEST: Final = 63  # characters; uWSGI keeps 64 bytes
_NUMBERED: Final = re.compile(r"(worker|mule|farm)([0-9]{1,9})")


class Kind(Enum):
    """What sort of process."""

    WORKER = "worker"
    MULE = "mule"
    SPOOLER = "spooler"
    LINK = "link"
    """To other servers; no target reaches it."""


class Reach(Enum):
    """Which of them."""

    ONE = "whoever is free"
    ALL = "every one, also those that are just being restarted"
    ACTIVE = "every one that runs"
    NUMBER = "the one of that number"
    FARM = "one mule of a farm"
    NOBODY = "accepted, reaches nobody"
    UNKNOWN = "not a target"


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed target; *number* and *name* only where the reach needs one."""

    kind: Kind
    reach: Reach
    number: int = 0
    name: str = ""


_WORDS: Final = {
    "": Target(Kind.WORKER, Reach.ONE),
    "worker": Target(Kind.WORKER, Reach.ONE),
    "workers": Target(Kind.WORKER, Reach.ALL),
    "active-workers": Target(Kind.WORKER, Reach.ACTIVE),
    "spooler": Target(Kind.SPOOLER, Reach.ONE),
    "mule": Target(Kind.MULE, Reach.ONE),
    "mules": Target(Kind.MULE, Reach.ALL),
    "subscribed": Target(Kind.WORKER, Reach.NOBODY),
}


@lru_cache(maxsize=512)
def parse_target(text: str) -> Target:
    """Return what a target string means; one that means nothing has the reach UNKNOWN."""
    word = _WORDS.get(text)
    if word is not None:
        return word
    if text.startswith("farm_"):
        return Target(Kind.MULE, Reach.FARM, name=text[len("farm_") :])
    numbered = _NUMBERED.fullmatch(text)
    if numbered is None:
        return Target(Kind.WORKER, Reach.UNKNOWN, name=text)
    kind, number = numbered[1], int(numbered[2])
    if kind == "farm":
        return Target(Kind.MULE, Reach.FARM, number=number)
    if number == 0:
        return Target(Kind(kind), Reach.ONE)
    return Target(Kind(kind), Reach.NUMBER, number=number)
