"""Memory without a name in any directory, shared by a master, its workers and its next image.

memfd_create(2): nothing is left behind by ``kill -9``.  A master that executes
itself anew finds what it had among its own descriptors, by name.
"""

from __future__ import annotations

import mmap
import os
import sys
from typing import Final

__all__ = ["Segment", "Segments"]

_PREFIX: Final = "gevent-engine:"


class Segment:
    """Memory of a fixed size, zero at first."""

    def __init__(self, fd: int, size: int) -> None:
        self.fd = fd
        self.size = size
        self.memory = mmap.mmap(fd, size)

    def reopen(self) -> int:
        """Return a descriptor of its own for this process: locks belong to descriptors, forks share them."""
        return os.open(f"/proc/self/fd/{self.fd}", os.O_RDWR | os.O_CLOEXEC)


class Segments:
    """All segments of a server; make them before the fork."""

    def __init__(self) -> None:
        self._made: dict[str, Segment] = {}
        self._inherited: dict[str, int] | None = None

    def get(self, name: str, size: int, path: str = "") -> Segment:
        """Return the segment of that name and size, the one of the image before if there was one.

        :param path: keep it in this file instead, also when the server ends
        :raises NotImplementedError: where the system has no memfd_create
        """
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = Segment(self._open(name, size, path), size)
        return made

    def _open(self, name: str, size: int, path: str) -> int:
        if path:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        elif not hasattr(os, "memfd_create"):
            raise NotImplementedError(f"shared memory between processes needs Linux, not {sys.platform}")
        else:
            fd = self._before().pop(name, -1)
            if fd >= 0 and os.fstat(fd).st_size != size:
                os.close(fd)  # the configuration has changed
                fd = -1
            if fd < 0:
                fd = os.memfd_create(_PREFIX + name, os.MFD_CLOEXEC)
            os.set_inheritable(fd, False)
        if os.fstat(fd).st_size != size:
            os.ftruncate(fd, 0)
            os.ftruncate(fd, size)
        return fd

    def _before(self) -> dict[str, int]:
        if self._inherited is None:
            self._inherited = dict(_found())
        return self._inherited

    def survive_exec(self) -> None:
        """Let the next image of this process find the segments."""
        for segment in self._made.values():
            os.set_inheritable(segment.fd, True)


def _found() -> list[tuple[str, int]]:
    found = []
    marker = f"/memfd:{_PREFIX}"
    for entry in os.listdir("/proc/self/fd"):
        try:
            link = os.readlink(f"/proc/self/fd/{entry}")
        except OSError:
            continue
        # Those this image has made itself are not inheritable.
        if link.startswith(marker) and os.get_inheritable(int(entry)):
            found.append((link.removeprefix(marker).removesuffix(" (deleted)"), int(entry)))
    return found
