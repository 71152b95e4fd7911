"""``--master-fifo``: one character per command, written with ``echo r > FILE`` (uWSGI docs, MasterFIFO).

Of several fifos one is listened to at a time, at first the first one; a digit switches.  So two masters of
one configuration (command ``f``) can each have a fifo of their own.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.errors import ConfigError

if TYPE_CHECKING:
    from engine.process.events import MasterEvents

__all__ = ["MasterFifo"]


class MasterFifo:
    """Reads commands; what they do is in a table.

    :param paths: the fifos; the digits 0 to 9 choose one
    :param commands: character -> what to do
    :param is_copy: another master may be listening to the first one, which then becomes this one's
    :raises ConfigError: if the path is something else already, or cannot be made
    """

    def __init__(
        self,
        paths: Sequence[str],
        commands: Mapping[str, Callable[[], None]],
        log: Callable[[str], None],
        events: MasterEvents,
        *,
        is_copy: bool = False,
    ) -> None:
        self._paths = [os.path.abspath(path) for path in paths]
        self._commands = commands
        self._log = log
        self._events = events
        self._slot = 0
        self._open(replace=is_copy)

    def _open(self, *, replace: bool = False) -> None:
        path = self._paths[self._slot]
        try:
            if replace and os.path.lexists(path) and stat.S_ISFIFO(os.lstat(path).st_mode):
                os.unlink(path)
            if not os.path.lexists(path):
                os.mkfifo(path, 0o600)
            # For writing too: else the end of the first writer would look like the end of them all.
            self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        except OSError as exc:
            raise ConfigError(f"--master-fifo {path}: {exc.strerror}") from exc
        if not stat.S_ISFIFO(os.fstat(self._fd).st_mode):
            os.close(self._fd)
            raise ConfigError(
                f"--master-fifo {path}: that exists and is no fifo; remove it, or name another path"
            )
        self._events.add_reader(self._fd, self._read)

    def _read(self) -> None:
        try:
            text = os.read(self._fd, 4096).decode("latin-1")
        except BlockingIOError:
            return
        for character in text:
            command = self._commands.get(character)
            if command is not None:
                command()
            elif character in "0123456789":
                self._switch(int(character))
            elif not character.isspace():
                known = " ".join(sorted(self._commands))
                self._log(f"master fifo: no command {character!r}; there are {known} and digits")

    def _switch(self, slot: int) -> None:
        """Listen to another fifo; the first one if there is none of that number, as in uWSGI."""
        before, self._slot = self._slot, slot if slot < len(self._paths) else 0
        if self._slot != before:
            old = self._fd
            try:
                self._open()
            except ConfigError as error:
                self._slot = before
                self._log(str(error))
                return
            self._leave(self._paths[before], old)
        self._log(f"active master fifo is now {self._paths[self._slot]}")

    def _leave(self, path: str, fd: int) -> None:
        """Remove a fifo that nobody listens to any more, or whoever writes to it would wait for ever."""
        self._events.remove_reader(fd)
        try:
            if os.path.samestat(os.stat(path), os.fstat(fd)):
                os.unlink(path)
        except OSError:
            pass  # somebody else has removed it
        os.close(fd)

    def close(self) -> None:
        """Read no more."""
        os.close(self._fd)
