"""The master: keeps N workers running, replaces them, reloads, until it is told to stop.

It runs no asyncio loop and no greenlets, so there is nothing that a fork could copy in the middle
of its work; ``events`` is all it waits with, and ``plan`` decides what it does.  Its parts:
``children`` (who runs, and messages), ``births``, ``burials``, ``overseer``, ``handover`` (reload).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from engine.channels import Lane
from engine.config.settings import Settings
from engine.logs.server_log import ServerLog
from engine.process.births import Births
from engine.process.burials import Burials
from engine.process.child import Child
from engine.process.children import Children, send_signal
from engine.process.events import MasterEvents
from engine.process.handover import Handover
from engine.process.intent import MASTER_SIGNALS, Intent
from engine.process.logs import Logs
from engine.process.overseer import Overseer
from engine.process.plan import Action, Exit, Phase, Retire, Seen, Spawn, plan
from engine.process.reexec import Inherited, Origin, ServingSocket
from engine.stats.scoreboard import Column, Scoreboard
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
        self._on_stop = on_stop
        self._each_cycle: list[Callable[[], None]] = []
        self._busy: list[Callable[[], bool]] = []
        self._commands: dict[str, Callable[[], None]] = {}
        self._shown: dict[str, list[Callable[[], Sequence[Mapping[str, Any]]]]] = {}
        self._intent = intent = Intent(settings.processes)
        self._children = children = Children(events)
        self._births = Births(settings, work, intent, events, children, self.board, log)
        self._burials = Burials(settings.forkbomb_delay, intent, children, log, self.stop)
        self._overseer = Overseer(settings, events, children, log)
        self._handover = Handover(origin, sockets, intent, events, children, log, self._burials.reap)
        self.on_control(b"ready", lambda child, rest: self._is_ready(child))
        self.on_control(b"leave", self._wants_to_leave)
        self.on_control(b"reload", lambda child, rest: self.reload(rest.decode()))

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
        self._busy.append(busy)

    def on_command(self, name: str, call: Callable[[], None]) -> None:
        """Offer something that :meth:`command` can ask for by its name."""
        self._commands[name] = call

    def command(self, name: str) -> None:
        """Do what a part of the master offers under a name; nothing happens if no part does."""
        call = self._commands.get(name)
        if call is not None:
            call()

    def show(self, section: str, tell: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
        """Add entries to a list in the statistics: ``daemons``, ``crons`` and so on."""
        self._shown.setdefault(section, []).append(tell)

    def shown(self) -> dict[str, list[Mapping[str, Any]]]:
        """Return the lists that :meth:`show` was called for, as of now."""
        return {name: [entry for tell in tells for entry in tell()] for name, tells in self._shown.items()}

    def is_in_hurry(self) -> bool:
        """Whether the server was told twice to stop: nothing is waited for any more."""
        return self._intent.hurry

    def each_cycle(self, call: Callable[[], None]) -> None:
        """Call about once a second, and after each signal."""
        self._each_cycle.append(call)

    def before_exec(self, call: Callable[[], None]) -> None:
        """Call just before this image ends for the next: send children what they are to have."""
        self._handover.before_exec(call)

    def tell_workers(self, command: bytes) -> None:
        """Send a command to every worker."""
        self._children.tell_all(command)

    def send(self, child: Child, lane: Lane, data: bytes) -> bool:
        """Send a message; what the kernel does not take goes out when it can."""
        return self._children.send(child, lane, data)

    # -- commands: signals, fifo, touched files and workers end up here ----------------------------

    def stop(self, reason: str, *, hurry: bool = False) -> None:
        """Let running requests end, then end; the second time without waiting."""
        intent = self._intent
        if intent.stopping:
            intent.hurry = True
            return
        intent.stopping = True
        intent.hurry = hurry
        self._on_stop()
        self.log.line(f"{reason}...gracefully killing workers...")

    def reload(self, reason: str, *, brutal: bool = False) -> None:
        """Start again with the program, the configuration and the application of now.

        First another process tries whether that would work.  If not, all goes on as before.
        """
        if self._intent.stopping:
            return
        if self.settings.exit_on_reload:
            self.stop(f"{reason} (--exit-on-reload)")
            return
        self.log.line(f"{reason}: reloading; trying whether the application loads")
        self._handover.begin(brutal=brutal)

    def reload_workers(self, reason: str, *, chain: bool = False, brutal: bool = False) -> None:
        """Replace every worker: all at once, or one after the other (*chain*)."""
        if self._intent.stopping:
            return
        kind = "one by one" if chain else "all"
        self.log.line(f"{reason}: replacing workers, {kind}")
        self._intent.chain = chain
        for child in self._children:
            child.stale = True
            child.brutal = brutal

    def set_workers(self, wanted: int) -> None:
        """Run so many workers from now on; at least 1."""
        wanted = max(1, wanted)
        if wanted != self.wanted:
            self.log.line(f"changing the number of workers from {self.wanted} to {wanted}")
            self._intent.wanted = wanted

    def rest(self) -> None:
        """Run no workers at all until :meth:`set_workers` is called."""
        self._intent.wanted = 0

    def toggle_pause(self) -> None:
        """Let workers accept nothing new, or accept again; what runs goes on."""
        paused = self._intent.paused = not self._intent.paused
        self.log.line("*** PAUSE: no new connections are accepted ***" if paused else "*** RESUME ***")
        self.tell_workers(b"pause" if paused else b"resume")

    def reopen_log(self) -> None:
        """Open the log files again, here and in every worker."""
        self.log.flush()
        self.logs.open_everywhere(lambda: self.tell_workers(b"reopen-log"))

    def rotate_log(self, *, only_big: bool = False) -> None:
        """Move the log files away and begin new ones, those that have grown too big or all."""
        self.log.flush()
        self.logs.rotate_everywhere(lambda: self.tell_workers(b"reopen-log"), only_big=only_big)

    def log_statistics(self) -> None:
        """Write a line per worker to the log (uWSGI does on SIGUSR1)."""
        for child in sorted(self._children, key=lambda child: child.number):
            row = child.row
            if row is not None:
                self.log.line(
                    f"worker {child.number} (pid: {child.pid}) {child.phase.value}: "
                    f"{row[Column.REQUESTS]} requests, "
                    f"{row[Column.BUSY_CORES]} of {row[Column.CORES]} cores busy, "
                    f"{row[Column.WAITING]} waiting, {row[Column.CONNECTIONS]} connections, "
                    f"rss {row[Column.RSS] >> 20} MB"
                )

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
        self.events.take_signals(MASTER_SIGNALS, self._on_signal)
        if ready is not None:
            ready()
        while True:
            self._burials.reap()
            self._handover.look()
            for call in self._each_cycle:
                call()
            self._overseer.look()
            for action in plan(self._see()):
                if not isinstance(action, Exit):
                    self._perform(action)
                elif not any(busy() for busy in self._busy):
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
            self._retire(self._children[action.pid])
        elif not isinstance(action, Exit):
            self._kill(self._children[action.pid])

    def _on_signal(self, number: int) -> None:
        name = signal.Signals(number).name
        if number == signal.SIGTERM and not self.settings.die_on_term and not self._intent.stopping:
            self.reload(f"{name} received", brutal=True)
        elif number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            self.stop(f"{name} received")
        elif number in (signal.SIGHUP, signal.SIGUSR2):
            self.reload(f"{name} received")
        elif number == signal.SIGUSR1:
            self.log_statistics()
        elif number == signal.SIGTSTP:
            self.toggle_pause()
        elif number in (signal.SIGTTIN, signal.SIGTTOU):
            self.set_workers(self.wanted + (1 if number == signal.SIGTTIN else -1))

    # -- phases of a child ---------------------------------------------------------------------------

    def _is_ready(self, child: Child) -> None:
        if child.phase is not Phase.STARTING:
            return
        child.move(Phase.READY)
        self._burials.ever_ready = True
        if child.stale:
            return  # of the image before; its successor is on the way
        for other in self._children:
            if other.number == child.number and other is not child and other.phase is not Phase.LEAVING:
                other.stale = True

    def _wants_to_leave(self, child: Child, reason: bytes) -> None:
        if not child.stale:
            self.log.line(f"worker {child.number} (pid: {child.pid}) is to be replaced: {reason.decode()}")
            child.stale = True

    def _retire(self, child: Child) -> None:
        child.told_at = time.monotonic()
        child.move(Phase.LEAVING)
        send_signal(child.pid, signal.SIGTERM if self._intent.stopping else signal.SIGHUP)

    def _kill(self, child: Child) -> None:
        if not self._intent.hurry and not child.brutal:
            self.log.line(
                f"worker {child.number} (pid: {child.pid}) is taking too much time to die...NO MERCY !!!"
            )
        child.killed = True
        child.move(Phase.LEAVING)
        send_signal(child.pid, signal.SIGKILL)

    def __repr__(self) -> str:
        return f"<Master of {len(self._children)} workers, {self.wanted} wanted>"
