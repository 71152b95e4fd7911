"""Another program in place of a worker (uWSGI ``--worker-exec``, ``--worker-exec2``)."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from typing import TYPE_CHECKING, NoReturn

from engine.channels import Lane
from engine.errors import ConfigError

if TYPE_CHECKING:
    from engine.net.listeners import Listener
    from engine.worker import Supervised

__all__ = ["become"]


def become(option: str, command: str, listener: Listener, supervised: Supervised | None) -> NoReturn:
    """Execute a program that finds the listening socket in its standard input, blocking.

    It cannot say when it is ready, so its master takes it to be that at once.

    :raises ConfigError: if it cannot be executed
    """
    # uWSGI takes all of it for the path; arguments are told apart only where there is no such program.
    argv = [command] if shutil.which(command) else shlex.split(command)
    if supervised is not None:
        supervised.channel.send(Lane.CONTROL, b"ready")
    listener.sock.setblocking(True)
    os.dup2(listener.sock.fileno(), 0)
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)  # Python ignores them, programs rely on them
    try:
        os.execvp(argv[0], argv)
    except OSError as exc:
        raise ConfigError(f"--{option} {command}: {exc.strerror}") from exc
