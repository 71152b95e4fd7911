"""Accepting connections, and leaving them in the kernel's backlog while all cores are busy."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

from engine.net.listeners import Listener

__all__ = ["Acceptor"]

# How long a worker that had no free core leaves new connections alone, in seconds.
_REST = 0.02


class Acceptor:
    """Serves the listeners of one worker.

    asyncio can only close a server, not pause it, so each server gets a
    duplicate of the inherited descriptor: closing that leaves the socket and
    its backlog as they are.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listeners: Sequence[Listener],
        factories: dict[str, Callable[[], Any]],
        backlog: int,
    ) -> None:
        self._loop = loop
        self._listeners = listeners
        self._factories = factories
        self._backlog = backlog
        self._servers: list[asyncio.Server] = []
        self._paused = False
        self._stopped = False
        self._waking: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to accept."""
        for listener in self._listeners:
            sock = socket.socket(fileno=os.dup(listener.sock.fileno()))
            factory = self._factories[listener.protocol]
            if sock.family == socket.AF_UNIX:
                server = await _serve_unix(self._loop, factory, sock, self._backlog)
            else:
                server = await self._loop.create_server(factory, sock=sock, backlog=self._backlog)
            self._servers.append(server)

    def pause(self) -> None:
        """Leave new connections in the backlog."""
        if not self._paused and not self._stopped:
            self._paused = True
            self._close_servers()

    def resume(self) -> None:
        """Accept again, soon."""
        if self._paused and not self._stopped and self._waking is None:
            self._waking = self._loop.call_later(_REST, self._wake)

    def _wake(self) -> None:
        self._waking = None
        if self._paused and not self._stopped:
            self._paused = False
            task = self._loop.create_task(self.start())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def take_backlog(self) -> None:
        """Accept every connection the kernel has completed by now, also while paused."""
        for listener in self._listeners:
            while True:
                try:
                    sock, _ = listener.sock.accept()
                except (BlockingIOError, InterruptedError):
                    break
                except OSError:
                    break
                sock.setblocking(False)
                factory = self._factories[listener.protocol]
                try:
                    await self._loop.connect_accepted_socket(factory, sock)
                except OSError:
                    sock.close()

    def stop(self, close: bool = True) -> None:
        """Accept no more.  Once no process holds the sockets, clients are refused at once.

        :param close: let go of the listening sockets
        """
        self._stopped = True
        if self._waking is not None:
            self._waking.cancel()
        self._close_servers()
        if close:
            for listener in self._listeners:
                listener.sock.close()

    def _close_servers(self) -> None:
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()


async def _serve_unix(
    loop: asyncio.AbstractEventLoop, factory: Callable[[], Any], sock: socket.socket, backlog: int
) -> asyncio.Server:
    options: dict[str, Any] = {}
    if sys.version_info >= (3, 13) and isinstance(loop, asyncio.SelectorEventLoop):
        options["cleanup_socket"] = False  # the file belongs to whoever bound it, not to one worker
    return await loop.create_unix_server(factory, sock=sock, backlog=backlog, **options)
