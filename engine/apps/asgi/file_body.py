"""A file as the body of a reply (ASGI extension ``http.response.pathsend``)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Final

__all__ = ["file_pieces"]

_PIECE: Final = 256 * 1024


async def file_pieces(path: str | os.PathLike[str]) -> AsyncIterator[tuple[int, bytes]]:
    """Yield the file's size at that moment with each of its pieces; at least one, perhaps empty.

    Only the first piece is read in the loop's thread, the others in the default executor: a slow
    disk must not stop everybody, and most files are one piece.

    :raises OSError: if it cannot be read
    """
    with open(path, "rb", buffering=0) as file:  # noqa: ASYNC230  # as fast as asking a thread
        size = os.fstat(file.fileno()).st_size
        data = file.read(_PIECE)
        yield size, data
        if len(data) == size:
            return
        loop = asyncio.get_running_loop()
        while data := await loop.run_in_executor(None, file.read, _PIECE):
            yield size, data
