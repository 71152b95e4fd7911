"""The clock that deadlines count on: ``time.monotonic``, in seconds.

``_clock.pyx`` is its twin in the compiled build.
"""

from __future__ import annotations

import time

__all__ = ["monotonic"]


def monotonic() -> float:
    """Return the seconds of a clock that never goes back; its zero means nothing."""
    return time.monotonic()
