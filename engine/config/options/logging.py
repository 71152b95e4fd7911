"""What is written, where to, and the stats server."""

from __future__ import annotations

from typing import Final

from engine.config.options.later import noop, planned, refused
from engine.config.options.record import Option, Section
from engine.config.values import ADDRESS, FILE, FLAG, NUMBER, TEXT, optional

__all__ = ["LOGGING", "STATS"]

LOGGING: Final = Section(
    "Logging",
    (
        Option("disable-logging", help="Log no requests; what the server itself says stays.", short="L"),
        Option("logto", FILE, "Write the log, standard output and standard error to this file."),
        Option("logto2", FILE, "The same, opened after --uid."),
        Option(
            "log-format",
            TEXT,
            "Lines for requests: text with %(variables). What clients have written is escaped as in JSON.",
            aliases=("logformat",),
            page="LogFormat.html",
        ),
        Option(
            "log-format-strftime",
            help="%(ftime) is the start of the request in the pattern of --log-date.",
            aliases=("logformat-strftime",),
        ),
        Option(
            "log-json",
            optional(TEXT, "", true=""),
            "Log requests as JSON, one object a line; of these fields: uri,status,var.HTTP_X_ID,...",
            page="-",
        ),
        Option("log-micros", help="The default line tells microseconds instead of milliseconds."),
        Option(
            "log-x-forwarded-for",
            help="Log X-Forwarded-For as the client's address. Clients can write what they like into it.",
        ),
        Option("log-4xx", help="With --disable-logging, log requests with status 400 to 499 all the same."),
        Option("log-5xx", help="The same for 500 to 599."),
        Option("log-slow", NUMBER, "The same for requests that took so many milliseconds.", default=0),
        Option("log-big", NUMBER, "The same for responses of so many bytes.", default=0),
        Option("log-zero", help="The same for responses without a body."),
        Option("log-sendfile", help="The same for responses made of a file."),
        Option("log-ioerror", help="The same for responses that were cut off."),
        Option(
            "log-date",
            optional(TEXT, "", true=""),
            "Put the date before what the server says; in this pattern of strftime(3).",
            aliases=("logdate",),
        ),
        Option(
            "log-prefix",
            optional(TEXT, "", true=""),
            "Put this text before what the server says.",
        ),
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
        noop("log-reopen", "a reload always opens the log file again"),
        Option(
            "touch-logreopen",
            FILE,
            "Open the log file again when this file is modified, as logrotate needs it.",
            multiple=True,
            priority="P1",
        ),
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
        Option(
            "stats",
            ADDRESS,
            "Serve statistics as JSON there, which uwsgitop reads. Implies --master.",
            aliases=("stats-server",),
            page="StatsServer.html",
        ),
        Option(
            "stats-http",
            help="Serve them over HTTP: / is the JSON, /metrics for Prometheus, /health, and /ready, which "
            "says 503 until all workers serve and while the server stops.",
            page="StatsServer.html",
        ),
        Option("stats-minified", help="Leave blanks out.", aliases=("stats-min",), priority="P1"),
        Option("stats-no-cores", help="Leave out what each core does.", priority="P1"),
        noop("stats-no-metrics", "there is no metrics subsystem to leave out"),
        planned("stats-push"),
        planned("enable-metrics", kind=FLAG, priority="P2"),
        planned("metric", priority="P2"),
        planned("metrics-dir", "metric-dir", priority="P2"),
        refused("snmp", "export metrics from the application"),
        refused("carbon", "export metrics from the application"),
    ),
)
