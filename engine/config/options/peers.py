"""Options of gunicorn, uvicorn, granian and hypercorn: what they are called here.

Who comes from there types them first; the nearest name of ours is mostly another thing (``--timeout``
is not ``--http-timeout``).  Names that exist here as well are missing: ours count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["LETTERS", "name_here"]

_BY_ANSWER: Final[Mapping[str, str]] = {
    "write --http-socket ADDRESS, as in --http-socket :8000": "bind host port insecure-bind",
    "write --http-socket /path/to.sock": "uds",
    "write --http-socket fd://N": "fd",
    "write --chmod-socket=660": "uds-permissions",
    "write --listen N": "backlog",
    "every request runs in a greenlet: write --gevent N for N at once": (
        "worker-class worker-connections blocking-threads runtime-threads runtime-mode "
        "runtime-blocking-threads event-loop task-impl"
    ),
    "write --gevent N for requests at once, --max-connections N for connections": (
        "backpressure limit-concurrency"
    ),
    "WSGI or ASGI is seen from the application; --asgi APP, or wsgi:APP, says so": "interface",
    "call it: --module 'MODULE:FACTORY()'": "factory",
    "an application is called only if it is written so: --module 'MODULE:FACTORY()'": "no-factory",
    "write --chdir DIR": "app-dir working-dir working-directory",
    "write --env NAME=VALUE for each variable": "raw-env",
    "write --mount /PATH=APP": "root-path url-path-prefix",
    "write --harakiri SECONDS: it ends each request that takes longer": "timeout",
    "write --kill-on-disconnect: it ends a request at once when its client has gone": (
        "asgi-disconnect-grace-period"
    ),
    "write --worker-reload-mercy SECONDS": (
        "graceful-timeout timeout-graceful-shutdown workers-kill-timeout shutdown-timeout"
    ),
    "write --http-keepalive=SECONDS": "keep-alive timeout-keep-alive http1-keep-alive",
    "write --http-keepalive=0": "no-http1-keep-alive",
    "write --max-requests-delta N": "max-requests-jitter limit-max-requests-jitter",
    "write --max-requests N": "limit-max-requests",
    "write --max-worker-lifetime SECONDS": "workers-lifetime",
    "write --reload-on-rss MB": "workers-max-rss",
    "write --reload-on-rss MB: it looks about once a second, and once is enough": (
        "rss-samples rss-sample-interval"
    ),
    "the master always does that: --master": "respawn-failed-workers",
    "without --master nothing is started again": "no-respawn-failed-workers",
    "a worker is replaced at once; of one that does not even start --forkbomb-delay SECONDS tells": (
        "respawn-interval"
    ),
    "write --py-autoreload=SECONDS, --fs-reload PATH for other files": (
        "reload-dir reload-include reload-exclude reload-delay reload-engine reload-extra-file reload-paths "
        "reload-ignore-dirs reload-ignore-patterns reload-ignore-paths reload-tick"
    ),
    "an application that does not load leaves the old workers in charge": (
        "reload-ignore-worker-failure no-reload-ignore-worker-failure"
    ),
    "nothing is reloaded unless --py-autoreload=SECONDS or --fs-reload is given": "no-reload",
    "applications are loaded before the fork unless --lazy-apps is given": "preload preload-app",
    "write --pidfile FILE": "pid pid-file",
    "write --daemonize LOGFILE": "daemon",
    "write --uid USER": "user",
    "write --gid GROUP": "group",
    "--uid takes the user's groups too; --add-gid GROUP adds one": "initgroups",
    "write --auto-procname, or --procname NAME": "name process-name proc-name",
    "write --show-config": "print-config",
    "write --ini FILE (YAML, JSON and TOML too)": "config-file",
    "requests are logged unless --disable-logging is given; --req-logger file:PATH for a file of their own": (
        "access-logfile access-log access-log-file"
    ),
    "write --disable-logging": "no-access-log no-log",
    "write --req-logger file:PATH: requests go there, the rest to --log-syslog": (
        "disable-redirect-access-to-syslog"
    ),
    "write --log-syslog=NAME, or --logger rsyslog:HOST:PORT,NAME": (
        "log-syslog-to log-syslog-prefix log-syslog-facility"
    ),
    "write --log-config FILE, or --log-encoder": "logger-class",
    "lines have no colours": "use-colors no-use-colors",
    "write --log-format TEXT with uWSGI's variables, or --log-json": (
        "access-logformat access-log-format access-log-fmt"
    ),
    "write --logto FILE": "error-logfile error-log log-file errorlog accesslog",
    "the server has no levels; --log-config FILE sets Python's logging up": "log-level log loglevel",
    "write --log-config FILE": "log-config-json log-config-dict",
    "what is printed is always in the log": "capture-output enable-stdio-inheritance",
    "write --stats-push statsd:HOST:PORT,PREFIX": "statsd-host statsd-prefix dogstatsd-tags",
    "write --stats ADDRESS --stats-http: Prometheus asks for /metrics": (
        "metrics metrics-port metrics-address metrics-enabled"
    ),
    "--stats ADDRESS shows the queue of each socket": "enable-backlog-metric",
    "figures are made when somebody asks --stats; --stats-pusher-default-freq SECONDS is for --stats-push": (
        "metrics-scrape-interval"
    ),
    "there are none unless --stats is given": "no-metrics",
    "write --https-socket ADDRESS,CERT,KEY": (
        "certfile keyfile ssl-keyfile ssl-certfile ssl-certificate keyfile-password ssl-keyfile-password"
    ),
    "write --https-socket ADDRESS,CERT,KEY,CIPHERS,CLIENT_CA": (
        "ca-certs cert-reqs ciphers ssl-ca ssl-ca-certs ssl-cert-reqs ssl-ciphers ssl-client-verify "
        "verify-mode"
    ),
    "clients need no certificate unless --https-socket ADDRESS,CERT,KEY,CIPHERS,!CLIENT_CA asks for it": (
        "no-ssl-client-verify"
    ),
    "there are no lists of revoked certificates: let nginx do TLS (ssl_crl)": "ssl-crl",
    "the handshake never holds a core; --ssl-handshake-timeout SECONDS bounds it": "do-handshake-on-connect",
    "a connection that ends without close_notify has ended, and that is no error": "suppress-ragged-eofs",
    "TLS 1.2 and later is spoken; --ssl-option OP_NO_TLSv1_2 leaves 1.3": "ssl-version ssl-protocol-min",
    "write --forwarded-allow-ips LIST": "proxy-headers trusted-hosts proxy-protocol-from",
    "nobody is believed unless --forwarded-allow-ips LIST names him": "no-proxy-headers",
    "a proxy that sets SCRIPT_NAME or PATH_INFO speaks uwsgi: --socket ADDRESS": "forwarder-headers",
    "use a unix socket with --chmod-socket=660, or the firewall": "uwsgi-allow-from",
    "write --enable-proxy-protocol": "proxy-protocol",
    "write --proxy-protocol-allow-ips LIST": "proxy-allow-from proxy-allow-ips",
    "write --http-headers-timeout SECONDS": "http1-header-read-timeout",
    "write --socket-timeout SECONDS": "read-timeout",
    "write --harakiri SECONDS: a worker that hangs for longer is replaced": "timeout-worker-healthcheck",
    "write --http2 on": "http2-cleartext",
    "write --http2 auto|on|off": "http-protocols",
    "write --http2-max-streams N": "http2-max-concurrent-streams",
    "windows are 64 KiB, frames 16 KiB; --http2-max-streams N bounds what a connection may keep": (
        "http2-initial-window-size http2-max-frame-size http2-adaptive-window no-http2-adaptive-window "
        "http2-initial-connection-window-size http2-initial-stream-window-size http2-max-send-buffer-size"
    ),
    "write --buffer-size BYTES: it is of the whole head, in HTTP/2 too": (
        "http2-max-header-list-size http2-max-headers-size"
    ),
    "an idle connection is closed, not pinged: --http-keepalive=SECONDS": (
        "http2-keep-alive-interval http2-keep-alive-timeout"
    ),
    "there is no HTTP/3: put a server that speaks it in front": "quic-bind",
    "write --lifespan auto|on|off": "asgi-lifespan",
    "write --loop-backend uvloop|asyncio": "asgi-loop",
    "write --master-fifo FILE": "control-socket no-control-socket control-socket-mode",
    "write --mules N, or --spooler DIR": "dirty-app dirty-workers dirty-threads",
    "write --mule-harakiri SECONDS, or --spooler-harakiri SECONDS": "dirty-timeout",
    "write --mule-reload-mercy SECONDS": "dirty-graceful-timeout",
    "no Server field is sent; --add-header 'Server: NAME' adds one": "server-header no-server-header",
    "replies have a Date, unless the application sets its own (RFC 9110 section 6.6.1)": (
        "date-header no-date-header"
    ),
    "the heartbeat is in shared memory, there is no such file": "worker-tmp-dir",
    "there are no such threads: a request runs in a greenlet, and --gevent N says how many at once": (
        "blocking-threads-idle-timeout"
    ),
    "there is one, llhttp with stricter rules": "http-parser",
    "replies to pipelined requests go out one by one, at once": (
        "http1-pipeline-flush no-http1-pipeline-flush"
    ),
    "folded fields get 400 (RFC 9112 section 5.2)": "permit-obsolete-folding",
    "a space before the colon gets 400 (RFC 9112 section 5.1)": "strip-header-spaces",
    "methods that llhttp does not know get 501, those in lower case too": (
        "permit-unconventional-http-method casefold-http-method"
    ),
    "HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken; all others get 505": "permit-unconventional-http-version",
    "names are the business of the application (Django: ALLOWED_HOSTS) or of nginx": "server-name",
    "no request sees context variables that the lifespan or another request has set": "reset-contextvars",
    "load the deployment in a module: app = paste.deploy.loadapp('config:/FILE'); --module MODULE:app": (
        "paster paste-global"
    ),
    "field names with _ are always dropped": "header-map",
    "write --http-max-request-line BYTES": "limit-request-line",
    "write --http-max-header-count N": "limit-request-fields",
    "write --buffer-size BYTES: it is of the whole head": (
        "limit-request-field-size limit-request-field_size h11-max-incomplete-event-size http1-buffer-size"
    ),
    "write --static-map /PATH=DIR": "static-path-route static-path-mount static",
    "write --static-index index.html": "static-path-dir-to-file",
    "write --static-expires 'REGEX SECONDS'": "static-path-expires",
    "write --websockets-max-size KIB": "ws-max-size websocket-max-message-size",
    "write --websockets-ping-freq SECONDS": "ws-ping-interval websocket-ping-interval",
    "write --websockets-pong-tolerance SECONDS": "ws-ping-timeout",
    "write --websockets-deflate on|off": "ws-per-message-deflate",
    "websockets need no option": "ws no-ws",
    "above 64 KiB of messages that nobody took, nothing more is read; --websockets-max-size KIB bounds one": (
        "ws-max-queue"
    ),
    "write --add-header 'NAME: VALUE'": "header",
    "files are sent with sendfile(2) whenever that works": "no-sendfile",
    "write --log-blocking SECONDS: it shows what holds the loop": "spew debug",
}

_ANSWERS: Final = {name: answer for answer, names in _BY_ANSWER.items() for name in names.split()}

LETTERS: Final[Mapping[str, str]] = {
    "k": "worker-class",
    "n": "name",
    "D": "daemon",
    "u": "user",
    "g": "group",
    "e": "raw-env",
    "c": "config-file",
}
"""Letters of gunicorn's that mean nothing here, and their long names."""


def name_here(name: str) -> str | None:
    """Return what to write for an option of another server; None if none has such an option."""
    return _ANSWERS.get(name.replace("_", "-"), _ANSWERS.get(name))
