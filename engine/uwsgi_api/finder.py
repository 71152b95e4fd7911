"""``import uwsgidecorators`` gives this server's, also where uWSGI is installed beside it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

__all__ = ["DecoratorsFinder", "find_decorators"]

NAME: Final = "uwsgidecorators"
_FILE: Final = Path(__file__).with_name("decorators.py")


class DecoratorsFinder(MetaPathFinder):
    """Finds one module."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module's spec if it is the one."""
        return spec_from_file_location(NAME, _FILE) if fullname == NAME else None


def find_decorators() -> None:
    """Let this process, and those it forks, find ``uwsgidecorators``; any number of times."""
    if not any(isinstance(finder, DecoratorsFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, DecoratorsFinder())
