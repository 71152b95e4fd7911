"""How requests run: cores, monkey patching, the loop underneath."""

from __future__ import annotations

from typing import Final

from engine.config.options.inactive import noop, refused
from engine.config.options.record import Option, Section
from engine.config.values import COUNT, FLAG, NUMBER, TEXT, Kind, choice

__all__ = ["GEVENT"]

_PATCHED: Final = ("dns", "os", "queue", "select", "signal", "socket", "ssl", "subprocess", "thread", "time")


def _patched(text: str) -> str:
    unknown = [name for name in text.replace(",", " ").split() if name not in _PATCHED]
    if unknown:
        raise ValueError(f"gevent does not patch {unknown[0]!r}; it does {', '.join(_PATCHED)}")
    return text


GEVENT: Final = Section(
    "Greenlets",
    (
        Option(
            "gevent",
            NUMBER,
            "Run up to N requests at once in each worker, each in a greenlet of its own. "
            "Raises --socket-timeout to 30 if it is lower at that point.",
            default=100,
            page="Gevent.html",
        ),
        Option(
            "async",
            NUMBER,
            "Number of cores, without the change of --socket-timeout; goes with --loop gevent.",
            page="Async.html",
        ),
        Option("loop", TEXT, "The loop engine: only gevent exists here.", default="gevent"),
        Option(
            "gevent-monkey-patch",
            help="Call gevent.monkey.patch_all() in each worker after the application was imported.",
            page="Gevent.html#monkey-patching",
        ),
        Option(
            "gevent-early-monkey-patch",
            help="Call gevent.monkey.patch_all() before the application is imported. The safer of the two.",
            page="Gevent.html#monkey-patching",
        ),
        Option(
            "gevent-patch-except",
            Kind("LIST", _patched),
            f"What both leave alone, as in subprocess,signal: of {', '.join(_PATCHED)}.",
            page="-",
        ),
        Option(
            "gevent-wait-for-hub",
            help="At shutdown wait for every greenlet, not only for those that run requests.",
        ),
        Option(
            "loop-backend",
            choice("uvloop", "asyncio"),
            "The asyncio loop that owns the sockets. Default: uvloop if it is installed.",
            page="-",
        ),
        Option(
            "gc-threshold",
            NUMBER,
            "Look for garbage when N more containers were made than freed, as gc.set_threshold(N). "
            "0: leave it as Python has it. Default: that and 25 for each core, since requests that wait "
            "are no garbage. An application that sets it itself is not overruled.",
            page="-",
        ),
        noop("enable-threads", "threads always work", short="T", priority="P0"),
        noop("single-interpreter", "there is always one interpreter", short="i", priority="P0"),
        refused(
            "threads",
            "gevent cores and native threads do not mix: raise --gevent for more requests at once, "
            "--processes for more CPUs",
            kind=COUNT,
            priority="P0",
        ),
        refused("ugreen", "gevent is the only loop engine here: use --gevent N", kind=FLAG),
        refused("asyncio", "the engine runs on asyncio already: use --gevent N", kind=COUNT),
    ),
)
