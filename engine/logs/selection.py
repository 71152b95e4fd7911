"""Which lines are written (uWSGI ``--log-drain``, ``--log-filter``)."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["Selection"]


class Selection:
    """Decides line by line.

    :param drain: patterns of lines to drop
    :param keep: if there are any, patterns of the only lines to keep
    """

    def __init__(self, drain: Sequence[str], keep: Sequence[str]) -> None:
        self._drain = [re.compile(pattern.encode()) for pattern in drain]
        self._keep = [re.compile(pattern.encode()) for pattern in keep]

    def wants(self, line: bytes) -> bool:
        """Whether this line is to be written."""
        if any(pattern.search(line) for pattern in self._drain):
            return False
        return not self._keep or any(pattern.search(line) for pattern in self._keep)
