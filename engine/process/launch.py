"""From settings to a running server: directory, patching, sockets, application, processes."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.config.activation import VARIABLES, activated
from engine.errors import ConfigError
from engine.logs.dates import line_prefix
from engine.logs.server_log import ServerLog
from engine.process import reexec
from engine.process.affinity import bind_to_processors
from engine.process.descriptors import allow_descriptors
from engine.process.early_signals import EarlySignals
from engine.process.hooks import Hooks
from engine.process.log_setup import LogSetup
from engine.process.logs import Logs
from engine.process.metrics import Collector, declare_metrics
from engine.process.notify import Notifier
from engine.process.pidfile import Pidfiles
from engine.process.privileges import drop_privileges
from engine.process.titles import Titles, set_title
from engine.stats.figures import AppFacts

if TYPE_CHECKING:
    from engine.config.settings import Listener as WantedListener
    from engine.config.settings import Settings
    from engine.net.listeners import Listener
    from engine.net.tls.keeper import TlsKeeper
    from engine.process.master import Master
    from engine.stats.snapshot import MetricFacts
    from engine.worker import Supervised

__all__ = ["check", "run"]

# Seconds a worker has beyond its mercy to say that it gave up, before the master kills it.
_GRACE = 2.0

_SPOKEN = {
    ("http", False): " (http)",
    ("http", True): " (https)",
    ("uwsgi", False): "",
    ("uwsgi", True): " (suwsgi)",
    ("redirect", False): " (http to https)",
}

_STOP = (signal.SIGTERM, signal.SIGINT)


def run(settings: Settings) -> int:
    """Serve until stopped; return the exit status of the process.

    :raises ConfigError: if a socket cannot be opened or the application cannot be loaded
    """
    return _Launch(settings).run()


def check(settings: Settings) -> int:
    """Load the application as a start would, in a process of its own; return 0 if that works.

    Nothing is bound and nobody is told: this is how a reload finds out whether to go ahead.

    :raises ConfigError: if it cannot be loaded
    """
    reexec.forget()
    _prepare(settings)
    if settings.chdir:
        os.chdir(settings.chdir)
    for wanted in settings.listeners:
        _certificates(settings, wanted)
    log = ServerLog(os.open(os.devnull, os.O_WRONLY))
    api = _install_api(settings, [], True, log)
    declare_metrics(settings, api.instance.store)
    _load(settings, log)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # whatever threads the application has started are not waited for


class _Launch:
    """One start; the steps in order."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.origin = reexec.Origin.of_this_process()
        self.before = reexec.inherited()
        reexec.forget()
        self.log = ServerLog()
        self.log.use_prefix(line_prefix(settings.log_date, settings.log_prefix))
        self.notifier = Notifier(os.environ)
        self.supervised = settings.master or settings.processes > 1
        self.listeners: list[Listener] = []

    def run(self) -> int:
        from bridge import __version__

        settings, log = self.settings, self.log
        self._take_early_signals()
        self.hooks = Hooks(settings.hooks)
        log_setup = LogSetup(settings, log, self.before is not None)
        self.logs = log_setup.logs
        self._up = log_setup.go_to_background()
        log_setup.open_loggers(supervised=self.supervised)
        if self.before is None:
            self.hooks.run("asap")
        log.line(f"*** Starting gevent-engine {__version__} on [{time.ctime()}] ***")
        for notice in settings.notices:
            log.line(notice)
        _prepare(settings)
        if settings.umask is not None:
            os.umask(settings.umask)
        if settings.max_fd:
            allow_descriptors(settings.max_fd)
        self.listeners = _listen(settings, self.before, log)
        pidfiles = Pidfiles(settings.pidfiles)
        pidfiles.write()
        self._stats = self._listen_for_stats()
        if self.before is None:
            self.hooks.run("as-root")
        drop_privileges(settings.uid, settings.gid, settings.add_gid)
        if settings.logto2:
            log_setup.log_to("logto2", settings.logto2)
        self.hooks.run("as-user")
        if settings.chdir:
            os.chdir(settings.chdir)
        owner = os.getpid()
        try:
            return self._serve(pidfiles)
        finally:
            if settings.vacuum and os.getpid() == owner:
                for listener in [*self.listeners, *([self._stats] if self._stats is not None else [])]:
                    listener.unlink()
                pidfiles.remove()
            if os.getpid() == owner:
                self.hooks.run_at_exit("as-user-atexit", log.line)
                if self.logs.process is not None:
                    self.logs.process.finish()

    def _take_early_signals(self) -> None:
        """A stop before the first request can be served ends the start-up with status 0.

        Where workers of the image before serve, and for all else, signals count once they can be acted on.
        """
        self.early = EarlySignals(_STOP if self.before is None or not self.before.workers else ())
        if self.supervised:
            from engine.process.settings import MASTER_SIGNALS

            self.early.take(MASTER_SIGNALS - {signal.SIGCHLD})
        else:
            self.early.take((*_STOP, signal.SIGHUP))

    def _listen_for_stats(self) -> Any:
        if self.settings.stats is None:
            return None
        from engine.net.listeners import bind

        listener = bind(
            "stats", self.settings.stats, 64, self.settings.chmod_socket, self.settings.socket_options
        )
        self.log.line(f"*** Stats server enabled on {listener.name} fd: {listener.sock.fileno()} ***")
        return listener

    def _serve(self, pidfiles: Pidfiles) -> int:
        settings, log = self.settings, self.log
        self.api = _install_api(settings, self.listeners, self.supervised, log)
        self.api.instance.log_size = self.logs.size
        self._ledger = declare_metrics(settings, self.api.instance.store)
        self.api.skip_atexit = settings.skip_atexit
        self.api.skip_teardown = settings.skip_atexit_teardown
        loaded = True
        self.apps: Any = ()
        self.hooks.run("pre-app")
        if settings.lazy_apps:
            self.api.instance.load_application = lambda: _load(settings, log)
        else:
            try:
                self.apps = _load(settings, log)
            except ConfigError as error:
                if self.before is None or not self.before.workers:
                    raise
                # It loaded a moment ago.  Whoever serves now goes on until the next reload.
                log.line(f"the application does not load any more: {error}")
                loaded = False
        self.hooks.run("post-app")
        pidfiles.write_safe()
        log.line(
            "*** Operational MODE: async ***"
            if settings.processes == 1
            else "*** Operational MODE: preforking+async ***"
        )
        self._up()
        self._set_title("master" if self.supervised else "worker 1")
        if self.supervised:
            return self._supervise(loaded)
        return self._work_alone()

    def _set_title(self, role: str) -> None:
        settings = self.settings
        title = Titles(
            settings.procname,
            settings.procname_master,
            settings.procname_prefix,
            settings.procname_append,
            settings.auto_procname,
        ).of(role)
        if title is not None:
            set_title(title)

    def _supervise(self, loaded: bool) -> int:
        from engine.process.equipment import equip
        from engine.process.master import Master
        from engine.process.reporting import Reporting
        from engine.process.settings import MasterSettings

        settings = self.settings
        master = Master(
            MasterSettings(
                settings.processes,
                settings.gevent,
                settings.reload_mercy + _GRACE,
                settings.forkbomb_delay,
                settings.harakiri,
                settings.evil_reload_on_rss,
                settings.evil_reload_on_as,
                settings.signal_bufsize,
                not settings.die_on_term,
                settings.mule_reload_mercy,
                settings.exit_on_reload,
                self.logs,
                settings.metrics.enabled and settings.metrics.cores,
            ),
            self._work if loaded else None,
            self.log,
            self.origin,
            self._sockets,
            self._close_listeners,
        )
        self.api.supervise(master)
        equip(master, settings, self.listeners)
        Reporting(master, self.notifier)
        metrics = None
        if self._ledger is not None:
            metrics = Collector(master, self._ledger, self.listeners, self.api.routed_signals).facts
        if self._stats is not None:
            from bridge import __version__
            from engine.process.stats_server import StatsServer

            StatsServer(
                master,
                self._stats.sock,
                self.listeners,
                settings.listen,
                http=settings.stats_http,
                minified=settings.stats_minified,
                with_cores=settings.stats_cores,
                version=__version__,
                metrics=metrics if settings.stats_metrics else None,
            )
        self._push_stats(master, metrics)
        self.api.use_scoreboard(master.board, None)
        self.board = master.board
        return master.run(self.before, self.early.replay)

    def _push_stats(self, master: Master, metrics: Callable[[], Sequence[MetricFacts]] | None) -> None:
        from engine.process.stats_push import StatsPush

        settings = self.settings
        for address in settings.stats_push:
            try:
                StatsPush(master, address, settings.stats_push_interval, self.listeners, metrics)
            except OSError as exc:
                raise ConfigError(f"--stats-push statsd:{address.host}:{address.port}: {exc}") from exc

    def _work(self, number: int, supervised: Supervised) -> int:
        """Body of a supervised worker."""
        self.early = EarlySignals()
        self.early.take((*_STOP, signal.SIGHUP))
        self._set_title(f"worker {number}")
        if self.settings.cpu_affinity:
            self.log.line(bind_to_processors(number, self.settings.cpu_affinity))
        self.hooks.run("post-fork")
        self.api.enter_worker(number, supervised.channel)
        self.api.use_scoreboard(self.board, supervised.row)
        worker = self._worker(number, supervised)
        status: int = worker.run()
        return status

    def _work_alone(self) -> int:
        cores = self.settings.gevent
        self.log.line(f"spawned uWSGI worker 1 (and the only) (pid: {os.getpid()}, cores: {cores})")
        self.api.enter_worker(1)
        worker = self._worker(1, None)
        status: int = worker.run()
        if worker.wants_reload:
            self.log.line("binary reloading uWSGI...")
            self.api.keep_shared_memory()
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP, signal.SIGTERM, signal.SIGINT))
            if self.logs.process is not None:
                self.logs.process.restore()
            self.origin.execute(reexec.Inherited(os.getpid(), tuple(self._sockets())))
        return status

    def _worker(self, number: int, supervised: Supervised | None) -> Any:
        settings, log = self.settings, self.log
        if settings.lazy_apps:
            self.early.leaving = (*_STOP, signal.SIGHUP) if supervised else _STOP
        apps = _load(settings, log) if settings.lazy_apps else self.apps
        self.api.instance.apps = [AppFacts(app.number, app.mountpoint, app.seconds) for app in apps]
        self.early.leaving = ()
        if settings.monkey_patch == "late":
            import bridge

            bridge.patch_all()
        self.api.run_post_fork()
        worker = importlib.import_module("engine.worker")
        if number == 1:
            log.line("*** running gevent loop engine ***")
        manager = self.notifier if supervised is None else None
        options = _worker_settings(settings, number, self.origin, self.logs, manager)
        return worker.Worker(options, self.listeners, apps, log, self.api, supervised, self._is_up)

    def _is_up(self) -> None:
        """A worker serves."""
        self.early.replay()
        if not self.supervised:
            self.notifier.ready("serving")

    def _sockets(self) -> list[reexec.ServingSocket]:
        return [
            reexec.ServingSocket(wanted.protocol, wanted.text, each.name, each.path, each.sock.fileno())
            for wanted, each in zip(self.settings.listeners, self.listeners, strict=True)
        ]

    def _close_listeners(self) -> None:
        for listener in self.listeners:
            listener.sock.close()


def _prepare(settings: Settings) -> None:
    for name, value in settings.env:
        os.environ[name] = value
    # Before the application: whoever imports gevent first decides on its loop.
    import bridge
    from bridge.lowlevel import track_greenlet_tree

    track_greenlet_tree(False)
    if settings.monkey_patch == "early":
        bridge.patch_all()


def _listen(settings: Settings, before: reexec.Inherited | None, log: ServerLog) -> list[Listener]:
    """Open the listening sockets, except those that this process has already."""
    from engine.net.listeners import Listener, adopt, bind

    passed_on = activated(os.environ, os.getpid())
    for name in VARIABLES:
        os.environ.pop(name, None)  # not for the application's children (sd_listen_fds(3))
    left = list(before.sockets) if before is not None else []
    listeners: list[Listener] = []
    for wanted in settings.listeners:
        same = [each for each in left if (each.protocol, each.text) == (wanted.protocol, wanted.text)]
        if same:
            left.remove(same[0])
            sock = socket.socket(fileno=same[0].fd)
            sock.listen(settings.listen)
            listener = Listener(wanted.protocol, sock, same[0].name, same[0].path)
            said = "inherited"
        elif (passed := adopt(wanted.protocol, wanted.address, passed_on, settings.listen)) is not None:
            listener = passed
            said = "passed on for"
        else:
            listener = bind(
                wanted.protocol,
                wanted.address,
                settings.listen,
                settings.chmod_socket,
                settings.socket_options,
            )
            said = "bound to"
        listener = replace(listener, https_port=wanted.https_port)
        if wanted.certificate is not None:
            listener = replace(listener, tls=_certificates(settings, wanted))
        kind = "TCP" if ":" in listener.name else "UNIX"
        log.line(
            f"uwsgi socket {len(listeners)} {said} {kind} address {listener.name} "
            f"fd {listener.sock.fileno()}{_SPOKEN[wanted.protocol, wanted.certificate is not None]}"
        )
        listeners.append(listener)
    for unused in left:
        log.line(f"no longer listening on {unused.name}")
        os.close(unused.fd)
    return listeners


def _certificates(settings: Settings, wanted: WantedListener) -> TlsKeeper | None:
    """Read the certificates of one socket.

    :raises ConfigError: if they cannot be used
    """
    if wanted.certificate is None:
        return None
    from engine.net.tls.keeper import HTTP2_ALPN, HTTP_ALPN, TlsKeeper

    alpn: tuple[str, ...] = ()
    if wanted.protocol == "http":
        alpn = HTTP2_ALPN if settings.http2.tls else HTTP_ALPN
    try:
        return TlsKeeper(wanted.certificate, settings.tls, alpn)
    except ConfigError as error:
        raise ConfigError(f"TLS on {wanted.text}: {error}") from error


def _install_api(settings: Settings, listeners: list[Listener], supervised: bool, log: ServerLog) -> Any:
    from engine.uwsgi_api.api import install

    return install(
        settings.processes,
        settings.gevent,
        supervised,
        settings.opt,
        tuple(listener.sock.fileno() for listener in listeners),
        settings.limits.header_bytes,
        log.line,
    )


def _load(settings: Settings, log: ServerLog) -> Any:
    from engine.apps.loader import load_apps

    return load_apps(settings, log.line)


def _worker_settings(
    settings: Settings, number: int, origin: reexec.Origin, logs: Logs, manager: Notifier | None
) -> Any:
    from engine.cores.lifetime import Lifetime
    from engine.net.frontend import Timings
    from engine.worker import WorkerSettings

    lifetime = Lifetime(
        settings.max_requests,
        settings.min_worker_lifetime,
        settings.max_worker_lifetime,
        settings.reload_on_rss,
        settings.reload_on_as,
    ).of_worker(number, settings.max_requests_delta, settings.max_worker_lifetime_delta)
    return WorkerSettings(
        cores=settings.gevent,
        backlog=settings.listen,
        timings=Timings(
            settings.socket_timeout,
            settings.keepalive,
            settings.limits,
            settings.head_timeout,
            settings.body_rate,
            settings.max_connections,
            settings.websocket,
        ),
        mercy=settings.reload_mercy,
        request_log=settings.request_log,
        multiprocess=settings.processes > 1,
        strict=settings.wsgi_strict,
        show_errors=settings.catch_exceptions,
        manage_script_name=settings.manage_script_name,
        lifespan=settings.lifespan,
        asgi_cores=settings.asgi_cores,
        wait_for_hub=settings.wait_for_hub,
        loop_backend=settings.loop_backend,
        harakiri=settings.harakiri,
        harakiri_retry=settings.harakiri_graceful_timeout,
        harakiri_verbose=settings.harakiri_verbose,
        log_blocking=settings.log_blocking,
        harakiri_queue_threshold=settings.harakiri_queue_threshold,
        lifetime=lifetime,
        kill_on_disconnect=settings.kill_on_disconnect,
        static=settings.static,
        forwarded_from=settings.forwarded_from,
        forwarded_fields=settings.forwarded_fields,
        http2=settings.http2,
        proxies=settings.proxies,
        certificate_watch=settings.tls.watch,
        memory_report=settings.memory_report
        or bool(settings.evil_reload_on_rss or settings.evil_reload_on_as),
        autoreload=settings.py_autoreload,
        command=origin.argv,
        directory=origin.directory,
        environ=origin.check_environ(),
        log_file=logs,
        manager=manager,
    )
