"""What is written, where to, and the stats server."""

from __future__ import annotations

from typing import Final

from engine.config.options.later import noop, planned, refused
from engine.config.options.record import Option, Section
from engine.config.values import ADDRESS, FLAG, NUMBER, TEXT, optional

__all__ = ["LOGGING", "STATS"]

_REDIRECT: Final = "redirect standard error of the engine"

LOGGING: Final = Section(
    "Logging",
    (
        Option("disable-logging", help="Log no requests; what the server itself says stays.", short="L"),
        planned("logto", priority="P0", note=_REDIRECT),
        planned("logto2", priority="P0", note=_REDIRECT),
        planned("log-format", "logformat", priority="P0"),
        planned("log-4xx", kind=FLAG, priority="P0"),
        planned("log-5xx", kind=FLAG, priority="P0"),
        planned("log-slow", kind=NUMBER, priority="P0"),
        planned("log-big", kind=NUMBER, priority="P0"),
        planned("log-zero", kind=FLAG, priority="P0"),
        planned("log-sendfile", kind=FLAG, priority="P0"),
        planned("log-ioerror", kind=FLAG, priority="P0"),
        planned("log-micros", kind=FLAG, priority="P0"),
        planned("log-x-forwarded-for", kind=FLAG, priority="P0"),
        planned("logdate", "log-date", kind=optional(TEXT, "", true=""), priority="P0"),
        planned("log-prefix", priority="P0"),
        planned("log-truncate", kind=FLAG, priority="P0"),
        planned("logfile-chown", kind=FLAG, priority="P0"),
        planned("logfile-chmod", priority="P0"),
        planned("logger"),
        planned("req-logger", "logger-req"),
        planned("log-route"),
        planned("log-req-route"),
        planned("log-encoder"),
        planned("log-req-encoder"),
        planned("log-drain"),
        planned("log-filter"),
        planned("log-syslog", kind=optional(TEXT, "", true="")),
        planned("log-socket"),
        planned("log-maxsize", kind=NUMBER, note="use logrotate on the redirected file"),
        planned("log-backupname"),
        planned("log-reopen", kind=FLAG),
        planned("touch-logreopen"),
        planned("touch-logrotate"),
        Option(
            "memory-report",
            help="Keep the memory of each worker in the statistics.",
            short="m",
            priority="P1",
        ),
        noop("log-master", "each process writes its own lines whole"),
        noop("threaded-logger", "log lines are never a bottleneck of a thread"),
        noop("log-master-bufsize", "each process writes its own lines whole", kind=NUMBER),
    ),
)

STATS: Final = Section(
    "Statistics",
    (
        planned("stats", "stats-server", kind=ADDRESS, priority="P0"),
        planned("stats-http", kind=FLAG),
        planned("stats-minified", "stats-min", kind=FLAG),
        planned("stats-no-cores", kind=FLAG),
        planned("stats-no-metrics", kind=FLAG),
        planned("stats-push"),
        planned("enable-metrics", kind=FLAG, priority="P2"),
        planned("metric", priority="P2"),
        planned("metrics-dir", "metric-dir", priority="P2"),
        refused("snmp", "export metrics from the application"),
        refused("carbon", "export metrics from the application"),
    ),
)
