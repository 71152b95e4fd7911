"""Reading a PROXY header from a socket that has no transport yet."""

from __future__ import annotations

import asyncio
import socket

from engine.protocols.proxy import ProxyHeader, read_proxy_header

__all__ = ["read_from"]


async def read_from(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> ProxyHeader:
    """Take a PROXY header, and nothing else, from a non-blocking socket.

    :raises ProtocolError: if what comes is none
    :raises OSError: if the peer goes away
    """
    reading = read_proxy_header()
    number, only_look = next(reading)
    while True:
        data = await _receive(loop, sock, number, socket.MSG_PEEK if only_look else 0)
        if not data:
            raise ConnectionResetError("the peer closed the connection before its PROXY header was complete")
        try:
            number, only_look = reading.send(data)
        except StopIteration as stop:
            header: ProxyHeader = stop.value
            return header


async def _receive(loop: asyncio.AbstractEventLoop, sock: socket.socket, number: int, flags: int) -> bytes:
    while True:
        try:
            return sock.recv(number, flags)
        except (BlockingIOError, InterruptedError):
            pass
        readable = loop.create_future()
        loop.add_reader(sock.fileno(), lambda: None if readable.done() else readable.set_result(None))  # noqa: B023
        try:
            await readable
        finally:
            loop.remove_reader(sock.fileno())
