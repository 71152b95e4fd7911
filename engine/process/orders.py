"""What a master can be told to do: by signals, the fifo, touched files, daemons and workers."""

from __future__ import annotations

import signal
from collections.abc import Callable

from engine.config.settings import Settings
from engine.logs.server_log import ServerLog
from engine.process.children import Children
from engine.process.handover import Handover
from engine.process.intent import Intent
from engine.process.logs import Logs
from engine.stats.scoreboard import Column

__all__ = ["Orders"]


class Orders:
    """Most only change the intent; the master's next look does the rest.

    :param on_stop: called once when the master begins to stop (closes its listening sockets)
    """

    def __init__(
        self,
        settings: Settings,
        intent: Intent,
        children: Children,
        handover: Handover,
        log: ServerLog,
        logs: Logs,
        on_stop: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._intent = intent
        self._children = children
        self._handover = handover
        self._log = log
        self._logs = logs
        self._on_stop = on_stop

    def stop(self, reason: str, *, hurry: bool = False) -> None:
        """Let running requests end, then end; the second time without waiting."""
        intent = self._intent
        if intent.stopping:
            intent.hurry = True
            return
        intent.stopping = True
        intent.hurry = hurry
        self._on_stop()
        self._log.line(f"{reason}...gracefully killing workers...")

    def reload(self, reason: str, *, brutal: bool = False) -> None:
        """Start again with the program, the configuration and the application of now.

        First another process tries whether that would work.  If not, all goes on as before.
        """
        if self._intent.stopping:
            return
        if self._settings.exit_on_reload:
            self.stop(f"{reason} (--exit-on-reload)")
            return
        self._log.line(f"{reason}: reloading; trying whether the application loads")
        self._handover.begin(brutal=brutal)

    def reload_workers(self, reason: str, *, chain: bool = False, brutal: bool = False) -> None:
        """Replace every worker: all at once, or one after the other (*chain*)."""
        if self._intent.stopping:
            return
        kind = "one by one" if chain else "all"
        self._log.line(f"{reason}: replacing workers, {kind}")
        self._intent.chain = chain
        for child in self._children:
            child.stale = True
            child.brutal = brutal

    def set_workers(self, wanted: int) -> None:
        """Run so many workers from now on; at least 1."""
        wanted = max(1, wanted)
        if wanted != self._intent.wanted:
            self._log.line(f"changing the number of workers from {self._intent.wanted} to {wanted}")
            self._intent.wanted = wanted

    def rest(self) -> None:
        """Run no workers at all until :meth:`set_workers` is called."""
        self._intent.wanted = 0

    def toggle_pause(self) -> None:
        """Let workers accept nothing new, or accept again; what runs goes on."""
        paused = self._intent.paused = not self._intent.paused
        self._log.line("*** PAUSE: no new connections are accepted ***" if paused else "*** RESUME ***")
        self._children.tell_all(b"pause" if paused else b"resume")

    def reopen_log(self) -> None:
        """Open the log files again, here and in every worker."""
        self._log.flush()
        self._logs.open_everywhere(lambda: self._children.tell_all(b"reopen-log"))

    def rotate_log(self, *, only_big: bool = False) -> None:
        """Move the log files away and begin new ones, those that have grown too big or all."""
        self._log.flush()
        self._logs.rotate_everywhere(lambda: self._children.tell_all(b"reopen-log"), only_big=only_big)

    def log_statistics(self) -> None:
        """Write a line per worker to the log (uWSGI does on SIGUSR1)."""
        for child in sorted(self._children, key=lambda child: child.number):
            row = child.row
            if row is not None:
                self._log.line(
                    f"worker {child.number} (pid: {child.pid}) {child.phase.value}: "
                    f"{row[Column.REQUESTS]} requests, "
                    f"{row[Column.BUSY_CORES]} of {row[Column.CORES]} cores busy, "
                    f"{row[Column.WAITING]} waiting, {row[Column.CONNECTIONS]} connections, "
                    f"rss {row[Column.RSS] >> 20} MB"
                )

    def obey(self, number: int) -> None:
        """Do what a signal asks for."""
        name = signal.Signals(number).name
        if number == signal.SIGTERM and not self._settings.die_on_term and not self._intent.stopping:
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
            self.set_workers(self._intent.wanted + (1 if number == signal.SIGTTIN else -1))
