"""What is written, where to, and the stats server."""

from __future__ import annotations

from typing import Final

from engine.config.options.inactive import noop, refused
from engine.config.options.record import Option, Section
from engine.config.values import ADDRESS, FILE, NUMBER, SECONDS, TEXT, optional

__all__ = ["LOGGING", "STATS"]

LOGGING: Final = Section(
    "Logging",
    (
        Option("disable-logging", help="Log no requests; what the server itself says stays.", short="L"),
        Option(
            "logto",
            FILE,
            "Write the log, standard output and standard error to this file, or to udp:HOST:PORT.",
        ),
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
        Option(
            "log-config",
            FILE,
            "Set up Python's logging from this JSON, YAML, TOML or ini file before the application loads; "
            "lines of the server go to the logger gevent_engine.server, those of requests to "
            "gevent_engine.access, if the file names them.",
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
            "log-blocking",
            SECONDS,
            "Log what holds the loop of a worker for so long, with its stack: nobody is served meanwhile. "
            "0 means never.",
            default=0,
            page="-",
        ),
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
        Option("log-truncate", help="Empty the log files at the first start."),
        Option("logfile-chmod", TEXT, "Permissions of log files, in octal digits."),
        Option("logfile-chown", help="Give log files to --uid and --gid."),
        Option(
            "logger",
            TEXT,
            "Write lines to file:PATH, stdio, fd:N, socket:ADDRESS (UDP or a unix socket), "
            "syslog[:NAME[,FACILITY]] or rsyslog:HOST:PORT[,NAME]; with a name in front, only what "
            "--log-route sends there.",
            multiple=True,
            page="Logging.html",
            priority="P1",
        ),
        Option(
            "req-logger",
            TEXT,
            "The same for the lines of requests, which then go nowhere else.",
            aliases=("logger-req",),
            multiple=True,
            page="Logging.html",
            priority="P1",
        ),
        Option(
            "log-route",
            TEXT,
            "Send lines that match a regular expression to the logger of this name: NAME PATTERN.",
            multiple=True,
            priority="P1",
        ),
        Option("log-req-route", TEXT, "The same for lines of requests.", multiple=True, priority="P1"),
        Option(
            "log-encoder",
            TEXT,
            "Change lines before they are written: prefix, suffix, nl, format TEXT or json TEXT with ${msg}, "
            "${unix}, ${micros}, ${strftime:PATTERN} in it; json:NAME for one logger.",
            multiple=True,
            page="LogEncoders.html",
            priority="P1",
        ),
        Option("log-req-encoder", TEXT, "The same for lines of requests.", multiple=True, priority="P1"),
        Option(
            "log-drain", TEXT, "Drop lines that match this regular expression.", multiple=True, priority="P1"
        ),
        Option("log-filter", TEXT, "Keep only lines that match.", multiple=True, priority="P1"),
        Option("log-syslog", optional(TEXT, "", true=""), "The same as --logger syslog:NAME.", priority="P1"),
        Option("log-socket", TEXT, "The same as --logger socket:ADDRESS.", multiple=True, priority="P1"),
        Option(
            "log-maxsize",
            NUMBER,
            "Rotate log files of so many bytes. 0 means never.",
            default=0,
            priority="P1",
        ),
        Option(
            "log-backupname",
            FILE,
            "Their name then. Default: with the time in seconds behind.",
            priority="P1",
        ),
        noop("log-reopen", "a reload always opens the log file again"),
        Option(
            "touch-logreopen",
            FILE,
            "Open the log file again when this file is modified, as logrotate needs it.",
            multiple=True,
            priority="P1",
        ),
        Option(
            "touch-logrotate",
            FILE,
            "Rotate the log files when this file is modified.",
            multiple=True,
            priority="P1",
        ),
        Option(
            "memory-report",
            help="Keep the memory of each worker in the statistics.",
            short="m",
            priority="P1",
        ),
        noop(
            "log-master",
            "each process writes its own lines whole",
            "log-master-stream",
            "log-master-req-stream",
        ),
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
            help="Serve them over HTTP: / is the JSON, for browsers a page that shows it, /metrics for "
            "Prometheus, /health, and /ready, which says 503 until all workers serve and while the server "
            "stops.",
            page="StatsServer.html",
        ),
        Option("stats-minified", help="Leave blanks out.", aliases=("stats-min",), priority="P1"),
        Option("stats-no-cores", help="Leave out what each core does.", priority="P1"),
        Option("stats-no-metrics", help="Leave out the metrics.", priority="P1"),
        Option(
            "stats-push",
            TEXT,
            "Send figures to a statsd server: statsd:HOST:PORT[,PREFIX[,NAME:VALUE...]], tags as Datadog's "
            "takes them. Implies --master.",
            aliases=("stats-pusher",),
            multiple=True,
            page="PushingStats.html",
            priority="P1",
        ),
        Option(
            "stats-pusher-default-freq",
            SECONDS,
            "Seconds between two times.",
            aliases=("stats-pushers-default-freq",),
            default=3,
            priority="P1",
        ),
        Option(
            "enable-metrics",
            help="Keep uWSGI's metrics, for uwsgi.metric_get and --stats. Implies --master.",
            page="Metrics.html",
            priority="P2",
        ),
        Option(
            "metric",
            TEXT,
            "A metric of the application: NAME, or name=NAME,type=gauge and also initial_value, oid, "
            "collector (file, sum, avg, accumulator, adder, multiplier), children, arg1, arg1n, freq, alias. "
            "Implies --enable-metrics.",
            multiple=True,
            page="Metrics.html",
            priority="P2",
        ),
        Option(
            "metrics-dir",
            FILE,
            "Keep the value of each metric in a file of its name there. Implies --enable-metrics.",
            aliases=("metric-dir",),
            page="Metrics.html",
            priority="P2",
        ),
        Option(
            "metrics-dir-restore",
            help="Counters, and metrics of the application, go on from the values in --metrics-dir.",
            aliases=("metric-dir-restore",),
            page="Metrics.html",
            priority="P2",
        ),
        Option("metrics-no-cores", help="Have no metrics of cores.", page="Metrics.html", priority="P2"),
        refused("snmp", "use --stats-push statsd:HOST:PORT, or let Prometheus ask with --stats-http"),
        refused("carbon", "use --stats-push statsd:HOST:PORT, or let Prometheus ask with --stats-http"),
    ),
)
