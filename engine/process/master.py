"""The master: keeps N workers running, replaces them, reloads, until it is told to stop.

It runs no asyncio loop and no greenlets, so there is nothing that a fork could copy in the middle
of its work; ``events`` is all it waits with, and ``plan`` decides what it does.  Its parts:
``children`` (who runs, and messages), ``births``, ``succession``, ``burials``, ``overseer``, ``handover``
(reload), ``orders`` (what it can be told), and ``parts``: whatever else it has to look after.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from engine.channels import Lane
from engine.config.settings import Settings
from engine.logs.server_log import ServerLog
from engine.process.births import Births
from engine.process.burials import Burials
from engine.process.child import Child
from engine.process.children import Children
from engine.process.events import MasterEvents
from engine.process.handover import Handover
from engine.process.intent import MASTER_SIGNALS, Intent
from engine.process.logs import Logs
from engine.process.orders import Orders
from engine.process.overseer import Overseer
from engine.process.parts import Parts
from engine.process.plan import Action, Exit, Retire, Seen, Spawn, plan
from engine.process.reexec import Inherited, OldProgram, Origin, ServingSocket
from engine.process.succession import Succession
from engine.stats.scoreboard import Scoreboard
from engine.worker import Supervised

__all__ = ["Master"]

_CYCLE: Final = 1.0  # uWSGI's master cycle, seconds
# Seconds a worker has beyond its mercy to say that it gave up, before the master kills it.
_GRACE: Final = 2.0


class Master:
    """Supervises workers; use once, in the main thread.

    :param work: body of a worker: its number and what ties it to the master; returns its exit
        status.  None: there is no application, only workers of the image before are looked after
    :param sockets: what the next image inherits when the server is reloaded
    :param on_stop: called once when the master begins to stop (closes its listening sockets)

    ``orders``: tells it what to do.  ``parts``: what else lives in it.
    """

    def __init__(
        self,
        settings: Settings,
        work: Callable[[int, Supervised], int] | None,
        log: ServerLog,
        logs: Logs,
        origin: Origin,
        sockets: Callable[[], Sequence[ServingSocket]],
        on_stop: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.log = log
        self.logs = logs
        self.events = events = MasterEvents()
        # Rows for workers, for those that replace them, and for old ones that take their time.
        by_core = settings.metrics.enabled and settings.metrics.cores
        self.board = Scoreboard(4 * settings.processes + 8, settings.gevent if by_core else 0)
        self.parts = Parts()
        self._intent = intent = Intent(settings.processes)
        self._children = children = Children(events)
        self._births = Births(settings, work, intent, events, children, self.board, log)
        self._burials = burials = Burials(
            settings.forkbomb_delay, intent, children, log, lambda reason: self.orders.stop(reason)
        )
        self._succession = Succession(intent, children, burials, log)
        self._overseer = Overseer(settings, events, children, log)
        self._handover = Handover(origin, sockets, intent, events, children, log, burials.reap)
        self.orders = Orders(settings, intent, children, self._handover, log, logs, on_stop)
        self.on_control(b"reload", lambda child, rest: self.orders.reload(rest.decode()))

    # -- for parts that live in the master ------------------------------------------------------

    @property
    def wanted(self) -> int:
        """How many workers there are to be."""
        return self._intent.wanted

    def on_message(self, lane: Lane, handler: Callable[[Child, bytes], None]) -> None:
        """Give messages of all children on a lane to *handler*, those of later children too."""
        self._children.on_message(lane, handler)

    def on_control(self, word: bytes, handler: Callable[[Child, bytes], None]) -> None:
        """Give control messages that begin with *word* to *handler*, without the word."""
        self._children.on_control(word, handler)

    def is_stopping(self) -> bool:
        """Whether the server was told to stop."""
        return self._intent.stopping

    def is_reloading(self) -> bool:
        """Whether it is being tried if a new start would succeed."""
        return self._handover.is_under_way()

    def children(self) -> list[Child]:
        """Return the running workers, replaced ones included."""
        return list(self._children)

    def at_fork_in_child(self, call: Callable[[], None]) -> None:
        """Call in each new child: close what belongs to the master."""
        self._births.at_fork_in_child(call)

    def leave_in_child(self) -> None:
        """Let go of what is the master's, in a process that it has just forked."""
        self._births.leave_in_child()

    def wait_for(self, busy: Callable[[], bool]) -> None:
        """Do not end while *busy* returns true; who asks for it sees to it that this has an end."""
        self.parts.wait_for(busy)

    def on_command(self, name: str, call: Callable[[], None]) -> None:
        """Offer something that ``parts.command`` can ask for by its name."""
        self.parts.on_command(name, call)

    def show(self, section: str, tell: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
        """Add entries to a list in the statistics: ``daemons``, ``crons`` and so on."""
        self.parts.show(section, tell)

    def is_in_hurry(self) -> bool:
        """Whether the server was told twice to stop: nothing is waited for any more."""
        return self._intent.hurry

    def each_cycle(self, call: Callable[[], None]) -> None:
        """Call about once a second, and after each signal."""
        self.parts.each_cycle(call)

    def before_exec(self, call: Callable[[], None]) -> None:
        """Call just before this image ends for the next: send children what they are to have."""
        self._handover.before_exec(call)

    def keep_programs(self, running: Callable[[], Sequence[OldProgram]]) -> None:
        """Tell the next image of the programs that *running* returns: it has to reap them."""
        self._handover.keep_programs(running)

    def tell_workers(self, command: bytes) -> None:
        """Send a command to every worker."""
        self._children.tell_all(command)

    def send(self, child: Child, lane: Lane, data: bytes) -> bool:
        """Send a message; what the kernel does not take goes out when it can."""
        return self._children.send(child, lane, data)

    # -- the loop -----------------------------------------------------------------------------------

    def run(self, before: Inherited | None = None, ready: Callable[[], None] | None = None) -> int:
        """Supervise until stopped; return the exit status.

        :param before: what the image before left, its workers among it
        :param ready: called once signals are taken; may raise those that came too early
        """
        if before is None:
            self.log.line(f"spawned uWSGI master process (pid: {os.getpid()})")
        else:
            self.log.line(f"gracefully (RE)spawned uWSGI master process (pid: {os.getpid()})")
            self._children.adopt(before)
            self._burials.ever_ready = bool(before.workers)
        self.events.take_signals(MASTER_SIGNALS, self.orders.obey)
        if ready is not None:
            ready()
        while True:
            self._burials.reap()
            self._handover.look()
            self.parts.cycle()
            self._overseer.look()
            for action in plan(self._see()):
                if not isinstance(action, Exit):
                    self._perform(action)
                elif not self.parts.are_busy():
                    self.log.line("goodbye to uWSGI.")
                    return self._intent.exit_status
            self.events.wait(_CYCLE)

    def _see(self) -> Seen:
        intent = self._intent
        return Seen(
            now=time.monotonic(),
            children=[child.seen() for child in self._children],
            wanted=intent.wanted,
            mercy=self.settings.reload_mercy + _GRACE,
            stopping=intent.stopping,
            hurry=intent.hurry,
            chain=intent.chain,
            may_spawn=self._births.is_possible(),
            not_before=self._burials.not_before,
        )

    def _perform(self, action: Action) -> None:
        if isinstance(action, Spawn):
            self._births.spawn(action.number)
        elif isinstance(action, Retire):
            self._succession.retire(self._children[action.pid])
        elif not isinstance(action, Exit):
            self._succession.kill(self._children[action.pid])

    def __repr__(self) -> str:
        return f"<Master of {len(self._children)} workers, {self.wanted} wanted>"
