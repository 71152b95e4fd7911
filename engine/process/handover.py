"""Reload: another process tries whether a start would succeed, then this one executes itself."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Sequence

from bridge.lowlevel import original
from engine.logs.server_log import ServerLog
from engine.pids import exit_code, send_signal
from engine.process.births import flush_output
from engine.process.children import Children
from engine.process.events import MasterEvents
from engine.process.intent import MASTER_SIGNALS, Intent
from engine.process.reexec import Inherited, OldProgram, Origin, ServingSocket

__all__ = ["Handover"]


class Handover:
    """Gives everything to the next image.

    :param sockets: what the next image inherits
    :param reap: buries whoever has ended, so that the next image need not
    """

    def __init__(
        self,
        origin: Origin,
        sockets: Callable[[], Sequence[ServingSocket]],
        intent: Intent,
        events: MasterEvents,
        children: Children,
        log: ServerLog,
        reap: Callable[[], None],
    ) -> None:
        self._origin = origin
        self._sockets = sockets
        self._intent = intent
        self._events = events
        self._children = children
        self._log = log
        self._reap = reap
        self._before_exec: list[Callable[[], None]] = []
        self._programs: list[Callable[[], Sequence[OldProgram]]] = []
        self._check_pid = 0
        self._abandoned: list[int] = []
        """Trials that were killed and have not been reaped."""
        self._brutal = False

    def before_exec(self, call: Callable[[], None]) -> None:
        """Call just before this image ends for the next: send children what they are to have."""
        self._before_exec.append(call)

    def keep_programs(self, running: Callable[[], Sequence[OldProgram]]) -> None:
        """Tell the next image of the programs that *running* returns."""
        self._programs.append(running)

    def is_under_way(self) -> bool:
        """Whether a reload has begun that was not given up."""
        return self._check_pid != 0

    def begin(self, *, brutal: bool) -> None:
        """Let another process try; the rest follows when it has ended.

        :param brutal: running requests are not waited for
        """
        self._abandon()  # another one looks at what has changed again
        self._brutal = brutal
        self._check_pid = self._fork_check()

    def look(self) -> None:
        """Go on if the trial has ended; does not return if the next image takes over."""
        if self._intent.stopping:
            self._abandon()  # or it would outlive the server for as long as the application loads
        self._abandoned = [pid for pid in self._abandoned if exit_code(pid) is None]
        if not self._check_pid:
            return
        code = exit_code(self._check_pid)
        if code is None:
            return
        self._check_pid = 0
        if code:
            self._log.line(
                f"reload given up: a new start would fail (status {code}); "
                "the workers that run now go on serving"
            )
            return
        self._execute()

    def _abandon(self) -> None:
        """End a trial whose outcome nobody waits for any more."""
        if self._check_pid:
            send_signal(self._check_pid, signal.SIGKILL)
            self._abandoned.append(self._check_pid)
            self._check_pid = 0

    def _fork_check(self) -> int:
        flush_output(self._log)
        self._events.block_signals()
        pid: int = original("os", "fork")()
        if pid == 0:
            try:
                self._leave_the_master()
                self._origin.check()
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        self._events.unblock_signals()
        return pid

    def _leave_the_master(self) -> None:
        self._events.forget_in_child()
        for number in MASTER_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, MASTER_SIGNALS)

    def _execute(self) -> None:
        self._reap()
        self._log.line("binary reloading uWSGI...")
        flush_output(self._log)
        self._events.block_signals()
        for child in self._children:
            child.channel.dispatch()
        for call in self._before_exec:
            call()
        for child in self._children:
            child.channel.flush()
        state = Inherited(
            os.getpid(),
            tuple(self._sockets()),
            self._children.to_hand_over(),
            self._brutal,
            self._children.all_requests(),
            programs=tuple(each for running in self._programs for each in running()),
        )
        try:
            self._origin.execute(state)
        except OSError as exc:
            self._events.unblock_signals()
            self._log.line(f"reload given up: cannot execute {self._origin.argv[0]}: {exc.strerror}")
