"""Media types by the ending of a file's name."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Sequence
from typing import Final

__all__ = ["DEFAULT_TYPE", "media_types"]

DEFAULT_TYPE: Final = "application/octet-stream"
"""For endings nobody knows.  uWSGI sends no Content-Type, and browsers then guess: also HTML."""

_SYSTEM: Final = "/etc/mime.types"
# Python's table takes these for encodings of something else; a file that is asked for by name is itself.
_ARCHIVES: Final = {
    ".gz": "application/gzip",
    ".bz2": "application/x-bzip2",
    ".xz": "application/x-xz",
    ".zst": "application/zstd",
    ".br": "application/octet-stream",
}


def media_types(files: Sequence[str]) -> dict[str, str]:
    """Return types by ending (``.css``): Python's table, then ``/etc/mime.types`` or *files*, which win.

    :raises OSError: if one of *files* cannot be read
    """
    table = {**mimetypes.MimeTypes().types_map[1], **_ARCHIVES}
    for path in files or ([_SYSTEM] if os.path.exists(_SYSTEM) else []):
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                words = line.partition("#")[0].split()
                table.update((f".{ending.lower()}", words[0]) for ending in words[1:])
    return table
