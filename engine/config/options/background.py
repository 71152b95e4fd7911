"""Work beside requests: signals, mules, spooler, shared memory, other programs."""

from __future__ import annotations

from typing import Final

from engine.config.options.later import planned, refused
from engine.config.options.record import Option, Section
from engine.config.values import COUNT, DIRECTORY, FLAG, NUMBER, SECONDS, optional

__all__ = ["BACKGROUND"]

_SUPERVISOR: Final = "run that program under systemd, supervisor or in a container of its own"
_SHARED: Final = "keep shared state in an existing server such as Redis"

BACKGROUND: Final = Section(
    "Background work",
    (
        planned("locks", kind=COUNT),
        planned("lock-engine"),
        planned("signal"),
        Option(
            "signal-bufsize",
            NUMBER,
            "Kernel buffer between the master and each worker, in bytes; 0 leaves it to the system.",
            aliases=("signals-bufsize",),
            default=0,
            priority="P1",
        ),
        planned("timer", "signal-timer"),
        planned("rbtimer", "signal-rbtimer"),
        planned("cron"),
        planned("cron2"),
        planned("unique-cron"),
        planned("mule", kind=optional(DIRECTORY, "", true="")),
        planned("mules", kind=COUNT),
        planned("farm"),
        planned("spooler", kind=DIRECTORY, short="Q"),
        planned("spooler-processes", kind=COUNT),
        planned("spooler-frequency", "spooler-freq", kind=SECONDS),
        planned("spooler-ordered", kind=FLAG),
        planned("spooler-quiet", kind=FLAG),
        planned("spooler-chdir", kind=DIRECTORY),
        planned("spooler-max-tasks", kind=NUMBER),
        planned("spooler-external", kind=DIRECTORY),
        planned("cache2", note=_SHARED),
        planned("cache", kind=NUMBER, note=_SHARED),
        planned("cache-expire-freq", kind=SECONDS),
        planned("queue", kind=NUMBER, note=_SHARED),
        planned("queue-blocksize", kind=NUMBER),
        planned("queue-store"),
        planned("sharedarea", short="A", note=_SHARED),
        planned("rpc-max", kind=NUMBER),
        refused("attach-daemon", _SUPERVISOR, "attach-control-daemon", "attach-daemon2"),
        refused("smart-attach-daemon", _SUPERVISOR, "smart-attach-daemon2"),
        refused("subscribe-to", "list the engines in nginx or HAProxy", "st", "subscribe", "subscribe2"),
        refused("alarm", "watch the log with your monitoring"),
        refused("emperor", "run one systemd unit (or container) per engine"),
        refused("zerg", "start more engines with --http-socket or --socket behind the proxy"),
    ),
)
