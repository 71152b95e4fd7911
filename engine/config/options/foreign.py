"""uWSGI options that have no place here, one by one: what to do instead, or why nothing is to be done.

``elsewhere`` knows families by how names begin; these are the rest of uWSGI 2.0.31's 943 options.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.config.options.inactive import noop
from engine.config.options.record import Section
from engine.config.values import NUMBER, TEXT

__all__ = ["ADVICE", "WITHOUT_EFFECT"]

_BY_ADVICE: Final[Mapping[str, str]] = {
    "use --cache2 name=NAME,items=N,blocksize=BYTES": (
        "add-cache-item cache-blocksize cache-no-expire cache-store cache-store-sync "
        "cache-use-last-modified check-cache load-file-in-cache "
        "load-file-in-cache-gzip"
    ),
    "share the cache with --shared redis://HOST, or call uwsgi.cache_get(key, 'name@host:port')": (
        "cache-sync cache-udp-node cache-udp-server"
    ),
    "gevent-engine --help lists what there is": (
        "alarms-list cheaper-algo-list cheaper-algos-list cheaper-list clock-list clocks-list dump-options "
        "logger-list loggers-list loop-list loops-list plugin-list plugins-list print-sym print-symbol"
    ),
    "set uwsgi.after_req_hook in the application": "after-request-call after-request-hook",
    "watch the log and --stats with your monitoring": (
        "backlog-alarm listen-queue-alarm lq-alarm segfault-alarm metric-alarm metric-threshold heartbeat"
    ),
    "the engine is a Python package; nothing is built into a binary": (
        "binary-append-data binary-path build-plugin cflags config-py dot-h declare-option declare-option2 "
        "dlopen extract privileged-binary-patch privileged-binary-patch-arg "
        "unprivileged-binary-patch unprivileged-binary-patch-arg python-version ftok test"
    ),
    "set it in the unit file or the container: user, limits, namespaces, environment": (
        "binsh blacklist whitelist end-blacklist end-whitelist jailed ns ns-net pivot-root pivot_root prio "
        "propagate-touch unshare2 early-envdir envdir re-fork re-fork-as-root re-fork-post-jail refork "
        "refork-as-root refork-post-jail drop-after-apps drop-after-init wait-iface wait-iface-timeout "
        "wait-interface wait-interface-timeout never-swap ksm file-write flock flock-wait flock2 flock-wait2 "
        "multicast multicast-loop multicast-ttl exit"
    ),
    "use --uid and --gid, once sockets are open": "immediate-uid immediate-gid http-uid http-gid",
    "send the signal: kill -TSTP PID pauses, and goes on": "pause suspend resume",
    "use --socket or --http-socket": (
        "http-socket-modifier1 http-socket-modifier2 https-socket-modifier1 https-socket-modifier2 "
        "raw-modifier1 raw-modifier2 remap-modifier allowed-modifiers connect-and-read no-server "
        "force-gateway command-mode cgi-mode notify-socket"
    ),
    "put nginx or HAProxy in front": (
        "http-buffer-size http-fallback http-harakiri http-manage-rtsp http-resubscribe http-ss "
        "http-server-name-as-http-host http-stats http-stats-server http-use-base http-use-cache "
        "http-use-code-string http-use-pattern http-use-socket http-zerg sslrouter2 zergpool inject-after "
        "inject-before pull-header upload-progress ignore-script-name tcp-fast-open tcp-fastopen "
        "tcp-fast-open-client tcp-fastopen-client"
    ),
    "answer errors in the application": "error-page-403 error-page-404 error-page-500 exception-handler",
    "use cron in the unit that is in charge, or --unique-cron": (
        "cron-legion unique-cron-legion unique-legion-cron"
    ),
    "use --fs-reload": "fs-brutal-reload brutal-reload-on-fd reload-on-fd",
    "run one systemd unit (or container) per engine": (
        "early-emperor vassals-include vassals-include-before vassals-inherit vassals-inherit-before "
        "vassals-set vassals-start-hook vassals-stop-hook"
    ),
    "list the engines in nginx or HAProxy": (
        "start-unsubscribed subscribe-freq subscribe-with-modifier1 subscriptions-credentials-check "
        "subscriptions-sign-check subscriptions-sign-check-tolerance subscriptions-sign-skip-uid "
        "subscriptions-use-credentials unsubscribe-on-graceful-reload resolve"
    ),
    "start Python itself for that": (
        "py pyrun pyshell pyshell-oneshot python python-raw python-worker-override"
    ),
    "write it in --ini, or with --include": "fallback-config get print iprint",
    "use /health and /ready of --stats with --stats-http": (
        "ping ping-timeout check-mount check-mountpoint mountpoint-check"
    ),
    "py-spy and python -m bridge.dump show what a process does": "profiler backtrace-depth use-abort",
    "export metrics from the application": "mem-collector-freq",
    "use --sharedarea": "py-sharedarea",
    "mount the application explicitly, or leave it out": "no-default-app",
    "the system's clock is used": "clock",
    "choose one directory with --chdir": "force-cwd",
    "there is one mode of operation; --opt of the application tells others apart": "mode",
}

ADVICE: Final[Mapping[str, str]] = {
    name: advice for advice, names in _BY_ADVICE.items() for name in names.split()
}

WITHOUT_EFFECT: Final = Section(
    "Accepted, without effect",
    (
        noop("disable-sendfile", "the engine decides by itself where sendfile(2) pays", priority="P2"),
        noop("honour-stdin", "standard input is left alone", "daemons-honour-stdin", priority="P2"),
        noop("shutdown-sockets", "sockets close when workers end", priority="P2"),
        noop("no-fd-passing", "descriptors are not passed over uwsgi sockets", priority="P2"),
        noop("fd-safe", "descriptors are closed in programs that are executed", "safe-fd", priority="P2"),
        noop("persistent-ipcsem", "System V semaphores are not used", priority="P2"),
        noop("no-initgroups", "give groups with --add-gid", priority="P2"),
        noop("reaper", "the master buries its own children", priority="P2"),
        noop("no-threads-wait", "threads are never waited for", priority="P2"),
        noop(
            "threads-stacksize",
            "requests run in greenlets",
            "thread-stacksize",
            "thread-stack-size",
            "threads-stack-size",
            "ugreen-stacksize",
            kind=NUMBER,
            priority="P2",
        ),
        noop("py-call-osafterfork", "Python's own fork hooks always run", priority="P2"),
        noop("py-call-uwsgi-fork-hooks", "uwsgi.post_fork_hook always runs", priority="P2"),
        noop(
            "py-executable",
            "sys.executable is the interpreter",
            "py-sys-executable",
            kind=TEXT,
            priority="P2",
        ),
        noop(
            "py-program-name", "sys.executable is the interpreter", "py-programname", kind=TEXT, priority="P2"
        ),
        noop("cache-report-freed-items", "items that expire are counted only", priority="P2"),
        noop("queue-store-sync", "the kernel writes the file of --queue-store", kind=NUMBER, priority="P2"),
        noop("mule-msg-size", "messages to mules may have any size", kind=NUMBER, priority="P2"),
        noop("rsyslog-packet-size", "a line is a packet", kind=NUMBER, priority="P2"),
        noop("rsyslog-split-messages", "a line is a packet", priority="P2"),
        noop("http-manage-source", "the client's address is known", priority="P2"),
        noop("auto-weight", "nothing is subscribed to", priority="P2"),
        noop("weight", "nothing is subscribed to", kind=NUMBER, priority="P2"),
        noop("ssl-tmp-dir", "no temporary files are made", kind=TEXT, priority="P2"),
        noop("skip-zero", "there is no such check of descriptors", priority="P2"),
    ),
)
