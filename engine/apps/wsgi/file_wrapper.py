"""``wsgi.file_wrapper`` (PEP 3333, "Optional Platform-Specific File Handling")."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from typing import Any

__all__ = ["FileWrapper"]

_BLOCK = 65536


class FileWrapper:
    """Iterates over a file-like object in blocks; the engine recognises it and sends real files itself.

    :param blksize: bytes per block; the engine may choose larger ones
    """

    def __init__(self, filelike: Any, blksize: int = _BLOCK) -> None:
        self.filelike = filelike
        self.blksize = max(int(blksize), 1)
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> Iterator[bytes]:
        return self.blocks(None)

    def blocks(self, limit: int | None) -> Iterator[bytes]:
        """Iterate over the file, or its next *limit* bytes."""
        read = self.filelike.read
        block = max(self.blksize, _BLOCK)
        if limit is None:
            while data := read(block):
                yield data
            return
        while limit > 0 and (data := read(min(block, limit))):
            yield data
            limit -= len(data)

    def place(self) -> tuple[int, int, int] | None:
        """Return descriptor, offset and number of bytes left of a regular file; None for anything else.

        Only for files whose ``read`` gives what the descriptor holds: ``gzip.GzipFile`` has a
        ``fileno`` and a ``tell`` too, but they are not about the same bytes.
        """
        file = _real_file(self.filelike)
        if file is None:
            return None
        try:
            if not file.readable():
                return None
            if file.writable():
                file.flush()
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode):
                return None
            offset = int(file.tell())
            return file.fileno(), offset, max(0, info.st_size - offset)
        except (OSError, ValueError):
            return None


def _real_file(filelike: Any) -> Any:
    """Return the ``io`` object that reads a descriptor itself, if that is what it is."""
    file = filelike
    if type(file).__module__ == "tempfile":  # NamedTemporaryFile, SpooledTemporaryFile
        file = getattr(file, "file", None) or getattr(file, "_file", None)
    raw = file.raw if isinstance(file, io.BufferedReader | io.BufferedRandom) else file
    return file if isinstance(raw, io.FileIO) else None
