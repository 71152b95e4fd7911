"""``--master-fifo``: one character per command, written with ``echo r > FILE`` (uWSGI docs, MasterFIFO)."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping

from engine.errors import ConfigError

__all__ = ["MasterFifo"]


class MasterFifo:
    """Reads commands; what they do is in a table.

    :param commands: character -> what to do
    :raises ConfigError: if the path is something else already, or cannot be made
    """

    def __init__(
        self, path: str, commands: Mapping[str, Callable[[], None]], log: Callable[[str], None]
    ) -> None:
        self.path = os.path.abspath(path)
        self._commands = commands
        self._log = log
        try:
            if not os.path.lexists(self.path):
                os.mkfifo(self.path, 0o600)
            # For writing too: else the end of the first writer would look like the end of them all.
            self._fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        except OSError as exc:
            raise ConfigError(f"--master-fifo {path}: {exc.strerror}") from exc
        if not stat.S_ISFIFO(os.fstat(self._fd).st_mode):
            os.close(self._fd)
            raise ConfigError(
                f"--master-fifo {path}: that exists and is no fifo; remove it, or name another path"
            )

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._fd

    def read(self) -> None:
        """Obey what was written."""
        try:
            text = os.read(self._fd, 4096).decode("latin-1")
        except BlockingIOError:
            return
        for character in text:
            command = self._commands.get(character)
            if command is not None:
                command()
            elif not character.isspace():
                self._log(
                    f"master fifo: no command {character!r}; there are {' '.join(sorted(self._commands))}"
                )

    def close(self) -> None:
        """Read no more."""
        os.close(self._fd)
