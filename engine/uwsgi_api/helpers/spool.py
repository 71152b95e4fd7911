"""Tasks as files in a directory.

A file appears complete (it is renamed into place) and is run under a lock that
the kernel frees with its holder: a spooler that is killed loses nothing, and no
two of them run the same task at a time.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import random
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Spool", "Task", "task_name"]

_HEAD: Final = struct.Struct("<BHB")
_LENGTH: Final = struct.Struct("<H")
_MODIFIER: Final = 17
_PREFIX: Final = "uwsgi_spoolfile_on_"
_LONGEST: Final = 0xFFFF
_counter = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Task:
    """What a task file says."""

    fields: Mapping[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""

    def encode(self) -> bytes:
        """Return the file's content: a uwsgi packet, then the body.

        :raises ValueError: if the fields are too long for a packet
        """
        block = b"".join(
            _LENGTH.pack(len(part)) + part for pair in self.fields.items() for part in pair if _fits(part)
        )
        if len(block) > _LONGEST:
            raise ValueError(
                f"unable to spool: the task has {len(block)} bytes, at most {_LONGEST} are possible; "
                "put what is large under the key 'body'"
            )
        return _HEAD.pack(_MODIFIER, len(block), 0) + block + self.body

    @classmethod
    def decode(cls, data: bytes) -> Task:
        """Return the task of a file's content.

        :raises ValueError: if it is none
        """
        try:
            modifier, size, _ = _HEAD.unpack_from(data, 0)
            if modifier != _MODIFIER or _HEAD.size + size > len(data):
                raise ValueError("not a task file")
            parts = []
            at, end = _HEAD.size, _HEAD.size + size
            while at < end:
                length = _LENGTH.unpack_from(data, at)[0]
                parts.append(data[at + 2 : at + 2 + length])
                at += 2 + length
        except struct.error as error:
            raise ValueError("not a task file") from error
        return cls(dict(zip(parts[::2], parts[1::2], strict=True)), data[end:])


def _fits(part: bytes) -> bool:
    if len(part) > _LONGEST:
        raise ValueError(
            f"unable to spool: a value has {len(part)} bytes; put what is large under the key 'body'"
        )
    return True


def task_name() -> str:
    """Return a name for a new task, as uWSGI makes them."""
    now = time.time()
    return (
        f"{_PREFIX}{os.uname().nodename}_{os.getpid()}_{next(_counter)}_{random.getrandbits(31)}"
        f"_{int(now)}_{int(now % 1 * 1e6)}"
    )


class Spool:
    """One directory of tasks; any number of processes may use it."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def add(self, task: Task, priority: str = "", at: float = 0) -> str:
        """Write a task and return the path of its file.

        :param priority: a number; lower ones are run first, and before those without
        :param at: seconds since 1970; not run earlier
        """
        if priority and not priority.isdecimal():
            raise ValueError(f"unable to spool: priority {priority!r} is not a number")
        place = os.path.join(self.directory, priority) if priority else self.directory
        os.makedirs(place, exist_ok=True)
        name = task_name()
        path, hidden = os.path.join(place, name), os.path.join(place, f".{name}")
        with open(hidden, "xb") as file:
            file.write(task.encode())
        if at:
            os.utime(hidden, (at, at))
        os.rename(hidden, path)
        return path

    def paths(self) -> list[str]:
        """Return the task files in the order in which they are to be run."""
        found: list[tuple[int, int, float, str]] = []
        for place, priority in self._places():
            for entry in os.scandir(place):
                if entry.name.startswith(_PREFIX):
                    try:
                        found.append((priority < 0, priority, entry.stat().st_mtime, entry.path))
                    except FileNotFoundError:
                        pass  # another spooler has just finished it
        return [path for *_, path in sorted(found)]

    def _places(self) -> Iterator[tuple[str, int]]:
        yield self.directory, -1
        for entry in os.scandir(self.directory):
            if entry.name.isdecimal() and entry.is_dir():
                yield entry.path, int(entry.name)

    @contextmanager
    def claim(self, path: str) -> Iterator[Task | None]:
        """Keep other spoolers from a task; None if one has it, it is done, or its time has not come.

        :raises ValueError: if the file is no task
        """
        try:
            file = open(path, "rb")  # noqa: SIM115
        except FileNotFoundError:
            yield None
            return
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            seen = os.fstat(file.fileno())
            if not seen.st_nlink or seen.st_mtime > time.time():
                yield None
                return
            yield Task.decode(file.read())

    def read(self, path: str) -> Task | None:
        """Return a task; None if it is done.

        :raises ValueError: if the file is no task
        """
        try:
            with open(path, "rb") as file:
                return Task.decode(file.read())
        except FileNotFoundError:
            return None

    def remove(self, path: str) -> None:
        """A task is done; call while it is claimed."""
        os.unlink(path)
