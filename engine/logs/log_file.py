"""A log file: opened for appending, opened again when it was moved away, rotated when it has grown."""

from __future__ import annotations

import os
import time

from engine.errors import ConfigError
from engine.logs.targets import FileRules

__all__ = ["LogFile"]


class LogFile:
    """One file and the descriptors that are to lead to it.

    Several processes may have it open; each calls :meth:`open` after one has called :meth:`rotate`.

    :param option: for messages
    :param descriptors: what is to write to the file; empty: a descriptor of its own, see :attr:`fd`
    :param owner: user and group that the file is to belong to; None leaves them
    """

    def __init__(
        self,
        option: str,
        path: str,
        descriptors: tuple[int, ...] = (1, 2),
        rules: FileRules | None = None,
        owner: tuple[int, int] | None = None,
    ) -> None:
        self._option = option
        self.path = os.path.abspath(path)
        self._descriptors = descriptors
        self._rules = rules or FileRules()
        self._owner = owner
        self.fd = descriptors[0] if descriptors else -1

    def truncate(self) -> None:
        """Empty the file, if that is asked for (uWSGI ``--log-truncate``); at the first start only."""
        if self._rules.truncate and os.path.exists(self.path):
            os.truncate(self.path, 0)

    def open(self) -> None:
        """Write to the file from now on; again, after it was moved away, to a new one.

        :raises ConfigError: if it cannot be written
        """
        try:
            fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
            if self._rules.mode is not None:
                os.fchmod(fd, self._rules.mode)
            if self._owner is not None:
                os.fchown(fd, *self._owner)
        except OSError as exc:
            raise ConfigError(f"--{self._option} {self.path}: {exc.strerror}") from exc
        if not self._descriptors:
            self._descriptors = (fd,)
            self.fd = fd
            return
        for target in self._descriptors:
            os.dup2(fd, target, inheritable=target <= 2)
        if fd not in self._descriptors:
            os.close(fd)

    def is_too_big(self) -> bool:
        """Whether it has reached the size from which on it is to be rotated."""
        if not self._rules.max_size:
            return False
        try:
            return os.stat(self.path).st_size >= self._rules.max_size
        except OSError:
            return False

    def rotate(self) -> str:
        """Move the file away; return its name from now on.  :meth:`open` is to follow.

        :raises OSError: if it cannot be moved
        """
        backup = self._rules.backup or f"{self.path}.{int(time.time())}"
        os.rename(self.path, backup)
        return backup
