"""From settings to a running server: directory, patching, sockets, application, processes."""

from __future__ import annotations

import importlib
import os
import signal
import time
from typing import TYPE_CHECKING, Any

from engine.logs.server_log import ServerLog
from engine.process.pidfile import remove_pidfile, write_pidfile

if TYPE_CHECKING:
    from engine.config.settings import Settings
    from engine.net.listeners import Listener

__all__ = ["run"]

# Seconds a worker has beyond its mercy to say that it gave up, before the master kills it.
_GRACE = 2.0


def run(settings: Settings) -> int:
    """Serve until stopped; return the exit status of the process.

    :raises ConfigError: if a socket cannot be opened or the application cannot be loaded
    """
    from bridge import __version__

    _end_quietly_until_serving()
    log = ServerLog()
    log.line(f"*** Starting gevent-engine {__version__} on [{time.ctime()}] ***")
    for notice in settings.notices:
        log.line(notice)
    for name, value in settings.env:
        os.environ[name] = value
    supervised = settings.master or settings.processes > 1
    _prepare_bridge(settings)
    if supervised:
        from engine.process.master import block_signals

        block_signals()
    listeners = _bind(settings, log)
    pidfile = os.path.abspath(settings.pidfile) if settings.pidfile else None
    if pidfile is not None:
        write_pidfile(pidfile)
    if settings.chdir:
        os.chdir(settings.chdir)
    owner = os.getpid()
    try:
        return _serve(settings, listeners, supervised, log)
    finally:
        if settings.vacuum and os.getpid() == owner:
            for listener in listeners:
                listener.unlink()
            if pidfile is not None:
                remove_pidfile(pidfile)


def _end_quietly_until_serving() -> None:
    """A stop signal before the first request can be served ends the start-up with status 0."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)


def _prepare_bridge(settings: Settings) -> None:
    # Before the application: whoever imports gevent first decides on its loop.
    import bridge
    from bridge.lowlevel import track_greenlet_tree

    track_greenlet_tree(False)
    if settings.monkey_patch == "early":
        bridge.patch_all()


def _bind(settings: Settings, log: ServerLog) -> list[Listener]:
    from engine.net.listeners import bind

    listeners: list[Listener] = []
    for wanted in settings.listeners:
        listener = bind(wanted.protocol, wanted.address, settings.listen, settings.chmod_socket)
        kind = "TCP" if ":" in listener.name else "UNIX"
        log.line(
            f"uwsgi socket {len(listeners)} bound to {kind} address {listener.name} "
            f"fd {listener.sock.fileno()}" + (" (http)" if wanted.protocol == "http" else "")
        )
        listeners.append(listener)
    return listeners


def _load(settings: Settings, log: ServerLog) -> Any:
    from engine.apps.loader import load_app

    began = time.monotonic()
    app = load_app(settings)
    if app is not None:
        log.line(f"WSGI app 0 (mountpoint='') ready in {int(time.monotonic() - began)} seconds (default app)")
    return app


def _serve(settings: Settings, listeners: list[Listener], supervised: bool, log: ServerLog) -> int:
    from engine.uwsgi_api.api import install

    pid = os.getpid()
    api = install(
        settings.processes,
        settings.gevent,
        supervised,
        settings.opt,
        tuple(listener.sock.fileno() for listener in listeners),
        settings.limits.header_bytes,
        log.line,
    )
    app = None if settings.lazy_apps else _load(settings, log)

    def work(number: int) -> int:
        api.enter_worker(number)
        application = _load(settings, log) if settings.lazy_apps else app
        if settings.monkey_patch == "late":
            import bridge

            bridge.patch_all()
        api.run_post_fork()
        worker = importlib.import_module("engine.worker")
        if number == 1:
            log.line("*** running gevent loop engine ***")
        status: int = worker.Worker(_worker_settings(settings), listeners, application, log, api).run()
        return status

    log.line(
        "*** Operational MODE: async ***"
        if settings.processes == 1
        else "*** Operational MODE: preforking+async ***"
    )
    if supervised:
        from engine.process.master import Master

        def close_listeners() -> None:
            for listener in listeners:
                listener.sock.close()

        mercy = settings.reload_mercy + _GRACE
        return Master(settings.processes, mercy, work, log, settings.gevent, close_listeners).run()
    log.line(f"spawned uWSGI worker 1 (and the only) (pid: {pid}, cores: {settings.gevent})")
    return work(1)


def _worker_settings(settings: Settings) -> Any:
    from engine.net.frontend import Timings
    from engine.worker import WorkerSettings

    return WorkerSettings(
        cores=settings.gevent,
        backlog=settings.listen,
        timings=Timings(settings.socket_timeout, settings.keepalive, settings.limits),
        mercy=settings.reload_mercy,
        log_requests=settings.log_requests,
        multiprocess=settings.processes > 1,
        strict=settings.wsgi_strict,
        show_errors=settings.catch_exceptions,
        wait_for_hub=settings.wait_for_hub,
        loop_backend=settings.loop_backend,
    )
