"""One worker: listeners, protocols, cores and the application put together on one loop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import bridge
from bridge.lowlevel import breathe, join_hub
from engine.apps.wsgi.adapter import WSGIAdapter
from engine.apps.wsgi.environ import EnvironBuilder
from engine.cores.runner import Runner
from engine.logs.server_log import ServerLog
from engine.net.acceptor import Acceptor
from engine.net.frontend import FrontEnd, Timings
from engine.net.http1 import Http1Connection
from engine.net.listeners import Listener
from engine.net.uwsgi import UwsgiConnection
from engine.uwsgi_api.api import Api

__all__ = ["Worker", "WorkerSettings"]

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker needs to know; times in seconds."""

    cores: int
    backlog: int = 100
    timings: Timings = field(default_factory=Timings)
    mercy: float = 60.0
    log_requests: bool = True
    multiprocess: bool = False
    strict: bool = False
    show_errors: bool = False
    wait_for_hub: bool = False
    loop_backend: str = ""


class Worker:
    """Serves until it is told to stop; use once, in the main thread.

    :param app: the WSGI callable; None answers every request with 500
    """

    def __init__(
        self, settings: WorkerSettings, listeners: Sequence[Listener], app: Any, log: ServerLog, api: Api
    ) -> None:
        self._settings = settings
        self._listeners = listeners
        self._log = log
        self._api = api
        self._environs = EnvironBuilder(settings.multiprocess)
        self._adapter = WSGIAdapter(
            app,
            self._environs,
            log.line,
            breathe,
            strict=settings.strict,
            show_errors=settings.show_errors,
        )
        self._runner = Runner(settings.cores, self._serve, log.line)
        self._stopping = False

    def run(self) -> int:
        """Serve until stopped by a signal; return the exit status of the process."""
        with asyncio.Runner(loop_factory=_loop_factory(self._settings.loop_backend)) as runner:
            clean = runner.run(self._main())
            if self._settings.wait_for_hub:
                runner.run(asyncio.sleep(0))
        if self._settings.wait_for_hub:
            join_hub()
        self._api.finish_process()
        self._log.flush()
        return 0 if clean else 1

    def _serve(self, exchange: Any) -> None:
        self._api.begin(exchange)
        self._adapter.serve(exchange, exchange.link.template())
        self._api.end(exchange)

    async def _main(self) -> bool:
        loop = asyncio.get_running_loop()
        bridge.attach()
        settings = self._settings
        self._log.use_timer(loop.call_later)
        self._front = front = FrontEnd(
            loop,
            settings.timings,
            self._log,
            settings.log_requests,
            self._runner.submit,
            self._runner.withdraw,
            self._runner.new_parking,
            self._environs.connection_template,
        )
        factories: dict[str, Callable[[], Any]] = {
            "http": lambda: Http1Connection(front),
            "uwsgi": lambda: UwsgiConnection(front),
        }
        acceptor = Acceptor(loop, self._listeners, factories, settings.backlog)
        self._runner.on_full = acceptor.pause
        self._runner.on_free = acceptor.resume
        self._stop = asyncio.Event()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self._on_stop_signal, number)
        self._api.serving()
        await acceptor.start()
        await self._stop.wait()
        acceptor.stop()
        clean = await self._drain(settings.mercy)
        await self._api.finish(settings.mercy if clean else 1.0)
        front.stop()
        return clean

    def _on_stop_signal(self, number: int) -> None:
        if self._stopping:
            self._log.line(f"second {signal.Signals(number).name}: ending at once")
            self._log.flush()
            sys.stdout.flush()
            os._exit(1)
        self._stopping = True
        running = len(self._runner.pool.running)
        self._log.line(f"{signal.Signals(number).name} received: finishing {running} requests")
        self._stop.set()

    async def _drain(self, mercy: float) -> bool:
        """Let running requests end and their replies go out; False if that took too long."""
        loop = asyncio.get_running_loop()
        idle = loop.create_future()
        front = self._front
        front.drain()
        self._runner.when_idle(lambda: None if idle.done() else idle.set_result(None))
        give_up = loop.time() + mercy
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


def _loop_factory(backend: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if backend == "asyncio":
        return asyncio.SelectorEventLoop
    return bridge.new_event_loop
