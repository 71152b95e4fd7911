"""The version of the program, found without importing ``bridge`` (that would bring in gevent)."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["version"]


def version() -> str:
    """Return the version, from the file beside ``engine`` or from the installed distribution."""
    file = Path(__file__).parents[2] / "bridge" / "_version.py"
    try:
        found = re.search(r'^__version__ = "([^"]+)"', file.read_text(), re.MULTILINE)
    except OSError:
        found = None
    if found is not None:
        return found[1]
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("gevent-bridge")
    except PackageNotFoundError:
        return "unknown"
