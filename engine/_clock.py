"""The two clocks of a request: ``time.time`` and ``time.monotonic``, in seconds.

``_clock.pyx`` is its twin in the compiled build.
"""

from __future__ import annotations

import time

__all__ = ["monotonic", "now"]


def now() -> float:
    """Return the seconds since 1970, UTC."""
    return time.time()


def monotonic() -> float:
    """Return the seconds of a clock that never goes back; its zero means nothing."""
    return time.monotonic()
