"""How much memory this process holds now."""

import resource
from pathlib import Path

STATM = Path("/proc/self/statm")


def resident_bytes() -> int:
    """Return the resident set in bytes; where only its highest value is known, that."""
    if STATM.exists():
        # Not ru_maxrss: on Linux a process inherits it from the one that started it.
        return int(STATM.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
