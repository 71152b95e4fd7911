"""Work beside requests: signals, mules, spooler, shared memory, other programs."""

from __future__ import annotations

from typing import Final

from engine.config.options.inactive import noop, refused
from engine.config.options.record import Option, Section
from engine.config.values import COUNT, DIRECTORY, FILE, FLAG, NUMBER, SECONDS, TEXT, optional

__all__ = ["BACKGROUND"]

_SUPERVISOR: Final = "run that program under systemd, supervisor or in a container of its own"

BACKGROUND: Final = Section(
    "Background work",
    (
        Option(
            "locks",
            NUMBER,
            "How many locks uwsgi.lock() knows besides number 0: their numbers are 1 to this.",
            default=0,
            priority="P1",
        ),
        noop("lock-engine", "the kernel's locks are used, which end with their holder", kind=TEXT),
        Option(
            "signal",
            TEXT,
            "Raise a uwsgi signal in the server with this uwsgi socket, and end: host:port,number.",
            multiple=True,
            priority="P1",
        ),
        Option(
            "signal-bufsize",
            NUMBER,
            "Kernel buffer between the master and each worker, in bytes; 0 leaves it to the system.",
            aliases=("signals-bufsize",),
            default=0,
            priority="P1",
        ),
        Option(
            "timer",
            TEXT,
            'Raise a uwsgi signal every so many seconds: "number seconds".',
            aliases=("signal-timer",),
            multiple=True,
            priority="P1",
        ),
        Option(
            "rbtimer",
            TEXT,
            "The same as --timer.",
            aliases=("signal-rbtimer",),
            multiple=True,
            priority="P1",
        ),
        Option(
            "cron",
            TEXT,
            'Run a command by the clock: "minute hour day month weekday COMMAND"; -1 means any, -5 every 5.',
            multiple=True,
            page="Cron.html",
            priority="P1",
        ),
        Option(
            "cron2",
            TEXT,
            'The same: "minute=30,hour=4,unique=1 COMMAND", with day, month, week and harakiri too.',
            multiple=True,
            page="Cron.html",
            priority="P1",
        ),
        Option(
            "unique-cron",
            TEXT,
            "The same as --cron, but never while the last one still runs.",
            multiple=True,
            page="Cron.html",
            priority="P1",
        ),
        refused("legion-cron", "run the job where one process is in charge, or let the application lock"),
        Option(
            "mule",
            optional(TEXT, "", true=""),
            "Start a mule: a process for background work, with a script (x.py), module:function, or nothing.",
            multiple=True,
            priority="P1",
        ),
        Option("mules", COUNT, "Start so many mules.", priority="P1"),
        Option("farm", TEXT, "A farm of mules: name:1,2.", multiple=True, priority="P1"),
        Option(
            "spooler",
            DIRECTORY,
            "Run the tasks that appear in this directory; may be repeated.",
            short="Q",
            multiple=True,
            priority="P1",
        ),
        Option("spooler-processes", COUNT, "Spoolers for each directory.", default=1, priority="P1"),
        Option(
            "spooler-frequency",
            SECONDS,
            "Seconds between two looks at the directory; new tasks are seen at once.",
            aliases=("spooler-freq",),
            default=30,
            priority="P1",
        ),
        noop("spooler-ordered", "tasks are always run in their order", kind=FLAG),
        Option("spooler-quiet", FLAG, "Log no line for each task.", priority="P1"),
        Option("spooler-chdir", DIRECTORY, "Change to this directory in the spooler.", priority="P1"),
        Option("spooler-max-tasks", NUMBER, "Replace a spooler after so many tasks.", priority="P1"),
        Option(
            "spooler-external",
            DIRECTORY,
            "A directory of tasks that another server runs.",
            multiple=True,
            priority="P1",
        ),
        Option(
            "cache2",
            TEXT,
            "A cache that all processes share: name=x,items=N and also blocksize, keysize, purge_lru, store.",
            multiple=True,
            priority="P1",
        ),
        Option("cache", NUMBER, "A cache called default, of so many items.", priority="P1"),
        noop("cache-expire-freq", "what has expired is never given out", kind=SECONDS),
        Option(
            "shared",
            TEXT,
            "Share caches, queue, locks, signals and tasks with other servers, in this Redis: "
            "redis://HOST:PORT/DB or unix:///PATH?db=DB.",
            page="-",
            priority="P2",
        ),
        Option(
            "shared-name",
            TEXT,
            "Servers with the same name share.",
            default="gevent-engine",
            page="-",
            priority="P2",
        ),
        Option(
            "shared-lease",
            SECONDS,
            "Seconds without a sign of life after which what a server holds is free for others.",
            default=10,
            page="-",
            priority="P2",
        ),
        Option("queue", NUMBER, "Slots of the queue that all processes share.", priority="P1"),
        Option("queue-blocksize", NUMBER, "Bytes of a slot of the queue.", default=8192, priority="P1"),
        Option("queue-store", FILE, "Keep the queue in this file.", priority="P1"),
        Option(
            "sharedarea",
            TEXT,
            "Memory that all processes share: pages, or bytes as in 64k and 1m.",
            short="A",
            multiple=True,
            priority="P1",
        ),
        Option("rpc-max", NUMBER, "How many functions a process may register.", default=64, priority="P1"),
        Option(
            "attach-daemon",
            TEXT,
            "Run a command beside the server: started again when it ends, stopped with the server and before "
            "a reload.",
            multiple=True,
            page="AttachingDaemons.html",
            priority="P2",
        ),
        Option(
            "attach-control-daemon",
            TEXT,
            "The same; the server ends when the command does.",
            multiple=True,
            page="AttachingDaemons.html",
            priority="P2",
        ),
        Option(
            "attach-daemon2",
            TEXT,
            "The same with keys: cmd=COMMAND, pidfile, freq, control, stopsignal.",
            multiple=True,
            page="AttachingDaemons.html",
            priority="P2",
        ),
        Option(
            "smart-attach-daemon",
            TEXT,
            "Start a command unless the process in its pid file lives; it outlives reloads and the server: "
            "PIDFILE COMMAND.",
            multiple=True,
            page="AttachingDaemons.html",
            priority="P2",
        ),
        Option(
            "smart-attach-daemon2",
            TEXT,
            "The same, for a command that stays in the foreground.",
            multiple=True,
            page="AttachingDaemons.html",
            priority="P2",
        ),
        refused("subscribe-to", "list the engines in nginx or HAProxy", "st", "subscribe", "subscribe2"),
        refused("alarm", "watch the log with your monitoring"),
        refused("emperor", "run one systemd unit (or container) per engine"),
        refused("zerg", "start more engines with --http-socket or --socket behind the proxy"),
    ),
)
