"""What is set on listening sockets."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SocketOptions"]


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """Accepted connections inherit the last three.

    :param owner: of unix sockets, ``USER[:GROUP]`` by name or number; empty: whoever starts the server
    :param reuse_port: other processes may listen on the same port (``SO_REUSEPORT``)
    :param freebind: the address need not exist yet (``IP_FREEBIND``)
    :param send_buffer: bytes; 0 leaves it to the system
    :param receive_buffer: bytes; 0 leaves it to the system
    """

    owner: str = ""
    reuse_port: bool = False
    freebind: bool = False
    keepalive: bool = False
    send_buffer: int = 0
    receive_buffer: int = 0
