"""The master: keeps N workers running until it is told to stop.

It waits for signals with sigtimedwait(2), so it needs no event loop and no
handlers, and whatever the application loaded cannot disturb it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Final

from bridge.lowlevel import fork, original
from engine.logs.server_log import ServerLog
from engine.process.plan import RESPAWN_DELAY, YOUNG, Exit, Kill, Seen, Spawn, WorkerSeen, plan

__all__ = ["MASTER_SIGNALS", "Master", "block_signals", "unblock_signals"]

MASTER_SIGNALS: Final = frozenset(
    (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1)
)
_CYCLE: Final = 1.0  # uWSGI's master cycle, seconds


def block_signals() -> None:
    """Keep the master's signals for sigtimedwait; before the application can start threads."""
    signal.pthread_sigmask(signal.SIG_BLOCK, MASTER_SIGNALS)


def unblock_signals() -> None:
    """Undo :func:`block_signals`, in a worker."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, MASTER_SIGNALS)


class Master:
    """Supervises workers; use once, in the main thread, after :func:`block_signals`.

    :param wanted: how many workers
    :param mercy: seconds between the request to stop and SIGKILL
    :param on_stop: called once when the master begins to stop (closes its listening sockets)
    :param work: body of a worker: takes its number (1..N), returns its exit status
    """

    def __init__(
        self,
        wanted: int,
        mercy: float,
        work: Callable[[int], int],
        log: ServerLog,
        cores: int,
        on_stop: Callable[[], None],
    ) -> None:
        self._on_stop = on_stop
        self._wanted = wanted
        self._mercy = mercy
        self._work = work
        self._log = log
        self._cores = cores
        self._workers: dict[int, WorkerSeen] = {}
        self._started: dict[int, float] = {}
        self._not_before: dict[int, float] = {}
        self._stopping = False
        self._hurry = False
        self._kill_at = float("inf")
        self._generation = 0

    def run(self) -> int:
        """Supervise until stopped; return the exit status."""
        self._log.line(f"spawned uWSGI master process (pid: {os.getpid()})")
        while True:
            for action in plan(self._see()):
                if isinstance(action, Exit):
                    self._log.line("goodbye to uWSGI.")
                    return 0
                if isinstance(action, Spawn):
                    self._spawn(action.number)
                elif isinstance(action, Kill):
                    self._kill(action.number, action.gracefully)
            info = signal.sigtimedwait(MASTER_SIGNALS, _CYCLE)
            while info is not None:
                self._on_signal(info.si_signo)
                info = signal.sigtimedwait(MASTER_SIGNALS, 0)
            self._reap()

    def _see(self) -> Seen:
        return Seen(
            time.monotonic(),
            self._workers,
            self._wanted,
            self._stopping,
            self._hurry,
            self._kill_at,
            self._not_before,
        )

    def _on_signal(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            if self._stopping:
                self._hurry = True
                return
            self._stopping = True
            self._on_stop()
            self._kill_at = time.monotonic() + self._mercy
            self._log.line(f"{signal.Signals(number).name} received...gracefully killing workers...")

    def _spawn(self, number: int) -> None:
        self._log.flush()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = fork()
        if pid == 0:
            self._be_worker(number)
        now = time.monotonic()
        again = number in self._started
        self._started[number] = now
        self._workers[number] = WorkerSeen(pid)
        if again:
            self._log.line(f"Respawned uWSGI worker {number} (new pid: {pid})")
        else:
            self._log.line(f"spawned uWSGI worker {number} (pid: {pid}, cores: {self._cores})")

    def _be_worker(self, number: int) -> None:
        status = 1
        try:
            unblock_signals()
            status = self._work(number)
        except SystemExit as exc:
            status = exc.code if isinstance(exc.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            self._log.flush()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _kill(self, number: int, gracefully: bool) -> None:
        worker = self._workers[number]
        if not gracefully and not self._hurry:
            self._log.line(
                f"worker {number} (pid: {worker.pid}) is taking too much time to die...NO MERCY !!!"
            )
        try:
            os.kill(worker.pid, signal.SIGTERM if gracefully else signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._workers[number] = WorkerSeen(worker.pid, told_to_stop=True)

    def _reap(self) -> None:
        waitpid = original("os", "waitpid")
        for number, worker in list(self._workers.items()):
            try:
                pid, status = waitpid(worker.pid, os.WNOHANG)
            except ChildProcessError:
                pid, status = worker.pid, 0
            if pid:
                del self._workers[number]
                self._buried(number, worker, status)

    def _buried(self, number: int, worker: WorkerSeen, status: int) -> None:
        if self._stopping:
            self._log.line(f"worker {number} buried (pid: {worker.pid})")
            return
        code = os.waitstatus_to_exitcode(status)
        how = f"killed by signal {-code}" if code < 0 else f"exited with status {code}"
        self._log.line(f"DAMN ! worker {number} (pid: {worker.pid}) died, {how} :( trying respawn ...")
        if time.monotonic() - self._started[number] < YOUNG:
            self._not_before[number] = time.monotonic() + RESPAWN_DELAY
