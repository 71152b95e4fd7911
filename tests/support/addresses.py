"""Addresses of servers under test: a TCP port of this machine or a unix socket."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TypeAlias

__all__ = ["Address", "can_connect", "connect", "refuses"]

Address: TypeAlias = tuple[str, int] | Path


def connect(address: Address, *, timeout: float = 10.0) -> socket.socket:
    """Return a connected socket; every later wait on it ends after ``timeout`` seconds."""
    if isinstance(address, Path):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        try:
            sock.connect(str(address))
        except BaseException:
            sock.close()
            raise
        return sock
    sock = socket.create_connection(address, timeout=timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def refuses(address: Address, *, timeout: float = 2.0) -> bool:
    """Say whether nothing listens there: a connection is refused at once, not left waiting."""
    try:
        connect(address, timeout=timeout).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    except OSError:
        return False
    return False


def can_connect(address: Address) -> bool:
    """Say whether something accepts connections there now."""
    try:
        connect(address, timeout=2.0).close()
    except OSError:
        return False
    return True
