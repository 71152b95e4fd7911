"""A deadline for each request (uWSGI ``--harakiri``).

uWSGI has one deadline per worker, and a request that misses it takes the whole worker with it.
Here the request's greenlet gets :class:`~engine.errors.HarakiriError`, the task of an ASGI request
is cancelled, its client gets a 504 if nothing was sent yet, and nobody else notices.  Whoever
swallows that gets it again; the third time the worker is replaced, which is the last step that can
be taken without hurting the others.
A loop that does not turn at all is the master's affair (``process.overseer``), since nothing in the
worker can run then.

A request that has become a websocket has no deadline, unless it sets one of its own: it is there to last.

Deadlines are looked at a few times per period instead of being armed per request: that costs a
request nothing.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any, Final

from engine.cores.pool import CorePool
from engine.errors import HarakiriError

__all__ = ["Harakiri"]

_TRIES: Final = 3


class _Case:
    """A request that runs: since when, and how often it was told to end."""

    __slots__ = ("exchange", "next_at", "since", "tries")

    def __init__(self, exchange: Any, since: float, next_at: float) -> None:
        self.exchange = exchange
        self.since = since
        self.next_at = next_at
        self.tries = 0


class Harakiri:
    """The deadlines of one worker; its loop's thread only.

    :param greenlets: the greenlet on each core
    :param seconds: for every request; 0 means none
    :param retry: seconds until a greenlet that goes on gets the error again
    :param report: takes lines for the log
    :param replace: asks for another worker in place of this one, giving a reason
    """

    def __init__(
        self,
        pool: CorePool,
        greenlets: Sequence[Any],
        seconds: float,
        retry: float,
        report: Callable[[str], None],
        replace: Callable[[str], None],
    ) -> None:
        self._pool = pool
        self._greenlets = greenlets
        self._seconds = seconds
        self._retry = retry
        self._report = report
        self._replace = replace
        self._cases: dict[int, _Case] = {}
        self._own: dict[Any, float] = {}
        self._last_sweep = 0.0
        self.count = 0
        """How many requests were told to end."""

    def interval(self) -> float:
        """Return how often :meth:`sweep` should be called, in seconds."""
        shortest = min([self._seconds or 1.0, *([0.2] if self._own else [])])
        return min(1.0, max(0.05, shortest / 4))

    def set_own(self, exchange: Any, seconds: float, now: float) -> None:
        """Give one request a deadline of its own (``uwsgi.set_user_harakiri``); 0 takes it back."""
        if seconds > 0:
            self._own[exchange] = now + seconds
        else:
            self._own.pop(exchange, None)

    def sweep(self, now: float) -> None:
        """Tell requests that are over their deadline to end."""
        running = self._pool.running
        if self._own:
            live = set(map(id, running.values()))
            self._own = {each: at for each, at in self._own.items() if id(each) in live}
        if not (self._seconds or self._own or self._cases):
            self._last_sweep = now
            return
        for core in [core for core in self._cases if core not in running]:
            del self._cases[core]
        for core, exchange in list(running.items()):
            case = self._cases.get(core)
            if case is None or case.exchange is not exchange:
                # Seen for the first time: it got its core after the sweep before this one.
                since = max(exchange.started_clock, self._last_sweep)
                due = since + self._seconds if self._seconds else float("inf")
                case = self._cases[core] = _Case(exchange, since, due)
            if not case.tries:
                case.next_at = min(case.next_at, self._own.get(exchange, float("inf")))
            if now >= case.next_at and (exchange in self._own or not exchange.is_switched()):
                self._tell(core, case, now)
        self._last_sweep = now

    def _tell(self, core: int, case: _Case, now: float) -> None:
        case.tries += 1
        case.next_at = now + self._retry
        exchange, greenlet = case.exchange, self._greenlets[core]
        took = now - case.since
        if case.tries == 1:
            self.count += 1
        self._report(
            f"HARAKIRI [core {core}] {exchange.remote_addr} - {exchange.method} {exchange.uri} "
            f"since {int(exchange.started_at)}, running for {took:.1f} seconds (try {case.tries})\n"
            f"{stack_of(greenlet)}"
        )
        greenlet.kill(
            HarakiriError(f"{exchange.method} {exchange.uri} ran for {took:.1f} seconds (--harakiri)"),
            block=False,
        )
        if case.tries == _TRIES:
            self._replace(f"{exchange.method} {exchange.uri} does not end though it was told {_TRIES} times")

    def __repr__(self) -> str:
        return f"<Harakiri after {self._seconds:g} seconds, {len(self._cases)} watched>"


def stack_of(greenlet: Any) -> str:
    """Return where a parked greenlet, or a task, is, innermost call last."""
    stack = getattr(greenlet, "stack", None)
    if stack is not None:
        return str(stack())
    frame = getattr(greenlet, "gr_frame", None)
    if frame is None:
        return "  (no Python stack)"
    return "".join(traceback.format_stack(frame)).rstrip()
