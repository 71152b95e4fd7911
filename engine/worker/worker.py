"""The parts of a worker put together."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

import bridge
from engine.apps.application import Application
from engine.cores.aside import Aside
from engine.errors import ClientLeftError
from engine.logs.server_log import ServerLog
from engine.net.acceptor import Acceptor
from engine.net.frontend import FrontEnd
from engine.net.listeners import Listener
from engine.net.uwsgi import UwsgiConnection
from engine.request.exchange import Exchange
from engine.request.log import line_maker
from engine.static.site import StaticSite
from engine.stats.backlog import backlog_of
from engine.stats.memory import memory
from engine.stats.scoreboard import Column
from engine.trust import TrustedPeers
from engine.uwsgi_api.api import Api
from engine.worker.ending import Ending
from engine.worker.looking_in import LookingIn
from engine.worker.serving import Serving
from engine.worker.settings import Supervised, WorkerSettings
from engine.worker.spoken import alpn_factories, http_factory
from engine.worker.supervision import Supervision
from engine.worker.upkeep import Upkeep

__all__ = ["Worker"]


class Worker:
    """Serves until it is told to stop; use once, in the main thread.

    :param apps: none: every request is answered with 500
    :param supervised: None without a master
    :param ready: called once signals are handled; may raise those that came too early
    """

    def __init__(
        self,
        settings: WorkerSettings,
        listeners: Sequence[Listener],
        apps: Sequence[Application],
        log: ServerLog,
        api: Api,
        supervised: Supervised | None = None,
        ready: Callable[[], None] | None = None,
    ) -> None:
        self._settings = settings
        self._listeners = listeners
        self._log = log
        self._api = api
        self._supervised = supervised
        self._ready = ready
        self.channel = None if supervised is None else supervised.channel
        self._serving = Serving(apps, settings, log, api)
        self._runner = self._serving.runner
        self._supervision: Supervision | None = None
        self.wants_reload = False
        """True after :meth:`run` if a process without a master was asked to reload."""

    def run(self) -> int:
        """Serve until stopped by a signal; return the exit status of the process."""
        wait_for_hub = self._settings.wait_for_hub
        with asyncio.Runner(loop_factory=_loop_factory(self._settings.loop_backend)) as runner:
            clean = runner.run(self._main())
            if wait_for_hub:
                runner.run(asyncio.sleep(0))
        if wait_for_hub:
            self._ending.join_greenlets()
        self.wants_reload = self._ending.wants_reload
        self._api.finish_process()
        self._log.flush()
        return 0 if clean else 1

    async def _main(self) -> bool:
        loop = asyncio.get_running_loop()
        bridge.attach()
        settings, supervised = self._settings, self._supervised
        self._log.use_timer(loop.call_later)
        front = self._front_end(loop)
        self._acceptor = acceptor = self._accept_with(loop, front)
        number = 1 if supervised is None else supervised.number
        self._upkeep = upkeep = Upkeep(
            settings,
            self._runner,
            self._log,
            number,
            None if supervised is None else supervised.row,
            self._serving,
            self._leave,
        )
        self._ending = ending = Ending(
            settings, self._runner, self._log, number, supervised is None, upkeep.stay
        )
        ending.take_signals(loop)
        self._api.instance.set_harakiri = upkeep.set_own_harakiri
        self._api.instance.environ_of = self._serving.environs.build
        front.services = self._api.services
        self._api.serving()
        if not await self._start_apps(front):
            return True
        await acceptor.start()
        if supervised is not None:
            self._supervision = self._new_supervision(supervised)
        upkeep.queue = lambda: max((backlog_of(each.sock) for each in self._listeners), default=0)
        upkeep.start(loop, front)
        looking_in = LookingIn(settings.log_blocking, self._runner.pool.running, self._log.line)
        self._take_early_signals()
        upkeep.watch_certificates(settings.certificate_watch, acceptor.renew_certificates)
        if supervised is not None:
            self._begin_supervised(loop, supervised)
        await ending.wait()
        clean = await ending.leave(front, acceptor)
        await self._serving.cancel_requests()
        await self._api.finish(settings.mercy if clean else 1.0)
        await self._serving.end_lifespans(settings.mercy if clean else 1.0)
        if not settings.wait_for_hub:
            await ending.end_leftovers()
        front.stop()
        upkeep.stop()
        looking_in.stop()
        return clean

    def _take_early_signals(self) -> None:
        ready, self._ready = self._ready, None
        if ready is not None:
            ready()

    async def _start_apps(self, front: FrontEnd) -> bool:
        """Return whether requests may come; False if the worker was told to stop meanwhile.

        :raises AppLoadError: if an application refuses to start
        """
        serving = self._serving
        if not serving.has_asgi():
            await serving.start()
        else:
            self._take_early_signals()  # a start that never ends can be ended
            starting = asyncio.ensure_future(serving.start())
            stopping = asyncio.ensure_future(self._ending.wait())
            await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not starting.done():
                starting.cancel()
                await asyncio.wait((starting,))
                front.stop()
                return False
            starting.result()
        front.submit, front.withdraw = serving.submit, serving.withdraw
        if self._settings.static:
            site = StaticSite(self._settings.static, self._log.line)
            aside = Aside(site, serving.submit, self._log.line)
            front.submit = aside.submit
            serving.files_sent = lambda: aside.answered
        return True

    def _front_end(self, loop: asyncio.AbstractEventLoop) -> FrontEnd:
        request_log = self._settings.request_log
        number = 1 if self._supervised is None else self._supervised.number
        return FrontEnd(
            loop,
            self._settings.timings,
            self._log,
            request_log.enabled,
            line_maker(request_log, number, memory, self._api.instance.metric),
            request_log.exceptions.filter(),
            self._serving.submit,
            self._serving.withdraw,
            self._runner.new_parking,
            self._serving.environs.connection_template,
        )

    def _accept_with(self, loop: asyncio.AbstractEventLoop, front: FrontEnd) -> Acceptor:
        factories: dict[str, Callable[..., Any]] = {
            "http": http_factory(front, self._settings),
            "uwsgi": lambda known=None: UwsgiConnection(front, known),
        }
        factories |= {
            each.spoken: self._redirecting(front, each.https_port)
            for each in self._listeners
            if each.protocol == "redirect"
        }
        acceptor = Acceptor(
            loop,
            self._listeners,
            factories,
            self._settings.backlog,
            self._log.line,
            TrustedPeers(self._settings.proxies),
            max(64, front.most_connections // 2),
            alpn_factories(front, self._settings),
        )
        if not self._serving.is_mixed():  # else an ASGI request may be waiting to be accepted
            self._runner.on_full = acceptor.pause
        self._runner.on_free = self._on_free
        front.crowd.on_full = acceptor.pause
        front.crowd.on_room = self._on_free
        self._front = front
        if self._settings.kill_on_disconnect:
            front.on_gone = self._end_request
        return acceptor

    @staticmethod
    def _redirecting(front: FrontEnd, port: str) -> Callable[..., Any]:
        from engine.net.redirect import RedirectConnection

        return lambda known=None: RedirectConnection(front, known, port)

    def _end_request(self, exchange: Exchange) -> None:
        self._runner.end(exchange, ClientLeftError("the client has gone (--kill-on-disconnect)"))

    def _on_free(self) -> None:
        if self._front.crowd.is_full or (self._supervision is not None and self._supervision.paused):
            return
        self._acceptor.resume()

    def _new_supervision(self, supervised: Supervised) -> Supervision:
        return Supervision(
            supervised,
            self._runner,
            self._acceptor,
            self._log,
            self._settings.log_file,
            self._upkeep.publish,
            self._orphaned,
            [(app.number, app.mountpoint, app.seconds) for app in self._serving.apps],
        )

    def _begin_supervised(self, loop: asyncio.AbstractEventLoop, supervised: Supervised) -> None:
        supervision = self._supervision
        assert supervision is not None
        supervised.row[Column.ACCEPTING] = 1
        supervision.start(loop)
        if self._settings.autoreload and supervised.number == 1:
            self._upkeep.watch_modules(self._settings.autoreload, supervision.ask_for_reload)

    def _orphaned(self) -> None:
        if not self._ending.begun:
            self._log.line("the master is gone: finishing what runs, then ending")
            self._ending.on_signal(signal.SIGHUP)

    def _leave(self, reason: str) -> None:
        """Go on until the successor is ready; without a master there is none."""
        if self._supervision is not None:
            self._supervision.ask_to_leave(reason)
            return
        self._log.line(f"...The work of process {os.getpid()} is done. Seeya! ({reason})")
        self._ending.on_signal(signal.SIGTERM)


def _loop_factory(backend: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if backend == "asyncio":
        return asyncio.SelectorEventLoop
    return bridge.new_event_loop
