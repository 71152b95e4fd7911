"""The same places and the same final checks as for the other ways to mix tasks and greenlets."""

from __future__ import annotations

from tests.bridge.interop.conftest import nothing_left, place, printed, quick_collections

__all__ = ["nothing_left", "place", "printed", "quick_collections"]
