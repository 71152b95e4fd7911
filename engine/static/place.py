"""From a request path to an open file, and nowhere else."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence

from engine.config.static import StaticFiles, StaticMap

__all__ = ["Directory", "OpenFile", "Root", "roots_of"]


class OpenFile:
    """A regular file to be sent; somebody must close :attr:`fd`.

    :param name: real path
    :param ending: with its dot, in lower case, of the name that was asked for; a link may have another
    """

    __slots__ = ("ending", "fd", "info", "name")

    def __init__(self, fd: int, name: bytes, ending: str, info: os.stat_result) -> None:
        self.fd = fd
        self.name = name
        self.ending = ending
        self.info = info

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self.fd)


class Directory:
    """The path is a directory and lacks its last slash: links in the index would lead astray."""


class Root:
    """One mapping: requests below a path, files below a directory.

    :param path: bytes; a directory, or one file that answers for all
    :param safe: real paths that files may have besides those below the root
    :param log: is told of files outside of the root
    """

    def __init__(
        self,
        mapping: StaticMap,
        index: Sequence[bytes],
        safe: Sequence[bytes],
        log: Callable[[str], None],
    ) -> None:
        self._prefix = mapping.prefix.encode("latin-1").rstrip(b"/")
        self._whole = mapping.whole
        self._path = os.path.realpath(os.fsencode(mapping.path))
        self._index = index
        self._allowed = (self._path, *safe)
        self._log = log

    def find(self, path: bytes) -> OpenFile | Directory | None:
        """Return what *path*, the decoded path of a request, stands for here.

        :returns: None if it is not below this root's prefix, not there, or not to be read
        """
        prefix = self._prefix
        if not path.startswith(prefix) or path[len(prefix) : len(prefix) + 1] not in (b"/", b""):
            return None
        rest = path if self._whole else path[len(prefix) :]
        try:
            return self._look(rest)
        except (OSError, ValueError):  # not there, no permission, name too long, a NUL in it
            return None

    def _look(self, rest: bytes) -> OpenFile | Directory | None:
        name = self._path + rest if rest.startswith(b"/") or not rest else self._path + b"/" + rest
        try:
            info = os.stat(name)
        except NotADirectoryError:
            if not rest or not stat.S_ISREG(os.stat(self._path).st_mode):
                return None
            name, info = self._path, os.stat(self._path)  # one file for every path below
        if stat.S_ISDIR(info.st_mode):
            return self._look_for_index(name, rest)
        return self._open(name) if stat.S_ISREG(info.st_mode) else None

    def _look_for_index(self, name: bytes, rest: bytes) -> OpenFile | Directory | None:
        for index in self._index:
            found = os.path.join(name, index)
            if os.path.isfile(found) and self._allows(os.path.realpath(found)):
                return self._open(found) if rest.endswith(b"/") else Directory()
        return None

    def twin(self, file: OpenFile) -> OpenFile | None:
        """Return ``FILE.gz`` if it is there."""
        try:
            return self._open(file.name + b".gz")
        except OSError:
            return None

    def _allows(self, real: bytes) -> bool:
        return any(real == root or real.startswith(root.rstrip(b"/") + b"/") for root in self._allowed)

    def _open(self, name: bytes) -> OpenFile | None:
        real = os.path.realpath(name)
        if not self._allows(real):
            self._log(
                f"[uwsgi-fileserve] security error: {os.fsdecode(real)} is not under "
                f"{os.fsdecode(self._path)} or a safe path"
            )
            return None
        # Not following a link that took the file's place meanwhile, not waiting for a fifo's other end.
        fd = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            os.close(fd)
            return None
        return OpenFile(fd, real, os.fsdecode(os.path.splitext(name)[1]).lower(), info)


def roots_of(settings: StaticFiles, log: Callable[[str], None]) -> list[Root]:
    """Return the roots in the order in which they are asked."""
    index = [os.fsencode(name) for name in settings.index]
    safe = [os.path.realpath(os.fsencode(path)) for path in settings.safe]
    return [Root(mapping, index, safe, log) for mapping in settings.maps]
