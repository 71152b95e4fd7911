"""The parts of a worker put together."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence

import bridge
from engine.apps.application import Application
from engine.cores.aside import Aside
from engine.logs.server_log import ServerLog
from engine.net.frontend import FrontEnd
from engine.net.listeners import Listener
from engine.static.site import StaticSite
from engine.stats.backlog import backlog_of
from engine.stats.scoreboard import Column
from engine.uwsgi_api.api import Api
from engine.worker.ending import Ending
from engine.worker.looking_in import LookingIn
from engine.worker.reception import Reception
from engine.worker.serving import Serving
from engine.worker.settings import Supervised, WorkerSettings
from engine.worker.supervision import Supervision
from engine.worker.tracebacker import Tracebacker
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
        self._serving = Serving(apps, settings.config, log, api)
        self._runner = self._serving.runner
        self._supervision: Supervision | None = None
        self.wants_reload = False
        """True after :meth:`run` if a process without a master was asked to reload."""

    def run(self) -> int:
        """Serve until stopped by a signal; return the exit status of the process."""
        config = self._settings.config
        with asyncio.Runner(loop_factory=_loop_factory(config.loop_backend)) as runner:
            clean = runner.run(self._main())
            if config.wait_for_hub:
                runner.run(asyncio.sleep(0))
        if config.wait_for_hub:
            self._ending.join_greenlets()
        self.wants_reload = self._ending.wants_reload
        self._api.finish_process()
        self._log.flush()
        return 0 if clean else 1

    async def _main(self) -> bool:
        loop = asyncio.get_running_loop()
        bridge.attach()
        settings, supervised = self._settings, self._supervised
        config = settings.config
        self._log.use_timer(loop.call_later)
        reception = Reception(
            loop, settings, self._listeners, self._serving, self._log, self._api, self._is_paused
        )
        front = reception.front
        self._acceptor = acceptor = reception.acceptor
        self._upkeep = upkeep = Upkeep(
            settings,
            self._runner,
            self._log,
            None if supervised is None else supervised.row,
            self._serving,
            self._leave,
        )
        upkeep.on_tick = reception.count_others
        self._serving.leave = upkeep.ask_to_leave
        self._ending = ending = Ending(settings, self._runner, self._log, supervised is None, upkeep.stay)
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
        looking_in = LookingIn(config.log_blocking, self._runner.pool.running, self._log.line)
        tracebacker = self._trace_back()
        self._take_early_signals()
        upkeep.watch_certificates(config.tls.watch, acceptor.renew_certificates)
        if supervised is not None:
            self._begin_supervised(loop, supervised)
        await ending.wait()
        clean = await ending.leave(front, acceptor)
        await self._serving.cancel_requests()
        await self._api.finish(config.reload_mercy if clean else 1.0)
        await self._serving.end_lifespans(config.reload_mercy if clean else 1.0)
        if not config.wait_for_hub:
            await ending.end_leftovers()
        front.stop()
        upkeep.stop()
        looking_in.stop()
        if tracebacker is not None:
            tracebacker.stop()
        return clean

    def _trace_back(self) -> Tracebacker | None:
        config = self._settings.config
        if config.py_tracebacker is None:
            return None
        tracebacker = Tracebacker(
            config.py_tracebacker, self._settings.number, config.chmod_socket, self._runner, self._log.line
        )
        tracebacker.start()
        return tracebacker

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
        static = self._settings.config.static
        if static:
            site = StaticSite(static, self._log.line, self._settings.config.response_headers.added)
            aside = Aside(site, serving.submit, self._log.line)
            front.submit = aside.submit
            serving.files_sent = lambda: aside.answered
        return True

    def _is_paused(self) -> bool:
        return self._supervision is not None and self._supervision.paused

    def _new_supervision(self, supervised: Supervised) -> Supervision:
        return Supervision(
            supervised,
            self._runner,
            self._acceptor,
            self._log,
            self._settings.logs,
            self._upkeep.publish,
            self._orphaned,
            [(app.number, app.mountpoint, app.seconds) for app in self._serving.apps],
        )

    def _begin_supervised(self, loop: asyncio.AbstractEventLoop, supervised: Supervised) -> None:
        supervision = self._supervision
        assert supervision is not None
        supervised.row[Column.ACCEPTING] = 1
        supervision.start(loop)
        interval = self._settings.config.py_autoreload
        if interval and supervised.number == 1:
            self._upkeep.watch_modules(interval, supervision.ask_for_reload)

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
