"""Sockets that a supervisor has opened (sd_listen_fds(3), systemd socket activation)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["FIRST", "VARIABLES", "activated"]

FIRST: Final = 3
"""The first descriptor passed on."""

VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def activated(environ: Mapping[str, str], pid: int) -> tuple[int, ...]:
    """Return the descriptors that were passed to process *pid*; none if they are for another one."""
    number = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(pid) or not number.isdecimal():
        return ()
    return tuple(range(FIRST, FIRST + min(int(number), 1024)))
