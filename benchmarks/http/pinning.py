"""Which core belongs to whom: the server has one, the clients and what stands beside the server the other."""

from __future__ import annotations

import os
import shutil
from functools import cache
from typing import Final

__all__ = ["CLIENT_CORE", "SERVER_CORE", "can_pin", "pinned_to"]

SERVER_CORE: Final = 0
CLIENT_CORE: Final = 1


@cache
def can_pin() -> bool:
    """Whether server and client could have a core each when this was first asked."""
    return shutil.which("taskset") is not None and {SERVER_CORE, CLIENT_CORE} <= os.sched_getaffinity(0)


def pinned_to(core: int) -> list[str]:
    """The command to put before another, so that it runs on this core."""
    return ["taskset", "-c", str(core)] if can_pin() else []
