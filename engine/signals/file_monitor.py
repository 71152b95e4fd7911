"""Watching files and directories: inotify where there is one, else a look every second.

Either way a path that does not exist yet, or no longer, is watched again once it is there.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
import struct
import sys
from collections.abc import Iterable
from typing import Any, Final, Protocol

__all__ = ["FileMonitor", "InotifyMonitor", "StatMonitor", "new_monitor"]

# inotify(7), IN_: MODIFY, ATTRIB, MOVED_FROM, MOVED_TO, CREATE, DELETE, DELETE_SELF, MOVE_SELF
_WATCHED: Final = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800
_IN_IGNORED: Final = 0x8000
_IN_MOVE_SELF: Final = 0x800
_IN_Q_OVERFLOW: Final = 0x4000
_EVENT: Final = struct.Struct("iIII")
_READ: Final = 65536


class FileMonitor(Protocol):
    """Tells which paths have changed."""

    def add(self, path: str) -> str | None:
        """Watch a path; return a line for the log if that is not possible yet."""

    def fileno(self) -> int:
        """A descriptor that is readable when something has changed; -1 if there is none."""

    def changed(self) -> list[str]:
        """Return the paths that changed since the last call, each once."""

    def poll(self) -> list[str]:
        """Call about once a second: look for paths that appeared, or at all of them."""

    def close(self) -> None:
        """Watch nothing more."""


class InotifyMonitor:
    """Linux's inotify, through the C library.

    :raises OSError: if the system has none
    """

    def __init__(self) -> None:
        libc: Any = ctypes.CDLL(None, use_errno=True)
        if not hasattr(libc, "inotify_init1"):
            raise OSError(errno.ENOSYS, "no inotify in the C library")
        self._add_watch: Any = libc.inotify_add_watch
        self._add_watch.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)
        self._remove_watch: Any = libc.inotify_rm_watch
        fd: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if fd < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"inotify_init1: {os.strerror(number)}")
        self._fd = fd
        # Several names of one file or directory have one watch.
        self._paths: dict[int, list[str]] = {}
        self._missing: list[str] = []

    def fileno(self) -> int:
        return self._fd

    def add(self, path: str) -> str | None:
        problem = self._watch(path)
        if problem is not None:
            self._missing.append(path)
        return problem

    def _watch(self, path: str) -> str | None:
        watch: int = self._add_watch(self._fd, os.fsencode(path), _WATCHED)
        if watch < 0:
            why = os.strerror(ctypes.get_errno())
            return f"unable to watch {path}: {why}; it will be watched once it can be"
        names = self._paths.setdefault(watch, [])
        if path not in names:
            names.append(path)
        return None

    def changed(self) -> list[str]:
        found: dict[str, None] = {}
        while True:
            try:
                data = os.read(self._fd, _READ)
            except BlockingIOError:
                return list(found)
            at = 0
            while at < len(data):
                watch, mask, _, length = _EVENT.unpack_from(data, at)
                at += _EVENT.size + length
                found.update(dict.fromkeys(self._about(watch, mask)))

    def _about(self, watch: int, mask: int) -> Iterable[str]:
        if mask & _IN_Q_OVERFLOW:
            return [
                path for names in self._paths.values() for path in names
            ]  # the kernel dropped events: anything may have changed
        names = self._paths.get(watch)
        if names is None:
            return ()
        if mask & _IN_MOVE_SELF:
            self._remove_watch(self._fd, watch)
        if mask & (_IN_IGNORED | _IN_MOVE_SELF):
            # Editors replace files: the name may already stand for another one.
            del self._paths[watch]
            self._missing += [path for path in names if self._watch(path) is not None]
            return () if mask & _IN_IGNORED else names
        return names

    def poll(self) -> list[str]:
        appeared = [path for path in self._missing if self._watch(path) is None]
        self._missing = [path for path in self._missing if path not in appeared]
        return appeared

    def close(self) -> None:
        os.close(self._fd)


class StatMonitor:
    """Compares what stat(2) says of each path, and the names in a directory."""

    def __init__(self) -> None:
        self._seen: dict[str, object] = {}

    def fileno(self) -> int:
        return -1

    def add(self, path: str) -> str | None:
        state = self._seen[path] = _state(path)
        return f"{path} does not exist yet; it will be watched once it does" if state is None else None

    def changed(self) -> list[str]:
        return self.poll()

    def poll(self) -> list[str]:
        found = []
        for path, before in self._seen.items():
            now = _state(path)
            if now != before:
                self._seen[path] = now
                found.append(path)
        return found

    def close(self) -> None:
        self._seen.clear()


def _state(path: str) -> object:
    try:
        seen = os.stat(path)
        names = tuple(sorted(os.listdir(path))) if os.path.isdir(path) else ()
    except OSError:
        return None
    return (seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_mode, names)


def new_monitor() -> FileMonitor:
    """Return the best monitor this system has."""
    if sys.platform == "linux":
        try:
            return InotifyMonitor()
        except OSError:
            pass  # out of inotify instances (fs.inotify.max_user_instances)
    return StatMonitor()
