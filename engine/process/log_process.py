"""The log process as the server sees it: started first, told what to do, waited for at the end."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bridge.lowlevel import original
from engine.errors import ConfigError
from engine.logs.python_logging import REQUEST_LOGGER, SERVER_LOGGER
from engine.logs.targets import LogTargets
from engine.pids import send_signal

__all__ = ["LogProcess"]

_SEND_BUFFER: Final = 1 << 20
_LAST_LINES: Final = 2.0  # seconds that the last lines have to be written when the server ends


class LogProcess:
    """Leads descriptors 1 and 2, and request lines, through a process of their own.

    :param uid: whom it becomes once its files are open; None: it stays who it is
    :param owner: user and group its files are to belong to
    :param directory: where the application will run: files of ``--log-config`` start from there
    :param path: directories to import from, as the application does, what ``--log-config`` names
    """

    def __init__(
        self,
        targets: LogTargets,
        uid: str | None,
        gid: str | None,
        owner: tuple[int, int] | None,
        directory: str | None = None,
        path: Sequence[str] = (),
    ) -> None:
        self._targets = targets
        self._directory = directory
        self._path = list(path)
        self._uid = uid
        self._gid = gid
        self._owner = owner
        self._pid = 0
        self._alive = -1
        self._with_server_lines = not targets.server.is_empty() or bool(targets.drain or targets.keep)
        self._original = os.dup(2)
        self._original_out = os.dup(1)
        self._read: list[int] = []
        self._chains: list[dict[str, Any]] = []
        self.server_fd: int | None = None
        """Takes server lines, and nothing that an application prints; None: they go to descriptor 2."""

        self.request_fd: int | None = None
        """Takes request lines; None: they are server lines like others."""

    def start(self) -> None:
        """Open what leads to the process, and start it.

        :raises ConfigError: if it cannot open what it is to write to
        """
        if self._with_server_lines:
            read, write = os.pipe()
            self._read.append(read)
            self._chains.append(asdict(self._targets.server))
            self._lead_output_to(write)
            os.close(write)
        python = self._targets.python
        if python is not None and python.server:
            self.server_fd = self._open_packets({"logger": SERVER_LOGGER, "is_whole": True})
        if python is not None and python.requests:
            self.request_fd = self._open_packets({"logger": REQUEST_LOGGER, "is_whole": False})
        elif not self._targets.requests.is_empty():
            self.request_fd = self._open_packets(asdict(self._targets.requests))
        if not self._spawn():
            self.restore()
            raise ConfigError("the log process did not start; what it said is above")

    def _open_packets(self, chain: dict[str, Any]) -> int:
        """Packets: lines of several workers are never mixed, however many are written at once."""
        ours, theirs = original("socket", "socketpair")(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._read.append(ours.detach())
        self._chains.append(chain)
        return int(theirs.detach())

    def _spawn(self) -> bool:
        """Start it; return whether it runs.  It forks itself away, so that nobody needs to bury it."""
        alive, theirs = os.pipe()
        self._alive = alive
        targets = self._targets
        record = {
            "fds": self._read,
            "chains": self._chains,
            "python": None if targets.python is None else asdict(targets.python),
            "directory": self._directory,
            "path": self._path,
            "drain": targets.drain,
            "keep": targets.keep,
            "files": asdict(targets.files),
            "original": self._original,
            "owner": self._owner,
            "uid": self._uid,
            "gid": self._gid,
            "alive": theirs,
        }
        passed = [*self._read, self._original, theirs]
        argv = [sys.executable, "-m", "engine.process.log_carrier", json.dumps(record)]
        for fd in passed:
            os.set_inheritable(fd, True)
        try:
            pid = os.posix_spawn(
                sys.executable,
                argv,
                _environ(),
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, self._original_out, 1),
                    (os.POSIX_SPAWN_DUP2, self._original, 2),
                ],
                setsigmask=(),
            )
        finally:
            for fd in passed:
                os.set_inheritable(fd, False)
            os.close(theirs)
        original("os", "waitpid")(pid, 0)
        told = os.read(alive, 32)
        self._pid = int(told or 0)
        return bool(told)

    def watch(
        self, add_reader: Callable[[int, Callable[[], None]], None], remove: Callable[[int], None]
    ) -> None:
        """Start another process whenever this one ends; for the master, which keeps the reading ends."""

        def ended() -> None:
            remove(self._alive)
            os.close(self._alive)
            if self._spawn():
                add_reader(self._alive, ended)

        add_reader(self._alive, ended)

    def tell(self, number: signal.Signals) -> None:
        """SIGHUP: open files again; SIGUSR1: rotate them."""
        if self._pid:
            send_signal(self._pid, number)

    def close_reading_ends(self) -> None:
        """Let go, where nobody starts another process: the log ends with the one that runs."""
        for fd in self._read:
            os.close(fd)
        self._read = []

    def restore(self) -> None:
        """Lead descriptors 1 and 2 where they led before: the next image begins anew."""
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(self._original_out, 1)
        os.dup2(self._original, 2)

    def finish(self) -> None:
        """Wait until the last lines are written; they are lost if that takes too long."""
        self.restore()
        for fd in (self.server_fd, self.request_fd):
            if fd is not None:
                os.close(fd)
        self.close_reading_ends()
        poll = original("select", "poll")()
        poll.register(self._alive, 1)
        poll.poll(_LAST_LINES * 1000)

    def _lead_output_to(self, fd: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(fd, 1)
        os.dup2(fd, 2)


def _environ() -> dict[str, str]:
    """The environment in which this package can be imported, and no application hooks itself in."""
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}
