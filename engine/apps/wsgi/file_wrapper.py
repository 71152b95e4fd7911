"""``wsgi.file_wrapper`` (PEP 3333, "Optional Platform-Specific File Handling")."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Any

__all__ = ["FileWrapper"]

_BLOCK = 65536


class FileWrapper:
    """Iterates over a file-like object in blocks; the engine recognises it and knows its size.

    :param blksize: bytes per block; the engine may choose larger ones for real files
    """

    def __init__(self, filelike: Any, blksize: int = _BLOCK) -> None:
        self.filelike = filelike
        self.blksize = max(int(blksize), 1)
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> Iterator[bytes]:
        read = self.filelike.read
        block = max(self.blksize, _BLOCK)
        while data := read(block):
            yield data

    def remaining(self) -> int | None:
        """Return the bytes left in a regular file, None if that cannot be told."""
        try:
            fd = self.filelike.fileno()
            info = os.fstat(fd)
            if not stat.S_ISREG(info.st_mode):
                return None
            return max(0, info.st_size - int(self.filelike.tell()))
        except (AttributeError, OSError, ValueError):
            return None
