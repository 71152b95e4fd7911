"""How a worker comes into being: the fork, and what the child does first."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Final

from bridge.lowlevel import fork
from engine.channels import WorkerSide, pair
from engine.config.settings import Settings
from engine.errors import ConfigError
from engine.logs.server_log import ServerLog
from engine.process.child import Child
from engine.process.children import Children
from engine.process.events import MasterEvents
from engine.process.intent import MASTER_SIGNALS, Intent
from engine.process.plan import Phase
from engine.stats.scoreboard import Column, Row, Scoreboard
from engine.worker import Supervised

__all__ = ["Births", "flush_output"]

_END_A_WORKER: Final = frozenset((signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT))

# Whoever asks for statistics or stacks too early gets none; the default action would end the process.
_NO_END: Final = (signal.SIGUSR1, signal.SIGUSR2)


class Births:
    """Starts workers.

    :param work: body of a worker: its number and what ties it to the master; returns its exit
        status.  None: there is no application, only workers of the image before are looked after
    """

    def __init__(
        self,
        settings: Settings,
        work: Callable[[int, Supervised], int] | None,
        intent: Intent,
        events: MasterEvents,
        children: Children,
        board: Scoreboard,
        log: ServerLog,
    ) -> None:
        self._settings = settings
        self._work = work
        self._intent = intent
        self._events = events
        self._children = children
        self._board = board
        self._log = log
        self._spawns: dict[int, int] = {}
        self._in_child: list[Callable[[], None]] = []

    def is_possible(self) -> bool:
        """Whether there is an application to run."""
        return self._work is not None

    def at_fork_in_child(self, call: Callable[[], None]) -> None:
        """Call in each new child: close what belongs to the master."""
        self._in_child.append(call)

    def spawn(self, number: int) -> None:
        """Start worker *number*; nothing happens while the scoreboard has no room."""
        row = self._board.free_row()
        if row is None:
            return  # too many old ones have not ended yet; the next cycle looks again
        flush_output(self._log)
        ours, theirs = pair(self._settings.signal_bufsize)
        self._spawns[number] = self._spawns.get(number, 0) + 1
        self._fill(row, number)
        self._events.block_signals()
        pid = fork()
        if pid == 0:
            ours.close()
            self._be_worker(number, theirs, row)
        row[Column.PID] = pid
        self._events.unblock_signals()
        theirs.close()
        child = Child(pid, number, ours, row)
        child.move(Phase.STARTING)
        self._children.add(child)
        if self._spawns[number] > 1:
            self._log.line(f"Respawned uWSGI worker {number} (new pid: {pid})")
        else:
            self._log.line(f"spawned uWSGI worker {number} (pid: {pid}, cores: {self._settings.gevent})")

    def _fill(self, row: Row, number: int) -> None:
        row[Column.NUMBER] = number
        row[Column.SPAWNED] = int(time.time())
        row[Column.RESPAWNS] = self._spawns[number]
        row[Column.BASE_REQUESTS] = self._children.requests.get(number, 0)
        row[Column.CORES] = self._settings.gevent

    def _be_worker(self, number: int, channel: WorkerSide, row: Row) -> None:
        """Never returns."""
        status = 1
        try:
            row[Column.PID] = os.getpid()
            self.leave_in_child()
            assert self._work is not None
            status = self._work(number, Supervised(channel, row, number, paused=self._intent.paused))
        except SystemExit as exc:
            status = exc.code if isinstance(exc.code, int) else 1
        except ConfigError as exc:
            status = exc.exit_code
            if exc.__cause__ is not None:
                traceback.print_exception(exc.__cause__)
            self._log.line(f"worker {number}: {exc}")
        except BaseException:
            traceback.print_exc()
        finally:
            flush_output(self._log)
            os._exit(status)

    def leave_in_child(self) -> None:
        """Let go of what is the master's, in a process that it has just forked."""
        self._children.close_in_child()
        self._events.forget_in_child()
        for call in self._in_child:
            call()

        def leave(number: int, frame: object) -> None:
            raise SystemExit(0)

        for number in MASTER_SIGNALS:
            signal.signal(number, leave if number in _END_A_WORKER else signal.SIG_DFL)
        for number in _NO_END:
            signal.signal(number, _nothing)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, MASTER_SIGNALS)


def _nothing(number: int, frame: object) -> None:
    """Handle a signal; unlike SIG_IGN, programs that the application starts do not inherit this."""


def flush_output(log: ServerLog) -> None:
    """Write what is buffered, so that a fork does not write it twice and an exec not at all."""
    log.flush()
    sys.stdout.flush()
    sys.stderr.flush()
