"""Which processors a worker runs on (uWSGI ``--cpu-affinity``)."""

from __future__ import annotations

import os
from collections.abc import Sequence

__all__ = ["bind_to_processors", "share_of"]


def share_of(number: int, count: int, processors: Sequence[int]) -> set[int]:
    """Return *count* of *processors* for worker *number*: for each the next ones, then from the start again.

    :param number: 1 and up
    """
    first = (number - 1) * count
    return {processors[(first + step) % len(processors)] for step in range(min(count, len(processors)))}


def bind_to_processors(number: int, count: int) -> str:
    """Bind this process to its share of the processors it may use; return a line for the log."""
    if not hasattr(os, "sched_setaffinity"):
        return "--cpu-affinity: this system cannot bind processes to processors"
    share = share_of(number, count, sorted(os.sched_getaffinity(0)))
    try:
        os.sched_setaffinity(0, share)
    except OSError as exc:
        return f"--cpu-affinity: {exc.strerror}"
    return f"worker {number} runs on processors {', '.join(map(str, sorted(share)))}"
