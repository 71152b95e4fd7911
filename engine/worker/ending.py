"""How a worker is told to stop, and how it ends without losing a request."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Final

import bridge
from bridge.lowlevel import end_greenlets, join_hub
from engine.cores.runner import Runner
from engine.logs.server_log import ServerLog
from engine.net.acceptor import Acceptor
from engine.net.frontend import FrontEnd
from engine.worker.settings import WorkerSettings

__all__ = ["Ending"]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

# Seconds that open connections without a request are kept when the worker leaves.  A client that
# sends its next request meanwhile is answered with "Connection: close" instead of being cut off.
_RELOAD_GRACE: Final = 2.0
_STOP_GRACE: Final = 0.3
_LAST_GREENLETS: Final = 5.0  # seconds that greenlets have to end once they were told to


class Ending:
    """Stop signals of one worker and its orderly end; its loop's thread only.

    :param alone: there is no master, so that SIGHUP is for this process to carry out
    :param leaving: called once when the worker has been told to stop
    """

    def __init__(
        self,
        settings: WorkerSettings,
        runner: Runner,
        log: ServerLog,
        alone: bool,
        leaving: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._runner = runner
        self._log = log
        self._number = settings.number
        self._alone = alone
        self._leaving = leaving
        self._seen: set[int] = set()
        self._stop = asyncio.Event()
        self._told_at = time.monotonic()
        self.begun = False
        self.wants_reload = False
        """True if a process without a master was asked to reload and a new start would succeed."""

    def take_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        """Handle stop signals from now on."""
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.on_signal, number)

    def on_signal(self, number: int) -> None:
        """Do what signal *number* asks for."""
        name = signal.Signals(number).name
        if number == signal.SIGHUP and self._alone and not self.begun:
            self._reload_alone()
            return
        if number in self._seen and number != signal.SIGHUP:
            self._log.line(f"second {name}: ending at once")
            self._log.flush()
            sys.stdout.flush()
            os._exit(1)
        self._seen.add(number)
        if self.begun:
            return
        running = len(self._runner.pool.running)
        how = "Gracefully killing" if number == signal.SIGHUP else "Stopping"
        self._log.line(
            f"{how} worker {self._number} (pid: {os.getpid()})... {name} received: "
            f"finishing {running} requests"
        )
        self._begin()

    def _begin(self) -> None:
        self.begun = True
        self._told_at = time.monotonic()
        self._leaving()
        if self._settings.manager is not None and not self.wants_reload:
            self._settings.manager.stopping()
        self._stop.set()

    def _reload_alone(self) -> None:
        """No master: finish what runs, then let the process execute itself again; the sockets stay open."""
        if self.wants_reload:
            return
        self.wants_reload = True
        if self._settings.manager is not None:
            self._settings.manager.reloading()
        self._reloading = asyncio.get_running_loop().create_task(self._check_and_reload())

    async def _check_and_reload(self) -> None:
        settings = self._settings
        self._log.line("SIGHUP received: reloading; trying whether the application loads")
        check = await asyncio.create_subprocess_exec(
            *settings.command, cwd=settings.directory, env=settings.environ, stdin=asyncio.subprocess.DEVNULL
        )
        if await check.wait():
            self._log.line("reload given up: a new start would fail; this process goes on serving")
            self.wants_reload = False
            if self._settings.manager is not None:
                self._settings.manager.ready("serving")
            return
        self._seen.add(signal.SIGHUP)
        self._begin()

    async def wait(self) -> None:
        """Return once the worker was told to stop."""
        await self._stop.wait()

    async def leave(self, front: FrontEnd, acceptor: Acceptor) -> bool:
        """Take no more connections, let requests end; False if that took longer than mercy allows."""
        reloading = self._seen == {signal.SIGHUP}
        if not reloading:
            await acceptor.take_backlog()
        acceptor.stop(close=not self.wants_reload)
        return await self._drain(front, acceptor, _RELOAD_GRACE if reloading else _STOP_GRACE)

    async def _drain(self, front: FrontEnd, acceptor: Acceptor, grace: float) -> bool:
        """Let running requests end and their replies go out.

        :param grace: seconds for clients that have a connection but no request right now
        """
        loop = asyncio.get_running_loop()
        mercy = self._settings.config.reload_mercy
        give_up = loop.time() + mercy
        front.draining = True
        await acceptor.settle()
        try:
            async with asyncio.timeout(min(grace, mercy)):
                await front.wait_closed()
        except TimeoutError:
            pass
        front.drain()
        idle = loop.create_future()
        self._runner.when_idle(lambda: None if idle.done() else idle.set_result(None))
        try:
            async with asyncio.timeout_at(give_up):
                await idle
                front.drain()
                await front.wait_closed()
        except TimeoutError:
            self._log.line(f"requests still running after {mercy:g} seconds ...NO MERCY !!!")
            for exchange in self._runner.pool.running.values():
                self._log.line(f'  core {exchange.core} is managing "{exchange.method} {exchange.uri}"')
            return False
        return True

    async def end_leftovers(self) -> None:
        """Let the ``finally`` blocks of greenlets run that nobody waits for; uWSGI drops them silently."""
        left = await bridge.future(bridge.spawn(end_greenlets, _LAST_GREENLETS))
        for greenlet in left:
            self._log.line(f"does not end: {greenlet!r}")

    def join_greenlets(self) -> None:
        """Wait for all greenlets as long as mercy lasts, with no asyncio loop any more; then end them."""
        took = time.monotonic() - self._told_at
        if not join_hub(max(0.1, self._settings.config.reload_mercy - took)):
            self._log.line("greenlets still running, though --gevent-wait-for-hub waited as long as it may")
            end_greenlets(_LAST_GREENLETS)
