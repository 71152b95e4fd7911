"""When Python looks for garbage.

CPython starts a collection when a fixed number more of containers were made
than freed, on the guess that some of them are garbage: 700, since Python 3.13
2,000 (``gc.set_threshold``).  In a server that guess is wrong as soon as some
dozens of requests wait at once, since each holds containers that it still
needs.  Then a fifth of a worker's time can go into looking at them again and
again.  So what waiting requests may hold is added to the number.
"""

from __future__ import annotations

import gc
from typing import Final

__all__ = ["PER_CORE", "set_threshold"]

PER_CORE: Final = 25
"""Somewhat more than a request of a small application holds while it waits, in containers."""


def set_threshold(threshold: int | None, cores: int) -> None:
    """Set the threshold of the youngest generation.

    Call before the application is imported, which may set another.
    Does nothing if collections were switched off.

    :param threshold: 0: leave it to Python; None: Python's own and :data:`PER_CORE` for each core
    :param cores: how many requests may wait at once
    """
    young, *older = gc.get_threshold()
    if threshold is None:
        threshold = young + PER_CORE * cores
    if young and threshold:
        gc.set_threshold(threshold, *older)
