"""Values become settings: rules between options apply here, and combinations that cannot work are refused."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from engine.address import Address, parse_address
from engine.config.applications import lifespan_mode, main_app, module_aliases, mounts
from engine.config.cheaper import cheaper, cheaper_rss, idle
from engine.config.client_timeout import client_timeout
from engine.config.daemons import daemons
from engine.config.entries import Entry
from engine.config.env_file import read_env_file
from engine.config.fatal_exceptions import FatalExceptions
from engine.config.gevent_loop import cores, loop_backend, monkey_patch
from engine.config.hooks import hooks
from engine.config.http2 import http2_settings
from engine.config.listeners import backlog, listeners
from engine.config.log_targets import is_network_log, log_targets
from engine.config.merge import Merged
from engine.config.metrics import metric_settings
from engine.config.options import OPTIONS, OptionTable
from engine.config.programs import cron_jobs, touched_commands
from engine.config.pushers import parse_push
from engine.config.request_log import request_log
from engine.config.response_headers import response_headers
from engine.config.settings import Pidfile, Settings
from engine.config.shared_sockets import socket_map
from engine.config.socket_options import SocketOptions
from engine.config.static import StaticFiles, static_files
from engine.config.tls import tls_settings
from engine.protocols.limits import Limits
from engine.protocols.websocket import WebSocketSettings

__all__ = ["resolve"]


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


def resolve(entries: Iterable[Entry], table: OptionTable = OPTIONS) -> Settings:
    """Return the settings that these entries ask for.

    :raises ConfigError: if a value or a combination cannot be used; says which and what to write
    """
    merged = Merged(entries, table)
    notices: list[str] = []
    gevent = cores(merged, notices)
    where = listeners(merged, notices)
    timeout = client_timeout(merged, where, notices)
    notices.extend(_without_effect(merged))
    metrics = metric_settings(merged)
    kept, (soft, hard) = cheaper(merged), cheaper_rss(merged)
    return Settings(
        listeners=where,
        socket_map=socket_map(merged, len(where)),
        tls=tls_settings(merged),
        listen=backlog(merged),
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
        chdir=merged.directory("chdir"),
        pythonpath=merged.texts("pythonpath"),
        home=merged.directory("home"),
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
        gevent=gevent,
        monkey_patch=monkey_patch(merged),
        not_patched=merged.words("gevent-patch-except"),
        wait_for_hub=merged.flag("gevent-wait-for-hub"),
        loop_backend=loop_backend(merged),
        gc_threshold=merged.integer("gc-threshold") if "gc-threshold" in merged else None,
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
        touch_reload=merged.paths("touch-reload"),
        touch_workers_reload=merged.paths("touch-workers-reload"),
        touch_chain_reload=merged.paths("touch-chain-reload"),
        touch_logreopen=merged.paths("touch-logreopen"),
        master_fifo=merged.paths("master-fifo"),
        cheaper=kept,
        cheaper_initial=merged.integer("cheaper-initial") if "cheaper-initial" in merged else kept,
        cheaper_step=merged.integer("cheaper-step"),
        cheaper_overload=merged.seconds("cheaper-overload"),
        cheaper_manual=merged.text("cheaper-algo") == "manual",
        cheaper_rss_soft=soft,
        cheaper_rss_hard=hard,
        worker_exec=merged.text("worker-exec"),
        worker_exec2=merged.text("worker-exec2"),
        daemonize=merged.path("daemonize"),
        uid=merged.text("uid"),
        gid=merged.text("gid"),
        add_gid=merged.texts("add-gid"),
        procname=merged.text("procname"),
        procname_master=merged.text("procname-master"),
        procname_prefix=_prefix(merged),
        procname_append=merged.text("procname-append") or "",
        auto_procname=merged.flag("auto-procname"),
        hooks=hooks(merged),
        stats=_stats(merged),
        stats_http=merged.flag("stats-http"),
        stats_minified=merged.flag("stats-minified"),
        stats_push=tuple(map(parse_push, merged.texts("stats-push"))),
        stats_push_interval=max(0.1, merged.seconds("stats-pusher-default-freq")),
        stats_metrics=not merged.flag("stats-no-metrics"),
        metrics=metrics,
        stats_cores=not merged.flag("stats-no-cores"),
        static=_static(merged, notices),
        socket_timeout=timeout,
        keepalive=merged.seconds("http-keepalive"),
        head_timeout=merged.seconds("http-headers-timeout") if "http-headers-timeout" in merged else 0.0,
        body_rate=merged.integer("http-body-min-rate"),
        pipeline=merged.integer("http-pipeline"),
        http_auto_gzip=merged.flag("http-auto-gzip"),
        http_variables=tuple(
            value for name, value in merged.steps if name == "http-var" and isinstance(value, tuple)
        ),
        forwarded_from=merged.words("forwarded-allow-ips"),
        forwarded_fields=merged.words("forwarded-headers"),
        proxies=merged.words("proxy-protocol-allow-ips") if merged.flag("enable-proxy-protocol") else (),
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
        fs_reload=merged.paths("fs-reload"),
        cron_jobs=cron_jobs(merged),
        daemons=daemons(merged),
        cheap=merged.flag("cheap"),
        idle=idle(merged),
        die_on_idle=merged.flag("die-on-idle"),
        touch_mules_reload=merged.paths("touch-mules-reload"),
        touch_spoolers_reload=merged.paths("touch-spoolers-reload"),
        touch_logrotate=merged.paths("touch-logrotate"),
        py_tracebacker=_tracebacker(merged),
        log_blocking=merged.seconds("log-blocking"),
        log_prefix=merged.text("log-prefix") or "",
        websocket=_websocket(merged),
        http2=http2_settings(merged),
        memory_report=merged.flag("memory-report")
        or bool(metrics)
        or any(name in merged for name in _NEED_MEMORY),
        logto=None if is_network_log(merged.text("logto") or "") else merged.path("logto"),
        logto2=merged.path("logto2"),
        notices=tuple(notices),
        opt=merged.opt,
    )


def _reload_mercy(merged: Merged) -> float:
    return merged.seconds("worker-reload-mercy" if "worker-reload-mercy" in merged else "reload-mercy")


def _tracebacker(merged: Merged) -> str | None:
    name = merged.text("py-tracebacker") or ""
    return name if name.startswith("@") else merged.path("py-tracebacker")


def _pidfiles(merged: Merged) -> tuple[Pidfile, ...]:
    return tuple(
        Pidfile(path, safe=name.startswith("safe-"))
        for name in ("pidfile", "pidfile2", "safe-pidfile", "safe-pidfile2")
        if (path := merged.text(name)) is not None
    )


def _prefix(merged: Merged) -> str:
    spaced = merged.text("procname-prefix-spaced")
    return f"{spaced} " if spaced else merged.text("procname-prefix") or ""


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


def _imports(merged: Merged) -> tuple[str, ...]:
    return tuple(
        text for name, text in merged.steps if name in ("import", "shared-import") and isinstance(text, str)
    )


def _env(merged: Merged) -> tuple[tuple[str, str | None], ...]:
    found: list[tuple[str, str | None]] = []
    for name, value in merged.steps:
        if name == "env" and isinstance(value, tuple):
            found.append(value)
        elif name == "env-file" and isinstance(value, str):
            found.extend(read_env_file(value))
        elif name == "unenv" and isinstance(value, str):
            found.append((value, None))
    return tuple(found)


def _static(merged: Merged, notices: list[str]) -> StaticFiles:
    found = static_files(merged.steps)
    base = merged.text("chdir") or "."
    notices.extend(
        f"there is no {path} for static files now; the application is asked instead"
        for path in dict.fromkeys(each.path for each in found.maps)
        if not os.path.exists(os.path.join(base, path))
    )
    return found


def _is_lazy(merged: Merged, notices: list[str]) -> bool:
    if merged.flag("lazy") and not merged.flag("lazy-apps"):
        notices.append("--lazy is --lazy-apps here: SIGHUP reloads the master too, not the workers only")
    return merged.flag("lazy")


def _without_effect(merged: Merged) -> list[str]:
    if not merged.without_effect:
        return []
    listed = ", ".join(f"{name} ({why})" for name, why in merged.without_effect.items())
    return [f"accepted without effect: {listed}"]
