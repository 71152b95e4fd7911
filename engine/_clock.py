"""The two clocks of a request: ``time.time`` and ``time.monotonic``, in seconds.

``_clock.pyx`` is its twin in the compiled build.  ``bridge._clock`` is not used in its place: most of the
engine imports nothing of the bridge, so that it runs, and is tested, without greenlets.
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
