"""How much memory this process has."""

from __future__ import annotations

import os
import resource
import sys

__all__ = ["memory"]


def memory() -> tuple[int, int]:
    """Return resident and virtual size in bytes; (highest so far, 0) where there is no /proc."""
    try:
        with open("/proc/self/statm", "rb") as file:
            virtual, resident = file.read().split()[:2]
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak * (1 if sys.platform == "darwin" else 1024), 0
    page = os.sysconf("SC_PAGE_SIZE")
    return int(resident) * page, int(virtual) * page
