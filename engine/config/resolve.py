"""Values become settings: rules between options apply here, and combinations that cannot work are refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from importlib.util import find_spec
from operator import or_
from typing import Final, Literal

from engine.address import Address, InheritedFd, TcpAddress, parse_address
from engine.config.activation import activated
from engine.config.applications import lifespan_mode, main_app, module_aliases, mounts
from engine.config.daemons import daemons
from engine.config.entries import Entry
from engine.config.fatal_exceptions import FatalExceptions
from engine.config.http2 import http2_settings
from engine.config.log_targets import is_network_log, log_targets
from engine.config.merge import Merged
from engine.config.metrics import metric_settings
from engine.config.options import OPTIONS, OptionTable
from engine.config.options.processes import HOOK_ACTIONS, HOOK_MOMENTS
from engine.config.programs import cron_jobs, touched_commands
from engine.config.pushers import parse_push
from engine.config.request_log import request_log
from engine.config.response_headers import response_headers
from engine.config.settings import Listener, MonkeyPatch, Pidfile, Settings
from engine.config.shared_sockets import SharedSockets, socket_map
from engine.config.socket_options import SocketOptions
from engine.config.static import static_files
from engine.config.tls import Certificate, Tls, tls_address, tls_keyvals, tls_site
from engine.errors import ConfigError
from engine.protocols.limits import Limits
from engine.protocols.websocket import WebSocketSettings

__all__ = ["resolve"]

DEFAULT_CORES: Final = 100

# uWSGI: socket-timeout is 4 s, and --gevent N raises it to 30 s if it is lower at that moment.
CORE_SOCKET_TIMEOUT: Final = 4.0
GEVENT_SOCKET_TIMEOUT: Final = 30.0

# What only a master can do, so that asking for it asks for a master too (as in uWSGI).
IMPLY_MASTER: Final = (
    "touch-reload",
    "touch-workers-reload",
    "touch-chain-reload",
    "touch-logreopen",
    "touch-logrotate",
    "log-maxsize",
    "touch-exec",
    "attach-daemon",
    "attach-control-daemon",
    "attach-daemon2",
    "smart-attach-daemon",
    "smart-attach-daemon2",
    "cheap",
    "idle",
    "touch-mules-reload",
    "touch-spoolers-reload",
    "fs-reload",
    "cron",
    "cron2",
    "unique-cron",
    "master-fifo",
    "py-autoreload",
    "cheaper",
    "stats",
    "stats-push",
    "enable-metrics",
    "metric",
    "metrics-dir",
)

# What needs to know how much memory each worker has.
_NEED_MEMORY: Final = (
    "stats",
    "evil-reload-on-rss",
    "evil-reload-on-as",
    "cheaper-rss-limit-soft",
)

_SOCKET_OPTIONS: Final[Mapping[str, Callable[[str], tuple[str, Certificate | None]]]] = {
    "http-socket": lambda text: (text, None),
    "socket": lambda text: (text, None),
    "https-socket": tls_address,
    "https2": tls_keyvals,
    "suwsgi-socket": tls_address,
    "http-to-https": lambda text: (text, None),
}
_PROTOCOLS: Final[Mapping[str, Literal["http", "uwsgi", "redirect"]]] = {
    "http-socket": "http",
    "https-socket": "http",
    "https2": "http",
    "suwsgi-socket": "uwsgi",
    "http-to-https": "redirect",
}

NO_ASYNC_MODE: Final = "the gevent loop engine requires async mode (--async <n>)"
LOW_SOCKET_TIMEOUT: Final = (
    "!!! Running gevent with a socket-timeout lower than 30 seconds is not recommended, "
    "tune it with --socket-timeout !!!"
)


def resolve(entries: Iterable[Entry], table: OptionTable = OPTIONS) -> Settings:
    """Return the settings that these entries ask for.

    :raises ConfigError: if a value or a combination cannot be used; says which and what to write
    """
    merged = Merged(entries, table)
    notices: list[str] = []
    cores = _cores(merged, notices)
    listeners = _listeners(merged, notices)
    timeout = _client_timeout(merged, listeners)
    if timeout < GEVENT_SOCKET_TIMEOUT:
        notices.append(LOW_SOCKET_TIMEOUT)
    notices.extend(_without_effect(merged))
    _check_directory(merged, "chdir")
    _check_directory(merged, "home")
    metrics = metric_settings(merged)
    return Settings(
        listeners=listeners,
        socket_map=socket_map(merged, len(listeners)),
        tls=_tls(merged),
        listen=_backlog(merged),
        socket_options=SocketOptions(
            merged.text("chown-socket") or "",
            merged.flag("reuse-port"),
            merged.flag("freebind"),
            merged.flag("so-keepalive"),
            merged.integer("socket-sndbuf"),
            merged.integer("socket-rcvbuf"),
        ),
        umask=merged.integer("umask") if "umask" in merged else None,
        chmod_socket=merged.integer("chmod-socket") if "chmod-socket" in merged else None,
        app=main_app(merged),
        mounts=mounts(merged),
        manage_script_name=merged.flag("manage-script-name"),
        lifespan=lifespan_mode(merged),
        asgi_cores=merged.integer("asgi-cores"),
        chdir=merged.text("chdir"),
        pythonpath=merged.texts("pythonpath"),
        home=merged.text("home"),
        env=_env(merged),
        argv=tuple((merged.text("pyargv") or "").split()) if "pyargv" in merged else None,
        module_aliases=module_aliases(merged),
        imports=_imports(merged),
        chdir2=merged.text("chdir2"),
        need_app=merged.flag("need-app"),
        lazy_apps=merged.flag("lazy-apps") or _is_lazy(merged, notices),
        catch_exceptions=merged.flag("catch-exceptions"),
        fatal_exceptions=FatalExceptions(
            merged.flag("reload-on-exception"),
            frozenset(merged.texts("reload-on-exception-type")),
            frozenset(merged.texts("reload-on-exception-value")),
            frozenset(merged.texts("reload-on-exception-repr")),
        ),
        wsgi_strict=merged.flag("wsgi-strict"),
        start_response_nodelay=merged.flag("start_response-nodelay"),
        gevent=cores,
        monkey_patch=_monkey_patch(merged),
        wait_for_hub=merged.flag("gevent-wait-for-hub"),
        loop_backend=_loop_backend(merged),
        master=merged.flag("master") or any(name in merged for name in IMPLY_MASTER),
        processes=merged.integer("processes"),
        reload_mercy=_reload_mercy(merged),
        die_on_term=merged.flag("die-on-term") or "die-on-term" not in merged,
        pidfiles=_pidfiles(merged),
        vacuum=merged.flag("vacuum"),
        forkbomb_delay=merged.seconds("forkbomb-delay"),
        signal_bufsize=merged.integer("signal-bufsize"),
        harakiri=merged.seconds("harakiri"),
        harakiri_graceful_timeout=merged.seconds("harakiri-graceful-timeout"),
        harakiri_queue_threshold=merged.integer("harakiri-queue-threshold"),
        cpu_affinity=merged.integer("cpu-affinity"),
        mule_reload_mercy=merged.seconds("mule-reload-mercy"),
        exit_on_reload=merged.flag("exit-on-reload"),
        skip_atexit=merged.flag("skip-atexit"),
        skip_atexit_teardown=merged.flag("skip-atexit-teardown"),
        harakiri_verbose=merged.flag("harakiri-verbose"),
        max_requests=merged.integer("max-requests"),
        max_requests_delta=merged.integer("max-requests-delta"),
        min_worker_lifetime=merged.seconds("min-worker-lifetime"),
        max_worker_lifetime=merged.seconds("max-worker-lifetime"),
        max_worker_lifetime_delta=merged.seconds("max-worker-lifetime-delta"),
        reload_on_rss=merged.integer("reload-on-rss") << 20,
        reload_on_as=merged.integer("reload-on-as") << 20,
        evil_reload_on_rss=merged.integer("evil-reload-on-rss") << 20,
        evil_reload_on_as=merged.integer("evil-reload-on-as") << 20,
        py_autoreload=merged.seconds("py-autoreload"),
        py_autoreload_ignore=frozenset(merged.texts("py-auto-reload-ignore")),
        touch_reload=_paths(merged, "touch-reload"),
        touch_workers_reload=_paths(merged, "touch-workers-reload"),
        touch_chain_reload=_paths(merged, "touch-chain-reload"),
        touch_logreopen=_paths(merged, "touch-logreopen"),
        master_fifo=_paths(merged, "master-fifo"),
        cheaper=_cheaper(merged),
        cheaper_initial=merged.integer("cheaper-initial")
        if "cheaper-initial" in merged
        else _cheaper(merged),
        cheaper_step=merged.integer("cheaper-step"),
        cheaper_overload=merged.seconds("cheaper-overload"),
        cheaper_manual=merged.text("cheaper-algo") == "manual",
        cheaper_rss_soft=_cheaper_rss(merged)[0],
        cheaper_rss_hard=_cheaper_rss(merged)[1],
        worker_exec=merged.text("worker-exec"),
        worker_exec2=merged.text("worker-exec2"),
        daemonize=_path(merged, "daemonize"),
        uid=merged.text("uid"),
        gid=merged.text("gid"),
        add_gid=merged.texts("add-gid"),
        procname=merged.text("procname"),
        procname_master=merged.text("procname-master"),
        procname_prefix=_prefix(merged),
        procname_append=merged.text("procname-append") or "",
        auto_procname=merged.flag("auto-procname"),
        hooks=_hooks(merged),
        stats=_stats(merged),
        stats_http=merged.flag("stats-http"),
        stats_minified=merged.flag("stats-minified"),
        stats_push=tuple(map(parse_push, merged.texts("stats-push"))),
        stats_push_interval=max(0.1, merged.seconds("stats-pusher-default-freq")),
        stats_metrics=not merged.flag("stats-no-metrics"),
        metrics=metrics,
        stats_cores=not merged.flag("stats-no-cores"),
        static=static_files(merged.steps),
        socket_timeout=timeout,
        keepalive=merged.seconds("http-keepalive"),
        head_timeout=merged.seconds("http-headers-timeout") if "http-headers-timeout" in merged else 0.0,
        body_rate=merged.integer("http-body-min-rate"),
        pipeline=merged.integer("http-pipeline"),
        http_variables=tuple(
            value for name, value in merged.steps if name == "http-var" and isinstance(value, tuple)
        ),
        forwarded_from=_words(merged, "forwarded-allow-ips"),
        forwarded_fields=_words(merged, "forwarded-headers"),
        proxies=_words(merged, "proxy-protocol-allow-ips") if merged.flag("enable-proxy-protocol") else (),
        kill_on_disconnect=merged.flag("kill-on-disconnect"),
        max_connections=merged.integer("max-connections"),
        max_fd=merged.integer("max-fd") if "max-fd" in merged else 0,
        limit_as=merged.integer("limit-as") << 20,
        limit_nproc=merged.integer("limit-nproc"),
        post_buffering=merged.integer("post-buffering"),
        post_buffering_bufsize=max(1, merged.integer("post-buffering-bufsize")),
        body_read_warning=merged.integer("body-read-warning") << 20,
        response_headers=response_headers(
            merged.texts("add-header"),
            merged.texts("del-header"),
            merged.texts("collect-header"),
            merged.integer("response-headers-limit"),
        ),
        limits=_limits(merged),
        request_log=request_log(merged, notices),
        log_date=merged.text("log-date") if merged.text("log-date") != "0" else None,
        log_targets=log_targets(merged),
        logfile_chown=merged.flag("logfile-chown"),
        touch_exec=touched_commands(merged),
        fs_reload=_paths(merged, "fs-reload"),
        cron_jobs=cron_jobs(merged),
        daemons=daemons(merged),
        cheap=merged.flag("cheap"),
        idle=_idle(merged),
        die_on_idle=merged.flag("die-on-idle"),
        touch_mules_reload=_paths(merged, "touch-mules-reload"),
        touch_spoolers_reload=_paths(merged, "touch-spoolers-reload"),
        touch_logrotate=_paths(merged, "touch-logrotate"),
        log_blocking=merged.seconds("log-blocking"),
        log_prefix=merged.text("log-prefix") or "",
        websocket=_websocket(merged),
        http2=http2_settings(merged),
        memory_report=merged.flag("memory-report")
        or bool(metrics)
        or any(name in merged for name in _NEED_MEMORY),
        logto=None if is_network_log(merged.text("logto") or "") else _path(merged, "logto"),
        logto2=_path(merged, "logto2"),
        notices=tuple(notices),
        opt=merged.opt,
    )


def _cores(merged: Merged, notices: list[str]) -> int:
    loop = merged.text("loop")
    if loop != "gevent":
        raise ConfigError(
            f"--loop {loop}: gevent is the only loop engine here; write --loop gevent, or --gevent N"
        )
    given = [value for name, value in merged.steps if name in {"gevent", "async"} and isinstance(value, int)]
    if given:
        if given[-1] < 1:
            raise ConfigError(f"{NO_ASYNC_MODE}: --gevent and --async need 1 or more, not {given[-1]}")
        return given[-1]
    if "loop" in merged:
        raise ConfigError(f"{NO_ASYNC_MODE}; add --async N, or write --gevent N instead of --loop gevent")
    # Starting beats an error: this engine always runs gevent, and uWSGI's documentation uses 100 throughout.
    notices.append(f"no --gevent given: each worker runs up to {DEFAULT_CORES} requests at once")
    return DEFAULT_CORES


def _socket_timeout(merged: Merged) -> float:
    cores_by_default = "gevent" not in merged and "async" not in merged
    timeout = GEVENT_SOCKET_TIMEOUT if cores_by_default else CORE_SOCKET_TIMEOUT
    for name, value in merged.steps:
        if name == "gevent":
            timeout = max(timeout, GEVENT_SOCKET_TIMEOUT)
        elif name == "socket-timeout" and isinstance(value, float):
            timeout = value
    return timeout


def _client_timeout(merged: Merged, listeners: Iterable[Listener]) -> float:
    """Seconds for clients of all listeners; workers know one such number."""
    for name in ("socket-timeout", "http-timeout"):
        if name in merged and not merged.seconds(name):
            raise ConfigError(f"--{name} 0 would give up on every client at once; write the seconds to wait")
    timeout = _socket_timeout(merged)
    if "http-timeout" not in merged:
        return timeout
    http = merged.seconds("http-timeout")
    return max(timeout, http) if any(each.protocol == "uwsgi" for each in listeners) else http


def _listeners(merged: Merged, notices: list[str]) -> tuple[Listener, ...]:
    shared = SharedSockets(merged)
    spoken: Final[Literal["http", "uwsgi"]] = "http" if merged.text("protocol") == "http" else "uwsgi"
    listeners: list[Listener] = []
    for name, value in merged.steps:
        if name not in _SOCKET_OPTIONS or not isinstance(value, str):
            continue
        text, certificate = _SOCKET_OPTIONS[name](value)
        https_port = ""
        if name == "http-to-https":
            text, _, https_port = text.partition(",")
        text = shared.address(text)
        address = parse_address(text)
        chosen_by_system = isinstance(address, TcpAddress) and address.port == 0
        if not chosen_by_system and any(other.address == address for other in listeners):
            raise ConfigError(f"{text} is to be listened on twice; remove one of the two")
        protocol = _PROTOCOLS.get(name, spoken)
        listeners.append(Listener(protocol, address, text, certificate, https_port))
    notices.extend(shared.unused())
    if not listeners:  # as uWSGI does where systemd has opened the sockets
        # A process that only tries whether a reload would succeed is the child of the one they are for.
        fds = activated(os.environ, os.getpid()) or activated(os.environ, os.getppid())
        listeners = [Listener(spoken, InheritedFd(fd), f"fd://{fd}") for fd in fds]
    if not listeners:
        raise ConfigError(
            "no address to listen on: give --http-socket :8000 for HTTP, "
            "or --socket :3031 for the uwsgi protocol (nginx uwsgi_pass)"
        )
    return tuple(listeners)


def _words(merged: Merged, name: str) -> tuple[str, ...]:
    text = merged.text(name)
    return () if text is None else tuple(text.replace(",", " ").split())


def _tls(merged: Merged) -> Tls:
    directory = merged.text("sni-dir")
    if directory is not None:
        _check_directory(merged, "sni-dir")
        directory = os.path.abspath(directory)
    return Tls(
        tuple(tls_site(text) for text in merged.texts("sni")),
        directory or "",
        merged.text("sni-dir-ciphers") or "",
        max(0.1, merged.seconds("ssl-handshake-timeout")),
        merged.seconds("ssl-watch"),
        merged.flag("ssl-verbose"),
        merged.integer("ssl-verify-depth") if "ssl-verify-depth" in merged else None,
        reduce(or_, (value for name, value in merged.steps if name == "ssl-option"), 0),
    )


def _backlog(merged: Merged) -> int:
    wanted = merged.integer("listen")
    try:
        with open("/proc/sys/net/core/somaxconn") as file:
            most = int(file.read())
    except (OSError, ValueError):
        return wanted  # not Linux
    if wanted > most and "listen" in merged:
        raise ConfigError(
            f"Listen queue size is greater than the system max net.core.somaxconn ({most}). "
            f"Lower --listen {wanted}, or raise it with 'sysctl -w net.core.somaxconn={wanted}'"
        )
    return min(wanted, most)


def _reload_mercy(merged: Merged) -> float:
    return merged.seconds("worker-reload-mercy" if "worker-reload-mercy" in merged else "reload-mercy")


def _pidfiles(merged: Merged) -> tuple[Pidfile, ...]:
    return tuple(
        Pidfile(path, safe=name.startswith("safe-"))
        for name in ("pidfile", "pidfile2", "safe-pidfile", "safe-pidfile2")
        if (path := merged.text(name)) is not None
    )


def _paths(merged: Merged, name: str) -> tuple[str, ...]:
    """Absolute: they are used after ``chdir``, but start from where the server was started."""
    return tuple(map(os.path.abspath, merged.texts(name)))


def _path(merged: Merged, name: str) -> str | None:
    path = merged.text(name)
    return None if path is None else os.path.abspath(path)


def _cheaper(merged: Merged) -> int:
    if "cheaper" not in merged:
        return 0
    least, most = merged.integer("cheaper"), merged.integer("processes")
    if least >= most:
        raise ConfigError(f"--cheaper {least} leaves nothing to save with --processes {most}; lower it")
    return least


def _cheaper_rss(merged: Merged) -> tuple[int, int]:
    soft, hard = merged.integer("cheaper-rss-limit-soft"), merged.integer("cheaper-rss-limit-hard")
    if (soft or hard) and "cheaper" not in merged:
        raise ConfigError("--cheaper-rss-limit-soft is about --cheaper; add that, or leave it out")
    if hard and hard <= soft:
        raise ConfigError(
            f"--cheaper-rss-limit-hard {hard} must be higher than --cheaper-rss-limit-soft {soft}"
        )
    if hard and not soft:
        raise ConfigError("--cheaper-rss-limit-hard needs --cheaper-rss-limit-soft too")
    return soft, hard


def _idle(merged: Merged) -> float:
    if merged.flag("die-on-idle") and not merged.seconds("idle"):
        raise ConfigError("--die-on-idle needs to know after how many seconds; add --idle SECONDS")
    return merged.seconds("idle")


def _prefix(merged: Merged) -> str:
    spaced = merged.text("procname-prefix-spaced")
    return f"{spaced} " if spaced else merged.text("procname-prefix") or ""


def _hooks(merged: Merged) -> tuple[tuple[str, str], ...]:
    hooks: list[tuple[str, str]] = []
    for name, text in merged.steps:
        kind, _, moment = name.partition("-")
        if moment not in HOOK_MOMENTS or not isinstance(text, str):
            continue
        if kind == "exec":
            hooks.append((moment, f"exec:{text}"))
        elif kind == "hook":
            action = text.partition(":")[0]
            if action not in HOOK_ACTIONS:
                raise ConfigError(
                    f"--{name} {text}: unknown action {action!r}; known are {', '.join(HOOK_ACTIONS)}"
                )
            hooks.append((moment, text))
    return tuple(hooks)


def _stats(merged: Merged) -> Address | None:
    text = merged.text("stats")
    return None if text is None else parse_address(text)


def _limits(merged: Merged) -> Limits:
    return Limits(
        request_line=merged.integer("http-max-request-line"),
        header_count=merged.integer("http-max-header-count"),
        header_bytes=merged.integer("buffer-size"),
        body=merged.integer("limit-post"),
        variables=2 * merged.integer("max-vars"),
    )


def _websocket(merged: Merged) -> WebSocketSettings:
    return WebSocketSettings(
        max_size=1024 * merged.integer("websockets-max-size"),
        ping_interval=merged.seconds("websockets-ping-freq"),
        pong_tolerance=merged.seconds("websockets-pong-tolerance"),
        deflate=merged.text("websockets-deflate") == "on",
    )


def _monkey_patch(merged: Merged) -> MonkeyPatch:
    if merged.flag("gevent-early-monkey-patch"):
        return "early"
    return "late" if merged.flag("gevent-monkey-patch") else "off"


def _loop_backend(merged: Merged) -> Literal["uvloop", "asyncio"]:
    wanted = merged.text("loop-backend")
    if wanted == "asyncio":
        return "asyncio"
    if find_spec("uvloop") is not None:
        return "uvloop"
    if wanted == "uvloop":
        raise ConfigError(
            "--loop-backend uvloop: uvloop is not installed; run 'pip install uvloop', or leave it out"
        )
    return "asyncio"


def _imports(merged: Merged) -> tuple[str, ...]:
    return tuple(
        text for name, text in merged.steps if name in ("import", "shared-import") and isinstance(text, str)
    )


def _env(merged: Merged) -> tuple[tuple[str, str | None], ...]:
    found: list[tuple[str, str | None]] = []
    for name, value in merged.steps:
        if name == "env" and isinstance(value, tuple):
            found.append(value)
        elif name == "unenv" and isinstance(value, str):
            found.append((value, None))
    return tuple(found)


def _is_lazy(merged: Merged, notices: list[str]) -> bool:
    if merged.flag("lazy") and not merged.flag("lazy-apps"):
        notices.append("--lazy is --lazy-apps here: SIGHUP reloads the master too, not the workers only")
    return merged.flag("lazy")


def _without_effect(merged: Merged) -> list[str]:
    if not merged.without_effect:
        return []
    listed = ", ".join(f"{name} ({why})" for name, why in merged.without_effect.items())
    return [f"accepted without effect: {listed}"]


def _check_directory(merged: Merged, name: str) -> None:
    path = merged.text(name)
    if path is not None and not os.path.isdir(path):
        raise ConfigError(f"--{name} {path}: there is no such directory")
