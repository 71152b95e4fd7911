"""From settings to a running server: directory, patching, sockets, application, processes."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigError
from engine.logs.server_log import ServerLog
from engine.process import reexec
from engine.process.descriptors import allow_descriptors, limit_processes
from engine.process.metrics import declare_metrics
from engine.process.pidfile import Pidfiles
from engine.process.privileges import drop_privileges
from engine.process.server import Server
from engine.process.sockets import certificates

if TYPE_CHECKING:
    from engine.config.settings import Settings

__all__ = ["check", "run"]


def run(settings: Settings) -> int:
    """Serve until stopped; return the exit status of the process.

    :raises ConfigError: if a socket cannot be opened or the application cannot be loaded
    """
    return _Launch(Server(settings)).run()


def check(settings: Settings) -> int:
    """Load the application as a start would, in a process of its own; return 0 if that works.

    Nothing is bound and nobody is told: this is how a reload finds out whether to go ahead.

    :raises ConfigError: if it cannot be loaded
    """
    from engine.apps.loader import load_apps

    reexec.forget()
    _prepare(settings)
    if settings.chdir:
        os.chdir(settings.chdir)
    for wanted in settings.listeners:
        certificates(settings, wanted)
    log = ServerLog(os.open(os.devnull, os.O_WRONLY))
    api = _install_api(settings, (), True, log)
    declare_metrics(settings, api.instance.store)
    load_apps(settings, log.line)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # whatever threads the application has started are not waited for


class _Launch:
    """One start; the steps in order."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.settings = server.settings
        self.pidfiles = Pidfiles(server.settings.pidfiles)

    def run(self) -> int:
        server = self.server
        up = server.log_setup.go_to_background()
        server.log_setup.open_loggers(supervised=server.supervised)
        if server.before is None:
            server.hooks.run("asap")
        self._greet()
        _prepare(self.settings)
        self._open()
        self._become_user()
        owner = os.getpid()
        try:
            return self._serve(up)
        finally:
            if os.getpid() == owner:
                self._clean_up()

    def _greet(self) -> None:
        from bridge import __version__

        log = self.server.log
        log.line(f"*** Starting gevent-engine {__version__} on [{time.ctime()}] ***")
        for notice in self.settings.notices:
            log.line(notice)

    def _open(self) -> None:
        """Sockets and pid files, as whoever started the server."""
        settings, server = self.settings, self.server
        if settings.umask is not None:
            os.umask(settings.umask)
        if settings.max_fd:
            allow_descriptors(settings.max_fd)
        limit_processes(settings.limit_as, settings.limit_nproc)
        server.sockets.open(server.before)
        if not server.is_copy():
            self.pidfiles.write()
        self._open_stats()
        if server.before is None:
            server.hooks.run("as-root")

    def _open_stats(self) -> None:
        try:
            self.server.sockets.open_stats()
        except ConfigError as error:
            if not self.server.is_copy():
                raise
            self.server.log.line(f"{error}; no statistics before this master is reloaded")

    def _become_user(self) -> None:
        settings, server = self.settings, self.server
        drop_privileges(settings.uid, settings.gid, settings.add_gid)
        if settings.logto2:
            server.log_setup.log_to("logto2", settings.logto2)
        server.hooks.run("as-user")
        if settings.chdir:
            os.chdir(settings.chdir)

    def _serve(self, up: Any) -> int:
        settings, server, log = self.settings, self.server, self.server.log
        fds = tuple(listener.sock.fileno() for listener in server.sockets.listeners)
        server.api = api = _install_api(settings, fds, server.supervised, log)
        api.instance.set_title = server.set_title
        api.instance.log_size = server.logs.size
        server.ledger = declare_metrics(settings, api.instance.store, reloaded=server.before is not None)
        api.skip_atexit = settings.skip_atexit
        api.skip_teardown = settings.skip_atexit_teardown
        server.hooks.run("pre-app")
        loaded = self._load()
        server.hooks.run("post-app")
        if not server.is_copy():
            self.pidfiles.write_safe()
        mode = "async" if settings.processes == 1 else "preforking+async"
        log.line(f"*** Operational MODE: {mode} ***")
        up()
        server.set_title("master" if server.supervised else "worker 1")
        if server.supervised:
            from engine.process.supervise import supervise

            return supervise(server, loaded, self.pidfiles.write_all)
        from engine.process.work import Work

        return Work(server).alone()

    def _load(self) -> bool:
        """Load the application, unless each process does that for itself; return whether it may run.

        :raises ConfigError: if it cannot be loaded at a first start
        """
        server = self.server
        if self.settings.lazy_apps:
            server.api.instance.load_application = server.load_apps
            return True
        try:
            server.apps = server.load_apps()
        except ConfigError as error:
            if not server.has_old_workers():
                raise
            # It loaded a moment ago.  Whoever serves now goes on until the next reload.
            server.log.line(f"the application does not load any more: {error}")
            return False
        return True

    def _clean_up(self) -> None:
        server = self.server
        if self.settings.vacuum:
            if not server.has_company():
                server.sockets.unlink()
            self.pidfiles.remove()
        server.hooks.run_at_exit("as-user-atexit", server.log.line)
        if server.logs.process is not None:
            server.log.use_server_fd(2)
            server.logs.process.finish()


def _prepare(settings: Settings) -> None:
    for name, value in settings.env:
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    # Before the application: whoever imports gevent first decides on its loop.
    import bridge
    from bridge.lowlevel import track_greenlet_tree
    from engine.process.collector import set_threshold

    track_greenlet_tree(False)
    set_threshold(settings.gc_threshold, settings.gevent)
    if settings.monkey_patch == "early":
        bridge.patch_all(**dict.fromkeys(settings.not_patched, False))


def _install_api(settings: Settings, fds: tuple[int, ...], supervised: bool, log: ServerLog) -> Any:
    from engine.uwsgi_api.api import install

    return install(
        settings.processes,
        settings.gevent,
        supervised,
        settings.opt,
        fds,
        settings.limits.header_bytes,
        log.line,
    )
