"""Wait for a condition with a deadline, instead of sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

__all__ = ["wait_until"]

T = TypeVar("T")

_FIRST_PAUSE: Final = 0.002
_LONGEST_PAUSE: Final = 0.05


def wait_until(ask: Callable[[], T], *, timeout: float, what: str) -> T:
    """Call ``ask`` until it returns something true, and return that.

    :param ask: called at once, then after pauses that grow from 2 to 50 ms
    :param timeout: seconds before giving up
    :param what: what is waited for, for the message
    :raises TimeoutError: if ``ask`` was still false at the deadline
    """
    deadline = time.monotonic() + timeout
    pause = _FIRST_PAUSE
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise TimeoutError(f"waited {timeout:g} s for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
