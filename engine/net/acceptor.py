"""Accepting connections, and leaving them in the kernel's backlog while all cores are busy."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from engine.net.listeners import Listener
from engine.net.preliminaries import Preliminaries
from engine.net.server import OwnServer
from engine.trust import TrustedPeers

__all__ = ["Acceptor"]

# How long a worker that had no free core leaves new connections alone, in seconds.
_REST = 0.02
_PATIENCE = 1.0  # seconds a handshake may take before it must make room
_SETTLE = 1.0  # seconds for handshakes that have begun when the worker is told to end


class Acceptor:
    """Serves the listeners of one worker.

    asyncio can only close a server, not pause it, so each server gets a
    duplicate of the inherited descriptor: closing that leaves the socket and
    its backlog as they are.

    :param most_handshakes: connections whose protocol has not begun; beyond, slow ones are dropped
    :param by_alpn: protocol that a TLS client chose -> makes a connection
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listeners: Sequence[Listener],
        factories: dict[str, Callable[..., Any]],
        backlog: int,
        log: Callable[[str], None],
        proxies: TrustedPeers | None = None,
        most_handshakes: int = 1000,
        by_alpn: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self._loop = loop
        self._listeners = listeners
        self._factories = factories
        self._backlog = backlog
        self._log = log
        self._servers: list[asyncio.Server | OwnServer] = []
        self._paused = False
        self._stopped = False
        self._waking: asyncio.TimerHandle | None = None
        self._most_handshakes = most_handshakes
        self._tasks: dict[asyncio.Task[Any], float] = {}
        """When they began, the oldest first."""
        self._preliminaries = Preliminaries(loop, factories, log, proxies, by_alpn)

    async def start(self) -> None:
        """Begin to accept."""
        for listener in self._listeners:
            preceded = listener.tls is not None or self._preliminaries.has_proxies(listener)
            if preceded or isinstance(self._loop, asyncio.SelectorEventLoop):
                self._servers.append(OwnServer(self._loop, listener, self._meet))
                continue
            factory = self._factories[listener.spoken]
            sock = socket.socket(fileno=os.dup(listener.sock.fileno()))
            server: asyncio.Server
            if sock.family == socket.AF_UNIX:
                server = await self._serve_unix(factory, sock)
            else:
                server = await self._loop.create_server(factory, sock=sock, backlog=self._backlog)
            self._servers.append(server)

    async def _serve_unix(self, factory: Callable[..., Any], sock: socket.socket) -> asyncio.Server:
        """Leave the socket's file alone: from Python 3.13 on it would go with the first worker that ends."""
        create: Any = self._loop.create_unix_server
        try:
            server = create(factory, sock=sock, backlog=self._backlog, cleanup_socket=False)
        except TypeError:  # uvloop 0.21 never removes it
            server = create(factory, sock=sock, backlog=self._backlog)
        return cast("asyncio.Server", await server)

    def renew_certificates(self, always: bool = False) -> None:
        """Let new TLS connections have what the files hold now; open ones stay as they are."""
        for listener in self._listeners:
            if listener.tls is not None:
                listener.tls.renew(self._log, always)

    def _meet(self, listener: Listener, sock: socket.socket) -> None:
        if len(self._tasks) >= self._most_handshakes:
            self._drop_the_slow()
        self._keep(self._loop.create_task(self._preliminaries.connect(listener, sock)))

    def _drop_the_slow(self) -> None:
        """Make room for other handshakes; if all have just begun, accept no more until one had its time."""
        stale = self._loop.time() - _PATIENCE
        slow = [task for task, began in self._tasks.items() if began <= stale]
        for task in slow:
            del self._tasks[task]
            task.cancel()
        if not slow:
            first = next(iter(self._tasks.values()))
            self.pause()
            self._waking = self._loop.call_at(first + _PATIENCE, self._wake)

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks[task] = self._loop.time()
        task.add_done_callback(lambda task: self._tasks.pop(task, None))

    async def settle(self) -> None:
        """Return when every connection accepted so far has met its protocol; slow handshakes go on."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_SETTLE)
        for _ in range(4):  # uvloop: callbacks that it has queued itself
            await asyncio.sleep(0)

    def pause(self) -> None:
        """Leave new connections in the backlog."""
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None
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
                self._meet(listener, sock)
        await self.settle()

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
