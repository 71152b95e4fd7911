"""Everything that was decided before start-up; read-only from here on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from engine.address import Address
from engine.config.app_spec import AppSpec, Mount
from engine.config.daemons import Daemon
from engine.config.fatal_exceptions import FatalExceptions
from engine.config.metrics import MetricSettings
from engine.config.programs import CronJob, TouchedCommand
from engine.config.pushers import StatsdAddress
from engine.config.response_headers import ResponseHeaders
from engine.config.shared_sockets import SocketMap
from engine.config.socket_options import SocketOptions
from engine.config.static import StaticFiles
from engine.config.tls import Certificate, Tls
from engine.logs.settings import RequestLogSettings
from engine.logs.targets import LogTargets
from engine.protocols.http2.settings import Http2Settings
from engine.protocols.limits import Limits
from engine.protocols.websocket import WebSocketSettings

__all__ = ["Listener", "MonkeyPatch", "OptValue", "Pidfile", "Settings"]

MonkeyPatch: TypeAlias = Literal["off", "early", "late"]
OptValue: TypeAlias = bytes | bool | list[bytes | bool]


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening socket."""

    protocol: Literal["http", "uwsgi", "redirect"]
    """redirect: HTTP that sends everybody to HTTPS."""

    address: Address
    text: str
    """The address as written, for messages."""

    certificate: Certificate | None = None
    """None: no TLS."""

    https_port: str = ""
    """Where ``redirect`` sends to; empty for 443."""


@dataclass(frozen=True, slots=True)
class Pidfile:
    """A pid file; ``safe``: written only once the application is loaded."""

    path: str
    safe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration of one server.  Times are seconds, sizes bytes.

    Paths are as written: relative ones start from the directory the server was started in, those of the
    applications (``app``, ``mounts``, ``pythonpath``) from ``chdir``.
    """

    # Sockets
    listeners: tuple[Listener, ...]
    """In the order written; never empty."""

    socket_map: SocketMap
    """Which worker accepts from which listener."""

    tls: Tls
    """What the listeners with certificates share."""

    listen: int
    """Backlog of every listening socket."""

    socket_options: SocketOptions
    umask: int | None
    chmod_socket: int | None
    """Mode of unix sockets; None leaves it to the umask."""

    # Application
    app: AppSpec | None
    """The one for everything that is mounted nowhere else; None only where there are mounts."""

    mounts: tuple[Mount, ...]
    """In the order written; no path twice."""

    manage_script_name: bool
    """Look for the mount by path even where the front end sends a SCRIPT_NAME."""

    lifespan: Literal["auto", "on", "off"]
    asgi_cores: int
    """ASGI requests that may run at once in each worker; 0 means any number."""

    chdir: str | None
    pythonpath: tuple[str, ...]
    """Directories and patterns, in the order written."""

    home: str | None
    """A virtualenv."""

    env: tuple[tuple[str, str | None], ...]
    """Variables to set before anything of the application is imported, in order; None removes one."""

    argv: tuple[str, ...] | None
    """What follows ``uwsgi`` in ``sys.argv``; None leaves that as it is."""

    module_aliases: tuple[tuple[str, str], ...]
    """(other name, module or file) to import before the applications, in order."""

    imports: tuple[str, ...]
    """Modules and files to run after the applications were loaded."""

    chdir2: str | None
    """Relative to ``chdir``."""

    need_app: bool
    lazy_apps: bool
    catch_exceptions: bool
    fatal_exceptions: FatalExceptions
    """Those after which the worker is replaced."""

    wsgi_strict: bool
    start_response_nodelay: bool

    # Greenlets
    gevent: int
    """Cores: requests that may run at once in each worker; 1 or more."""

    monkey_patch: MonkeyPatch
    """early: before the application is imported; late: after, in each worker."""

    not_patched: tuple[str, ...]
    """Names of arguments of ``gevent.monkey.patch_all`` that are false."""

    wait_for_hub: bool
    loop_backend: Literal["uvloop", "asyncio"]
    """uvloop only if it is installed."""

    gc_threshold: int | None
    """Of the youngest generation of garbage; 0: Python's own, None: to suit the number of cores."""

    # Processes
    master: bool
    processes: int
    reload_mercy: float
    """Until a worker that is to end is killed."""

    die_on_term: bool
    """False only where ``die-on-term = false`` is written: SIGTERM then reloads, as in old uWSGI."""

    pidfiles: tuple[Pidfile, ...]
    vacuum: bool
    forkbomb_delay: float
    signal_bufsize: int
    """0 leaves it to the system."""

    harakiri: float
    """Longest time for a request; 0.0 means any."""

    harakiri_graceful_timeout: float
    """Until a request that goes on after the first time is told again."""

    harakiri_verbose: bool
    harakiri_queue_threshold: int
    """Deadlines count only while more connections than this wait to be accepted; 0: always."""

    mule_reload_mercy: float
    cpu_affinity: int
    """Processors of each worker; 0: all."""

    exit_on_reload: bool
    skip_atexit: bool
    skip_atexit_teardown: bool
    max_requests: int
    max_requests_delta: int
    min_worker_lifetime: float
    max_worker_lifetime: float
    max_worker_lifetime_delta: float
    reload_on_rss: int
    reload_on_as: int
    evil_reload_on_rss: int
    evil_reload_on_as: int
    py_autoreload: float
    """Seconds between looks at the files of modules; 0.0 means none."""

    py_autoreload_ignore: frozenset[str]
    """Modules whose files may change."""

    touch_reload: tuple[str, ...]
    touch_workers_reload: tuple[str, ...]
    touch_chain_reload: tuple[str, ...]
    touch_logreopen: tuple[str, ...]
    master_fifo: tuple[str, ...]
    cheaper: int
    """Fewest workers; 0: always ``processes``."""

    cheaper_initial: int
    cheaper_step: int
    cheaper_overload: float
    cheaper_manual: bool
    cheaper_rss_soft: int
    """Bytes of all workers together from which on none is added; 0 means any."""

    cheaper_rss_hard: int
    worker_exec: str | None
    """A program that takes the place of each worker, before anything of the application runs there."""

    worker_exec2: str | None
    """The same, after ``uwsgi.post_fork_hook``."""

    daemonize: str | None
    uid: str | None
    gid: str | None
    add_gid: tuple[str, ...]
    procname: str | None
    procname_master: str | None
    procname_prefix: str
    procname_append: str
    auto_procname: bool
    hooks: tuple[tuple[str, str], ...]
    """(moment, ``ACTION:ARGUMENT``) in the order written."""

    stats: Address | None
    stats_http: bool
    stats_minified: bool
    stats_cores: bool
    stats_push: tuple[StatsdAddress, ...]
    stats_push_interval: float
    stats_metrics: bool
    metrics: MetricSettings

    static: StaticFiles
    """Files sent without asking the application; false if there are none."""

    # Clients
    socket_timeout: float
    keepalive: float
    """How long an HTTP connection may be idle; 0.0 closes it after each response."""

    head_timeout: float
    """0.0: as ``socket_timeout``."""

    body_rate: int
    """Bytes per second; 0 means any."""

    pipeline: int
    """Requests of one connection begun in a row."""

    kill_on_disconnect: bool
    http_auto_gzip: bool
    http_variables: tuple[tuple[str, str], ...]
    """For the environ of requests that come over HTTP."""

    forwarded_from: tuple[str, ...]
    """Peers that may say who the client is; addresses, networks, ``unix``, ``*``."""

    forwarded_fields: tuple[str, ...]
    """Fields they may say it in."""

    proxies: tuple[str, ...]
    """Peers that send a PROXY header; empty: nobody does."""

    max_connections: int
    """Of each worker; 0: as many as descriptors allow."""

    max_fd: int
    """0 leaves it to the system."""

    limit_as: int
    """Bytes of address space; 0 leaves it to the system."""

    limit_nproc: int
    """Processes of the user; 0 leaves it to the system."""

    post_buffering: int
    """Bytes of a body that are kept in memory; 0: bodies are not read beforehand."""

    post_buffering_bufsize: int
    body_read_warning: int
    """Bytes that an application may read at once without a line in the log; 0 means any."""

    response_headers: ResponseHeaders
    limits: Limits
    """Sizes: ``buffer-size``, ``limit-post``, ``max-vars``, ``http-max-*``."""

    websocket: WebSocketSettings = field(default=WebSocketSettings())
    http2: Http2Settings = field(default=Http2Settings())

    # Log
    request_log: RequestLogSettings
    log_date: str | None
    """Before lines of the server; a strftime pattern, empty for that of ctime(3)."""

    log_prefix: str
    log_blocking: float
    """Seconds from which on whoever holds the loop is logged; 0.0 means never."""

    py_tracebacker: str | None
    """The socket that tells stacks, without the worker's number."""

    log_targets: LogTargets
    logfile_chown: bool
    touch_logrotate: tuple[str, ...]
    touch_mules_reload: tuple[str, ...]
    touch_spoolers_reload: tuple[str, ...]
    touch_exec: tuple[TouchedCommand, ...]
    fs_reload: tuple[str, ...]
    cron_jobs: tuple[CronJob, ...]
    daemons: tuple[Daemon, ...]
    cheap: bool
    idle: float
    """Seconds without a request until workers end; 0.0 means never."""

    die_on_idle: bool
    memory_report: bool
    logto: str | None
    logto2: str | None
    notices: tuple[str, ...] = ()
    """Lines for the start-up log, without line ends."""

    opt: Mapping[str, OptValue] = field(default_factory=dict)
    """``uwsgi.opt``: names as written.

    bytes, True for a flag without a value, a list for what was repeated.
    """

    def touch_paths(self) -> tuple[str, ...]:
        """Return the files whose modification brings new code."""
        return (*self.touch_reload, *self.touch_workers_reload, *self.touch_chain_reload)
