"""The master executes itself again: new program, new configuration, same process id, same sockets.

What the new image must know goes through one environment variable.  Descriptors that it inherits
are named there; all others close by themselves.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

__all__ = [
    "CHECK",
    "Inherited",
    "OldProgram",
    "OldWorker",
    "Origin",
    "ServingSocket",
    "forget",
    "inherited",
    "is_check",
]

VARIABLE: Final = "GEVENT_ENGINE_INHERITED"
CHECK: Final = "GEVENT_ENGINE_CHECK"
RELOADS: Final = "UWSGI_RELOADS"  # uWSGI counts its reloads here; ``if-reload`` in config files asks for it


@dataclass(frozen=True, slots=True)
class ServingSocket:
    """A listening socket: ``protocol`` and ``text`` as in the configuration."""

    protocol: str
    text: str
    name: str
    path: str | None
    fd: int


@dataclass(frozen=True, slots=True)
class OldWorker:
    """A worker of the image before.

    ``fd``: the master's end of its channel; ``unread``: the start of a message, in hexadecimal.
    """

    pid: int
    number: int
    fd: int
    phase: str
    unread: str = ""


@dataclass(frozen=True, slots=True)
class OldProgram:
    """A program that the image before has started: as its child, which somebody must reap."""

    pid: int
    command: str


@dataclass(frozen=True, slots=True)
class Inherited:
    """What one image leaves to the next.

    :param pid: of the process that may have it
    :param copied_from: the master that goes on beside this one; 0 after a reload
    """

    pid: int
    sockets: tuple[ServingSocket, ...] = ()
    workers: tuple[OldWorker, ...] = ()
    brutal: bool = False
    requests: Mapping[str, int] = field(default_factory=dict)
    copied_from: int = 0
    programs: tuple[OldProgram, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """How this process was started, so that it can be started in the same way again."""

    argv: tuple[str, ...]
    directory: str
    environ: Mapping[str, str]

    @classmethod
    def of_this_process(cls) -> Origin:
        """Call before anything changes the directory or the environment."""
        environ = {key: value for key, value in os.environ.items() if key not in (VARIABLE, CHECK)}
        argv = [sys.executable, *sys.orig_argv[1:]]
        return cls(tuple(argv), _directory(), environ)

    def execute(self, state: Inherited) -> None:
        """Replace this process; returns only by raising.

        :raises OSError: if the program cannot be executed; nothing has changed then
        """
        before = os.getcwd()
        fds = [socket.fd for socket in state.sockets] + [worker.fd for worker in state.workers]
        environ = self._counted()
        environ[VARIABLE] = json.dumps(asdict(state))
        try:
            for fd in fds:
                os.set_inheritable(fd, True)
            os.chdir(self.directory)
            os.execve(self.argv[0], self.argv, environ)
        except OSError:
            os.chdir(before)
            for fd in fds:
                os.set_inheritable(fd, False)
            raise

    def check(self) -> None:
        """In a forked child: become a process that only tries whether a start would succeed."""
        os.chdir(self.directory)
        os.execve(self.argv[0], self.argv, self.check_environ())

    def check_environ(self) -> dict[str, str]:
        """Return the environment that makes a process only try."""
        return {**self._counted(), CHECK: "1"}

    def _counted(self) -> dict[str, str]:
        environ = dict(self.environ)
        environ[RELOADS] = str(int(environ.get(RELOADS, "0") or "0") + 1)
        return environ


def _directory() -> str:
    """The current directory under the name the user knows.

    A deployment switches ``/srv/app/current``, a symbolic link; the new image must start in what
    it points to then, not in what it pointed to when the first one was started.
    """
    real = os.getcwd()
    named = os.environ.get("PWD", "")
    try:
        return named if os.path.isabs(named) and os.path.samefile(named, real) else real
    except OSError:
        return real


def inherited() -> Inherited | None:
    """Return what the image before left for this process; None at a first start."""
    text = os.environ.get(VARIABLE)
    if text is None:
        return None
    state = json.loads(text)
    if state["pid"] != os.getpid():
        return None  # a child of the old image that kept its environment
    sockets = tuple(ServingSocket(**each) for each in state["sockets"])
    workers = tuple(OldWorker(**each) for each in state["workers"])
    for fd in [each.fd for each in sockets] + [each.fd for each in workers]:
        os.set_inheritable(fd, False)
    programs = tuple(OldProgram(**each) for each in state.get("programs", ()))  # older versions name none
    copied_from = state.get("copied_from", 0)
    return Inherited(
        state["pid"], sockets, workers, state["brutal"], state["requests"], copied_from, programs
    )


def forget() -> None:
    """Keep what is only for this process from its children."""
    os.environ.pop(VARIABLE, None)
    os.environ.pop(CHECK, None)


def is_check(environ: Mapping[str, str]) -> bool:
    """Whether this process only tries whether a start would succeed."""
    return environ.get(CHECK) == "1"
