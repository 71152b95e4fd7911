"""What a worker's process does: under a master, or as the only one."""

from __future__ import annotations

import importlib
import os
import signal
from typing import TYPE_CHECKING, Any

from engine.process import reexec
from engine.process.affinity import bind_to_processors
from engine.process.become import become
from engine.process.early_signals import EarlySignals
from engine.process.server import STOP_SIGNALS, Server
from engine.stats.figures import AppFacts

if TYPE_CHECKING:
    from engine.worker import Supervised

__all__ = ["Work"]


class Work:
    """Made before the fork; one call in each worker."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def supervised(self, number: int, supervised: Supervised) -> int:
        """Be worker *number* of a master; return the exit status of the process."""
        server = self._server
        server.early = EarlySignals()
        server.early.take((*STOP_SIGNALS, signal.SIGHUP))
        server.set_title(f"worker {number}")
        if server.settings.cpu_affinity:
            server.log.line(bind_to_processors(number, server.settings.cpu_affinity))
        self._become_other("worker-exec", server.settings.worker_exec, supervised)
        server.hooks.run("post-fork")
        server.api.enter_worker(number, supervised.channel)
        server.api.use_scoreboard(server.board, supervised.row)
        status: int = self._worker(number, supervised).run()
        return status

    def alone(self) -> int:
        """Be the only process; return its exit status, or execute the next image."""
        server, log = self._server, self._server.log
        cores = server.settings.gevent
        log.line(f"spawned uWSGI worker 1 (and the only) (pid: {os.getpid()}, cores: {cores})")
        self._become_other("worker-exec", server.settings.worker_exec, None)
        server.api.enter_worker(1)
        worker = self._worker(1, None)
        status: int = worker.run()
        if worker.wants_reload:
            log.line("binary reloading uWSGI...")
            server.api.keep_shared_memory()
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP, signal.SIGTERM, signal.SIGINT))
            if server.logs.process is not None:
                server.logs.process.restore()
            server.origin.execute(reexec.Inherited(os.getpid(), tuple(server.sockets.to_hand_over())))
        return status

    def _become_other(self, option: str, command: str | None, supervised: Supervised | None) -> None:
        if command:
            become(option, command, self._server.sockets.listeners[0], supervised)

    def _worker(self, number: int, supervised: Supervised | None) -> Any:
        server, settings = self._server, self._server.settings
        if settings.lazy_apps:
            server.early.leaving = (*STOP_SIGNALS, signal.SIGHUP) if supervised else STOP_SIGNALS
            server.apps = server.load_apps()
        apps = server.apps
        server.api.instance.apps = [AppFacts(app.number, app.mountpoint, app.seconds) for app in apps]
        server.early.leaving = ()
        if settings.monkey_patch == "late":
            import bridge

            bridge.patch_all(**dict.fromkeys(settings.not_patched, False))
        server.api.run_post_fork()
        self._become_other("worker-exec2", settings.worker_exec2, supervised)
        if number == 1:
            server.log.line("*** running gevent loop engine ***")
        worker = importlib.import_module("engine.worker")
        options = worker.WorkerSettings(
            settings,
            number,
            server.logs,
            server.notifier if supervised is None else None,
            server.origin.argv,
            server.origin.directory,
            server.origin.check_environ(),
        )
        listeners = settings.socket_map.of(number, server.sockets.listeners)
        return worker.Worker(options, listeners, apps, server.log, server.api, supervised, self._is_up)

    def _is_up(self) -> None:
        """A worker serves."""
        self._server.early.replay()
        if not self._server.supervised:
            self._server.notifier.ready("serving")
