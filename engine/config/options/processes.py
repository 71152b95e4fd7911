"""Master, workers, their lives and their files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.config.options.inactive import noop, refused
from engine.config.options.record import Option, Section
from engine.config.values import COUNT, FILE, NUMBER, SECONDS, TEXT, choice

__all__ = ["HOOK_ACTIONS", "HOOK_MOMENTS", "PROCESSES"]

_SUPERVISOR: Final = "run the engine under systemd, supervisor or a container"

HOOK_ACTIONS: Final = ("exec", "print", "write", "unlink", "mkdir", "chdir", "pycall")

# When hooks run, in this order.
HOOK_MOMENTS: Final = {
    "asap": "before anything else",
    "as-root": "once the sockets are open, before --uid",
    "as-user": "after --uid",
    "pre-app": "before the application is loaded",
    "post-app": "after the application was loaded (without --lazy-apps)",
    "post-fork": "in each worker, before it loads or serves anything",
    "as-user-atexit": "when the server has ended",
}


def _hooks() -> Iterator[Option]:
    for moment, text in HOOK_MOMENTS.items():
        aliases = ("hook-atexit",) if moment == "as-user-atexit" else ()
        yield Option(
            f"hook-{moment}",
            TEXT,
            f"Do something {text}: exec:COMMAND, print:TEXT, write:FILE TEXT, unlink:FILE, mkdir:DIR, "
            "chdir:DIR or pycall:MODULE.FUNCTION.",
            aliases=aliases,
            multiple=True,
            page="Hooks.html",
            priority="P2",
        )
        yield Option(
            f"exec-{moment}", TEXT, f"Run a command {text}.", multiple=True, page="Hooks.html", priority="P2"
        )


PROCESSES: Final = Section(
    "Processes",
    (
        Option(
            "master",
            help="Start a master process that restarts workers and reloads them.",
            short="M",
            page="ThingsToKnow.html",
        ),
        Option(
            "processes",
            COUNT,
            "Number of worker processes.",
            aliases=("workers",),
            short="p",
            default=1,
        ),
        Option(
            "worker-reload-mercy",
            SECONDS,
            "Seconds a worker may take to end its running requests before it is killed.",
            default=60,
        ),
        Option(
            "reload-mercy",
            SECONDS,
            "The same, where --worker-reload-mercy is not given.",
            default=60,
        ),
        Option(
            "die-on-term",
            help="SIGTERM stops the server. Always so here, unless 'die-on-term = false' is written: "
            "then SIGTERM reloads, as in old uWSGI.",
        ),
        Option("pidfile", FILE, "Write the process id of the master, or of the only worker, to this file."),
        Option("pidfile2", FILE, "Another file for the same."),
        Option(
            "safe-pidfile", FILE, "The same, once the application is loaded: a failed start leaves it alone."
        ),
        Option("safe-pidfile2", FILE, "Another file for the same."),
        Option("stop", FILE, "Stop the server whose process id is in this file (SIGINT), and end."),
        Option("reload", FILE, "Reload the server whose process id is in this file (SIGHUP), and end."),
        Option(
            "touch-reload",
            FILE,
            "Reload the server when this file is modified: program, configuration and application. "
            "Implies --master, as the other touch options do.",
            multiple=True,
        ),
        Option(
            "touch-workers-reload",
            FILE,
            "Replace all workers when this file is modified; with --lazy-apps they load the "
            "application anew.",
            multiple=True,
        ),
        Option(
            "touch-chain-reload",
            FILE,
            "The same, one worker at a time: the next when the one before is ready.",
            multiple=True,
        ),
        Option(
            "master-fifo",
            FILE,
            "Obey characters written to this fifo: r reload, w replace workers, c one by one, q stop, "
            "p pause, s statistics, T new certificates, + and - one worker more or less; "
            "R, W and Q without mercy; f a second master beside this one, P pid files name this one. "
            "Of several fifos one is read, the first; a digit switches.",
            multiple=True,
            page="MasterFIFO.html",
        ),
        Option(
            "harakiri",
            SECONDS,
            "Longest time for a request. Its greenlet then gets engine.errors.HarakiriError, its client "
            "a 504; other requests go on. A worker whose loop hangs for longer is killed. 0 means none.",
            short="t",
            default=0,
        ),
        Option("harakiri-verbose", help="Log all tasks and greenlets too when a request is ended."),
        Option(
            "harakiri-graceful-timeout",
            SECONDS,
            "Seconds until a request that goes on all the same is told again; after three times the worker "
            "is replaced.",
            default=2,
        ),
        noop("harakiri-graceful-signal", "the greenlet gets an exception first", kind=NUMBER),
        noop(
            "harakiri-no-arh",
            "deadlines never cover uwsgi.after_req_hook",
            "no-harakiri-arh",
            "no-harakiri-after-req-hook",
        ),
        Option(
            "max-requests",
            NUMBER,
            "Replace a worker after so many requests; it serves until its successor is ready. 0 means never.",
            short="R",
            default=0,
        ),
        Option(
            "max-requests-delta",
            NUMBER,
            "Worker number times this is added, so that not all are replaced at once.",
            default=0,
        ),
        Option(
            "min-worker-lifetime",
            SECONDS,
            "Replace no worker that is younger than this because of requests or memory.",
            default=10,
        ),
        Option("max-worker-lifetime", SECONDS, "Replace a worker after this time. 0 means never.", default=0),
        Option(
            "max-worker-lifetime-delta",
            SECONDS,
            "Worker number times this is added to its lifetime.",
            default=0,
        ),
        Option("reload-on-rss", NUMBER, "Replace a worker with more resident memory, in MB.", default=0),
        Option("reload-on-as", NUMBER, "Replace a worker with more address space, in MB.", default=0),
        Option("evil-reload-on-rss", NUMBER, "Kill a worker with more resident memory, in MB.", default=0),
        Option("evil-reload-on-as", NUMBER, "Kill a worker with more address space, in MB.", default=0),
        Option(
            "forkbomb-delay",
            SECONDS,
            "Seconds until a worker that did not even start is started again; doubled each time, up to 30.",
            default=2,
        ),
        Option(
            "cheaper",
            COUNT,
            "Run only as many workers as the load needs: at least this many, at most --processes. Busy cores "
            "count, not busy workers.",
            page="Cheaper.html",
        ),
        Option("cheaper-initial", COUNT, "Workers at the start. Default: as many as --cheaper says."),
        Option("cheaper-step", COUNT, "Workers to add at a time.", default=1),
        Option("cheaper-overload", SECONDS, "Seconds of calm before a worker ends.", default=3),
        Option(
            "cheaper-algo",
            choice("spare", "spare2", "busyness", "backlog", "manual"),
            "manual: only the fifo and signals change the number of workers. All others are the same here.",
            aliases=("cheaper-algorithm",),
            default="spare",
        ),
        Option(
            "daemonize",
            FILE,
            "Go to the background and log to this file; ends with status 1 if the server does not start.",
            aliases=("daemonize2",),
            short="d",
        ),
        Option("uid", TEXT, "Become this user (name or number) once the sockets are open.", priority="P1"),
        Option("gid", TEXT, "Become this group. Default: that of --uid.", priority="P1"),
        Option("add-gid", TEXT, "Be in this group too.", multiple=True, priority="P1"),
        noop(
            "master-as-root", "master and workers are the same user; sockets are opened before", priority="P2"
        ),
        Option("procname", TEXT, "Title of all processes. Needs setproctitle for more than 15 characters."),
        Option("procname-master", TEXT, "Title of the master."),
        Option("procname-prefix", TEXT, "Put this before titles.", priority="P2"),
        Option("procname-prefix-spaced", TEXT, "Put this and a blank before titles.", priority="P2"),
        Option("procname-append", TEXT, "Put this after titles.", priority="P2"),
        Option(
            "auto-procname", help="Title processes by what they do: gevent-engine worker 1.", priority="P2"
        ),
        *_hooks(),
        noop("no-orphans", "workers always end when their master is gone", priority="P2"),
        noop(
            "reload-os-env", "a reload always starts with the environment of the first start", priority="P2"
        ),
        Option("vacuum", help="Remove unix sockets and the pidfile at exit."),
        Option(
            "harakiri-queue-threshold",
            NUMBER,
            "End requests over their deadline only while more connections than this wait to be accepted. "
            "0 means always.",
            default=0,
            priority="P1",
        ),
        Option(
            "mule-harakiri",
            SECONDS,
            "Longest time for a message or a signal in a mule. Its greenlet then gets "
            "engine.errors.HarakiriError; a mule whose loop hangs is killed. 0 means none.",
            default=0,
            priority="P2",
        ),
        Option(
            "spooler-harakiri",
            SECONDS,
            "The same for a task of the spooler, which is tried again later, and for its signals.",
            default=0,
            priority="P2",
        ),
        Option("cron-harakiri", SECONDS, "Kill a cron job that runs for longer.", default=0, priority="P2"),
        Option(
            "mule-reload-mercy",
            SECONDS,
            "Seconds mules and spoolers may take to end what they do before they are killed.",
            default=60,
        ),
        Option(
            "cheaper-rss-limit-soft",
            NUMBER,
            "Add no worker while all workers together have more resident memory, in bytes.",
            default=0,
            page="Cheaper.html",
            priority="P2",
        ),
        Option(
            "cheaper-rss-limit-hard",
            NUMBER,
            "End one worker after the other while they have more than this, in bytes; the last one stays.",
            default=0,
            page="Cheaper.html",
            priority="P2",
        ),
        Option("cheap", help="Start no workers before the first connection.", priority="P2"),
        Option(
            "idle",
            SECONDS,
            "End all workers after so many seconds without a request; the next connection starts them again. "
            "0 means never.",
            default=0,
            priority="P2",
        ),
        Option("die-on-idle", help="End the server then.", priority="P2"),
        Option("exit-on-reload", help="End where a reload is asked for.", priority="P2"),
        Option(
            "cpu-affinity",
            NUMBER,
            "Let each worker run on so many processors only, the next one on the next ones. 0 means on all.",
            default=0,
            priority="P2",
        ),
        Option(
            "worker-exec",
            TEXT,
            "Run this program in place of each worker, with the first socket as its standard input. It ends "
            "on SIGHUP (reload) and SIGTERM (stop).",
            priority="P2",
        ),
        Option("worker-exec2", TEXT, "The same, after uwsgi.post_fork_hook.", priority="P2"),
        Option(
            "touch-mules-reload",
            FILE,
            "Replace mules when this file is modified.",
            multiple=True,
            priority="P1",
        ),
        Option(
            "touch-spoolers-reload",
            FILE,
            "Replace spoolers when this file is modified.",
            multiple=True,
            priority="P1",
        ),
        Option(
            "touch-exec",
            TEXT,
            'Run a command when a file is modified: "FILE COMMAND".',
            multiple=True,
            priority="P1",
        ),
        Option(
            "touch-signal",
            TEXT,
            'Raise a uwsgi signal when a file or directory is touched: "path number".',
            multiple=True,
            priority="P1",
        ),
        Option(
            "fs-reload",
            FILE,
            "Reload the server when this file changes, or something in this directory.",
            multiple=True,
            priority="P1",
        ),
        Option(
            "fs-signal",
            TEXT,
            'Raise a uwsgi signal when a file or directory changes: "path number".',
            multiple=True,
            priority="P1",
        ),
        Option("skip-atexit", help="Do not call uwsgi.atexit.", priority="P2"),
        Option(
            "skip-atexit-teardown", help="Do not call Python's atexit handlers in workers.", priority="P2"
        ),
        noop("check-interval", "the master waits for events", kind=SECONDS, priority="P2"),
        refused("chroot", _SUPERVISOR + " that confines it"),
        refused("cgroup", _SUPERVISOR + " that confines it"),
    ),
)
