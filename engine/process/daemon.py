"""Going to the background (uWSGI ``--daemonize``).

Where uWSGI's foreground process ends at once and says nothing, this one waits until the server
serves: its exit status tells whether that worked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from bridge.lowlevel import fork
from engine.logs.log_file import LogFile

__all__ = ["daemonize"]


def daemonize(log_file: LogFile) -> Callable[[], None]:
    """Go on in the background; what is returned is to be called once the server is up.

    The process in the foreground ends then with status 0, or with 1 if that never happens.
    """
    read, write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    if fork():
        os.close(write)
        up = os.read(read, 1) == b"u"
        if not up:
            print(f"gevent-engine: the server did not start; see {log_file.path}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(0 if up else 1)
    os.close(read)
    os.setsid()
    if fork():
        os._exit(0)  # so that it can never get a terminal again
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    if null:
        os.close(null)
    log_file.open()

    def tell() -> None:
        os.write(write, b"u")
        os.close(write)

    return tell
