"""Accepting connections, and leaving them in the kernel's backlog while all cores are busy."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

from engine.net.listeners import Listener

__all__ = ["Acceptor"]

# Errors of accept(2) that go away when descriptors or memory become free; seconds until the next try.
_NO_ROOM = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_LONG_REST = 1.0
_AT_ONCE = 16  # connections taken per turn of the loop, so that other workers get some too

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
        self._servers: list[asyncio.Server | _SelectorServer] = []
        self._paused = False
        self._stopped = False
        self._waking: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Begin to accept."""
        for listener in self._listeners:
            factory = self._factories[listener.protocol]
            if isinstance(self._loop, asyncio.SelectorEventLoop):
                self._servers.append(_SelectorServer(self._loop, listener.sock, factory, self._keep))
                continue
            sock = socket.socket(fileno=os.dup(listener.sock.fileno()))
            server: asyncio.Server
            if sock.family == socket.AF_UNIX:
                server = await self._loop.create_unix_server(factory, sock=sock, backlog=self._backlog)
            else:
                server = await self._loop.create_server(factory, sock=sock, backlog=self._backlog)
            self._servers.append(server)

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Return when every connection accepted so far has met its protocol."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        for _ in range(4):  # uvloop: callbacks that it has queued itself
            await asyncio.sleep(0)

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
            self._keep(self._loop.create_task(self.start()))

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


class _SelectorServer:
    """Accepts on one listening socket of an asyncio selector loop.

    Not ``create_server``: asyncio accepts in one callback and makes the transport in a later one,
    and drops the connection without a word if the server was closed in between (Server._attach
    asserts that it was not), which loses requests on every reload.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        factory: Callable[[], Any],
        keep: Callable[[asyncio.Task[Any]], None],
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._factory = factory
        self._keep = keep
        self._resting: asyncio.TimerHandle | None = None
        self._open = True
        loop.add_reader(sock.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                sock, _ = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as exc:
                if exc.errno in _NO_ROOM:
                    self._loop.remove_reader(self._sock.fileno())
                    self._resting = self._loop.call_later(_LONG_REST, self._accept_again)
                    return
                raise
            sock.setblocking(False)
            self._keep(self._loop.create_task(self._connect(sock)))
            if not self._open:
                return

    async def _connect(self, sock: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._factory, sock)
        except OSError:
            sock.close()

    def _accept_again(self) -> None:
        self._resting = None
        self._loop.add_reader(self._sock.fileno(), self._accept)

    def close(self) -> None:
        """Accept no more; the socket stays open."""
        self._open = False
        if self._resting is not None:
            self._resting.cancel()
        elif self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
