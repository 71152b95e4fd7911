"""What the service manager is told: sd_notify(3), for ``Type=notify`` and ``Type=notify-reload``."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from typing import Any, Final

from bridge.lowlevel import original

__all__ = ["Notifier"]

_PARTS: Final = 3  # of the watchdog's time pass between two signs of life; systemd asks for 2 at least


class Notifier:
    """Tells the manager that started this process; does nothing if none asked for it.

    Make it before the application is imported: the variables are taken out of *environ*, so that programs
    which the application starts do not speak for the server.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        address = environ.pop("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._pause = _watchdog(environ) / _PARTS
        self._due = 0.0
        self._status = ""
        self._is_ready = False
        self._socket: Any = None

    def watchdog_interval(self) -> float:
        """Seconds between two signs of life; 0.0 if none are asked for."""
        return self._pause if self._address else 0.0

    def ready(self, status: str = "") -> None:
        """The server serves, for the first time or after a reload."""
        if not self._is_ready:
            self._is_ready = True
            self._send(f"READY=1\nMAINPID={os.getpid()}", status)

    def reloading(self) -> None:
        """A reload has begun; :meth:`ready` follows when it has succeeded or was given up."""
        self._is_ready = False
        # As systemd 253 wants it: CLOCK_MONOTONIC at this moment, to tell this reload from one before.
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}", "reloading")

    def stopping(self) -> None:
        """The server ends."""
        self._is_ready = True  # never say so again
        self._send("STOPPING=1", "finishing what runs")

    def status(self, text: str) -> None:
        """Show a line in ``systemctl status``; the same line is not sent twice."""
        self._send("", text)

    def alive(self, now: float) -> None:
        """Give a sign of life if it is time; *now* is of ``time.monotonic()``."""
        if self._pause and now >= self._due:
            self._due = now + self._pause
            self._send("WATCHDOG=1", "")

    def _send(self, state: str, status: str) -> None:
        lines = [state] if state else []
        if status and status != self._status:
            self._status = status
            lines.append(f"STATUS={status}")
        if not self._address or not lines:
            return
        if self._socket is None:
            self._socket = original("socket", "socket")(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            pass  # the manager is gone or does not read; the server is needed all the same


def _watchdog(environ: MutableMapping[str, str]) -> float:
    """Return the seconds within which this process has to give a sign of life; 0.0 means never."""
    pid = environ.pop("WATCHDOG_PID", "")
    usec = environ.pop("WATCHDOG_USEC", "")
    meant = not pid or pid == str(os.getpid())
    return int(usec) / 1e6 if usec.isdecimal() and meant else 0.0
