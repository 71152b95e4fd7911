"""``BRIDGE_PURE=1``: import the .py files of ``bridge`` and ``engine``, not the compiled modules beside them.

For telling a fault of the compiled build from one of the code, and for the tests,
which run both.  A top-level module because both packages need it first of all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType

__all__ = ["install_if_asked"]


class _SourceOnly(MetaPathFinder):
    """Finds the modules of the two packages as source files only."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is None or fullname.partition(".")[0] not in ("bridge", "engine"):
            return None
        for entry in path:
            spec = FileFinder(entry, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(fullname)
            if spec is not None and spec.loader is not None:
                return spec
        return None


def install_if_asked() -> None:
    """Install the finder if the environment asks for it; any number of times."""
    asked = os.environ.get("BRIDGE_PURE", "").strip().lower() not in {"", "0", "no", "off", "false"}
    if asked and not any(isinstance(finder, _SourceOnly) for finder in sys.meta_path):
        sys.meta_path.insert(0, _SourceOnly())
