"""``--signal host:port,number``: raise a signal in a server that runs."""

from __future__ import annotations

import socket
import struct
from typing import Final

from engine.errors import ConfigError

__all__ = ["send_signal"]

_PACKET: Final = struct.Struct("<BHB")
_MODIFIER: Final = 110
_TIMEOUT: Final = 4.0  # seconds


def send_signal(text: str) -> None:
    """Send the packet and wait for the answer; without a loop, before anything of gevent is imported.

    :param text: ``host:port,number`` or ``/path,number``
    :raises ConfigError: if *text* makes no sense, or the server does not take the signal
    """
    node, _, number = text.rpartition(",")
    if not node or not number.isdecimal() or int(number) > 255:
        raise ConfigError(
            f"--signal {text}: write host:port,number or /path,number with a number from 0 to 255"
        )
    try:
        with _connect(node) as sock:
            sock.sendall(_PACKET.pack(_MODIFIER, 0, int(number)))
            answer = sock.recv(_PACKET.size)
    except (OSError, ValueError) as error:
        raise ConfigError(f"unable to deliver signal {number} to node {node}: {error}") from None
    if len(answer) < _PACKET.size or answer[3] != 1:
        raise ConfigError(f"node {node} rejected signal {number}")


def _connect(node: str) -> socket.socket:
    host, colon, port = node.rpartition(":")
    if colon:
        return socket.create_connection((host.strip("[]") or "127.0.0.1", int(port)), timeout=_TIMEOUT)
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(_TIMEOUT)
    try:
        sock.connect(f"\0{node[1:]}" if node.startswith("@") else node)
    except BaseException:
        sock.close()
        raise
    return sock
