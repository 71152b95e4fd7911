"""Which source files of loaded modules have changed (uWSGI ``--py-autoreload``)."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator

__all__ = ["ModuleWatch"]


class ModuleWatch:
    """Remembers the modification times of the files of all modules; those that come later too.

    :param ignored: modules whose files may change
    """

    def __init__(self, ignored: Collection[str] = ()) -> None:
        self._ignored = ignored
        self._known: dict[str, float] = {}
        for _ in self.changed():
            pass

    def changed(self) -> Iterator[tuple[str, str]]:
        """Yield (module, file) for each file that has another time than at the last look."""
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if not isinstance(path, str) or name in self._ignored:
                continue
            try:
                time = os.stat(path).st_mtime
            except OSError:
                continue  # being replaced by an editor, or inside an archive
            known = self._known.setdefault(path, time)
            if known != time:
                self._known[path] = time
                yield name, path
