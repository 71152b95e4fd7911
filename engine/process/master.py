"""The master: keeps N workers running, replaces them, reloads, until it is told to stop.

It runs no asyncio loop and no greenlets, so there is nothing that a fork could copy in the middle
of its work; ``events`` is all it waits with, and ``plan`` decides what it does.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from bridge.lowlevel import fork, original
from engine.channels import Lane, MasterSide, WorkerSide, pair
from engine.errors import ConfigError
from engine.logs.server_log import ServerLog
from engine.process.child import Child
from engine.process.daemon import LogFile
from engine.process.events import MasterEvents
from engine.process.plan import Exit, Phase, Retire, Seen, Spawn, plan, respawn_delay
from engine.process.reexec import Inherited, OldWorker, Origin, ServingSocket
from engine.stats.scoreboard import Column, Row, Scoreboard
from engine.worker import Supervised

__all__ = ["MASTER_SIGNALS", "Master", "MasterSettings"]

MASTER_SIGNALS: Final = frozenset(
    (
        signal.SIGTERM,
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGHUP,
        signal.SIGCHLD,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGTSTP,
        signal.SIGTTIN,
        signal.SIGTTOU,
    )
)
_END_A_WORKER: Final = frozenset((signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT))
_CYCLE: Final = 1.0  # uWSGI's master cycle, seconds
_YOUNG: Final = 1.0  # seconds; whoever dies before that counts as a bad start
_APP_FAILED: Final = 22  # exit status of a worker that could not load the application, as in uWSGI
_STUCK_GRACE: Final = 2.0  # seconds beyond --harakiri until a loop that does not turn is ended
_LAST_WORDS: Final = 1.0  # seconds between asking a stuck worker for its stack and SIGKILL


@dataclass(frozen=True, slots=True)
class MasterSettings:
    """What a master needs to know; times in seconds, sizes in bytes.

    :param mercy: from telling a worker to stop until SIGKILL
    :param harakiri: longest time a worker's loop may not turn; 0 means any
    :param reload_on_term: SIGTERM reloads instead of stopping, as in uWSGI without ``--die-on-term``
    """

    processes: int
    cores: int
    mercy: float
    forkbomb_delay: float = 2.0
    harakiri: float = 0.0
    evil_rss: int = 0
    evil_as: int = 0
    signal_bufsize: int = 0
    reload_on_term: bool = False
    log_file: LogFile | None = None


class Master:
    """Supervises workers; use once, in the main thread.

    :param work: body of a worker: its number and what ties it to the master; returns its exit
        status.  None: there is no application, only workers of the image before are looked after
    :param sockets: what the next image inherits when the server is reloaded
    :param on_stop: called once when the master begins to stop (closes its listening sockets)
    """

    def __init__(
        self,
        settings: MasterSettings,
        work: Callable[[int, Supervised], int] | None,
        log: ServerLog,
        origin: Origin,
        sockets: Callable[[], Sequence[ServingSocket]],
        on_stop: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.log = log
        self.events = MasterEvents()
        self.wanted = settings.processes
        # Rows for workers, for those that replace them, and for old ones that take their time.
        self.board = Scoreboard(4 * settings.processes + 8)
        self._work = work
        self._origin = origin
        self._sockets = sockets
        self._on_stop = on_stop
        self._children: dict[int, Child] = {}
        self._spawns: dict[int, int] = {}
        self._requests: dict[int, int] = {}
        self._failures: dict[int, int] = {}
        self._not_before: dict[int, float] = {}
        self._handlers: dict[Lane, Callable[[Child, bytes], None]] = {Lane.CONTROL: self._control}
        self._in_child: list[Callable[[], None]] = []
        self._each_cycle: list[Callable[[], None]] = []
        self._before_exec: list[Callable[[], None]] = []
        self._stopping = False
        self._hurry = False
        self._chain = False
        self._ever_ready = False
        self._paused = False
        self._exit_status = 0
        self._check_pid = 0
        self._brutal_reload = False
        self._commands: dict[bytes, Callable[[Child, bytes], None]] = {}

    # -- for parts that live in the master ------------------------------------------------------

    def on_message(self, lane: Lane, handler: Callable[[Child, bytes], None]) -> None:
        """Give messages of all children on a lane to *handler*, those of later children too."""
        self._handlers[lane] = handler
        for child in self._children.values():
            self._listen(child, lane)

    def on_control(self, word: bytes, handler: Callable[[Child, bytes], None]) -> None:
        """Give control messages that begin with *word* to *handler*, without the word."""
        self._commands[word] = handler

    def is_stopping(self) -> bool:
        """Whether the server was told to stop."""
        return self._stopping

    def children(self) -> list[Child]:
        """Return the running workers, replaced ones included."""
        return list(self._children.values())

    def at_fork_in_child(self, call: Callable[[], None]) -> None:
        """Call in each new child: close what belongs to the master."""
        self._in_child.append(call)

    def each_cycle(self, call: Callable[[], None]) -> None:
        """Call about once a second, and after each signal."""
        self._each_cycle.append(call)

    def before_exec(self, call: Callable[[], None]) -> None:
        """Call just before this image ends for the next: send children what they are to have."""
        self._before_exec.append(call)

    # -- commands: signals, fifo, touched files and workers end up here ----------------------------

    def stop(self, reason: str, *, hurry: bool = False) -> None:
        """Let running requests end, then end; the second time without waiting."""
        if self._stopping:
            self._hurry = True
            return
        self._stopping = True
        self._hurry = hurry
        self._on_stop()
        self.log.line(f"{reason}...gracefully killing workers...")

    def reload(self, reason: str, *, brutal: bool = False) -> None:
        """Start again with the program, the configuration and the application of now.

        First another process tries whether that would work.  If not, all goes on as before.
        """
        if self._stopping:
            return
        if self._check_pid:
            self._signal(self._check_pid, signal.SIGKILL)  # it looks at what has changed again
        self.log.line(f"{reason}: reloading; trying whether the application loads")
        self._brutal_reload = brutal
        self._check_pid = self._fork_check()

    def reload_workers(self, reason: str, *, chain: bool = False, brutal: bool = False) -> None:
        """Replace every worker: all at once, or one after the other (*chain*)."""
        if self._stopping:
            return
        kind = "one by one" if chain else "all"
        self.log.line(f"{reason}: replacing workers, {kind}")
        self._chain = chain
        for child in self._children.values():
            child.stale = True
            child.brutal = brutal

    def set_workers(self, wanted: int) -> None:
        """Run so many workers from now on; at least 1."""
        wanted = max(1, wanted)
        if wanted != self.wanted:
            self.log.line(f"changing the number of workers from {self.wanted} to {wanted}")
            self.wanted = wanted

    def toggle_pause(self) -> None:
        """Let workers accept nothing new, or accept again; what runs goes on."""
        self._paused = not self._paused
        self.log.line("*** PAUSE: no new connections are accepted ***" if self._paused else "*** RESUME ***")
        self.tell_workers(b"pause" if self._paused else b"resume")

    def reopen_log(self) -> None:
        """Open the log file again, here and in every worker."""
        if self.settings.log_file is not None:
            self.log.flush()
            self.settings.log_file.open()
            self.tell_workers(b"reopen-log")

    def tell_workers(self, command: bytes) -> None:
        """Send a command to every worker."""
        for child in self._children.values():
            self.send(child, Lane.CONTROL, command)

    def send(self, child: Child, lane: Lane, data: bytes) -> bool:
        """Send a message; what the kernel does not take goes out when it can."""
        taken = child.channel.send(lane, data)
        if child.channel.wants_write:
            self.events.add_writer(child.channel.fileno(), lambda: self._flush(child))
        return taken

    def log_statistics(self) -> None:
        """Write a line per worker to the log (uWSGI does on SIGUSR1)."""
        for child in sorted(self._children.values(), key=lambda child: child.number):
            row = child.row
            if row is not None:
                self.log.line(
                    f"worker {child.number} (pid: {child.pid}) {child.phase.value}: "
                    f"{row[Column.REQUESTS]} requests, {row[Column.BUSY]} of {row[Column.CORES]} cores busy, "
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
            self._adopt(before)
        self.events.take_signals(MASTER_SIGNALS, self._on_signal)
        if ready is not None:
            ready()
        while True:
            self._reap()
            for call in self._each_cycle:
                call()
            self._look_after()
            for action in plan(self._see()):
                if isinstance(action, Exit):
                    self.log.line("goodbye to uWSGI.")
                    return self._exit_status
                if isinstance(action, Spawn):
                    self._spawn(action.number)
                elif isinstance(action, Retire):
                    self._retire(self._children[action.pid])
                else:
                    self._kill(self._children[action.pid])
            self.events.wait(_CYCLE)

    def _see(self) -> Seen:
        return Seen(
            now=time.monotonic(),
            children=[child.seen() for child in self._children.values()],
            wanted=self.wanted,
            mercy=self.settings.mercy,
            stopping=self._stopping,
            hurry=self._hurry,
            chain=self._chain,
            may_spawn=self._work is not None,
            not_before=self._not_before,
        )

    def _on_signal(self, number: int) -> None:
        name = signal.Signals(number).name
        if number == signal.SIGTERM and self.settings.reload_on_term and not self._stopping:
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

    # -- children -----------------------------------------------------------------------------------

    def _spawn(self, number: int) -> None:
        row = self.board.free_row()
        if row is None:
            return  # too many old ones have not ended yet; the next cycle looks again
        self._flush_output()
        ours, theirs = pair(self.settings.signal_bufsize)
        self._spawns[number] = self._spawns.get(number, 0) + 1
        row[Column.NUMBER] = number
        row[Column.SPAWNED] = int(time.time())
        row[Column.RESPAWNS] = self._spawns[number]
        row[Column.BASE_REQUESTS] = self._requests.get(number, 0)
        row[Column.CORES] = self.settings.cores
        self.events.block_signals()
        pid = fork()
        if pid == 0:
            ours.close()
            self._be_worker(number, theirs, row)
        row[Column.PID] = pid
        self.events.unblock_signals()
        theirs.close()
        child = self._children[pid] = Child(pid, number, ours, row)
        child.move(Phase.STARTING)
        self._connect(child)
        if self._spawns[number] > 1:
            self.log.line(f"Respawned uWSGI worker {number} (new pid: {pid})")
        else:
            self.log.line(f"spawned uWSGI worker {number} (pid: {pid}, cores: {self.settings.cores})")

    def _be_worker(self, number: int, channel: WorkerSide, row: Row) -> None:
        """Never returns."""
        status = 1
        try:
            row[Column.PID] = os.getpid()
            self.leave_in_child()
            assert self._work is not None
            status = self._work(number, Supervised(channel, row, number, paused=self._paused))
        except SystemExit as exc:
            status = exc.code if isinstance(exc.code, int) else 1
        except ConfigError as exc:
            status = exc.exit_code
            if exc.__cause__ is not None:
                traceback.print_exception(exc.__cause__)
            self.log.line(f"worker {number}: {exc}")
        except BaseException:
            traceback.print_exc()
        finally:
            self._flush_output()
            os._exit(status)

    def leave_in_child(self) -> None:
        """Let go of what is the master's, in a process that it has just forked."""
        for child in self._children.values():
            child.channel.close()  # or its worker would not notice the end of the master
        self.events.forget_in_child()
        for call in self._in_child:
            call()

        def leave(number: int, frame: object) -> None:
            raise SystemExit(0)

        for number in MASTER_SIGNALS:
            signal.signal(number, leave if number in _END_A_WORKER else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, MASTER_SIGNALS)

    def _adopt(self, before: Inherited) -> None:
        self._requests = {int(number): count for number, count in before.requests.items()}
        for old in before.workers:
            child = Child(old.pid, old.number, MasterSide.from_fd(old.fd, old.unread), None)
            child.stale = True
            child.brutal = before.brutal
            if old.phase == Phase.LEAVING.value:
                child.told_at = time.monotonic()
            child.move(Phase(old.phase))
            self._children[old.pid] = child
            self._connect(child)
            self._ever_ready = True

    def _connect(self, child: Child) -> None:
        for lane in self._handlers:
            self._listen(child, lane)
        self.events.add_reader(child.channel.fileno(), lambda: self._read(child))

    def _listen(self, child: Child, lane: Lane) -> None:
        child.channel.on(lane, lambda data: self._handlers[lane](child, data))

    def _read(self, child: Child) -> None:
        child.channel.dispatch()
        if child.channel.closed:
            self._disconnect(child)

    def _flush(self, child: Child) -> None:
        if child.channel.flush():
            self.events.remove_writer(child.channel.fileno())

    def _disconnect(self, child: Child) -> None:
        self.events.remove_reader(child.channel.fileno())
        self.events.remove_writer(child.channel.fileno())
        child.channel.close()

    def _control(self, child: Child, data: bytes) -> None:
        word, _, rest = data.partition(b" ")
        if word == b"ready":
            self._is_ready(child)
        elif word == b"leave":
            if not child.stale:
                self.log.line(f"worker {child.number} (pid: {child.pid}) is to be replaced: {rest.decode()}")
                child.stale = True
        elif word == b"reload":
            self.reload(rest.decode())
        elif word in self._commands:
            self._commands[word](child, rest)

    def _is_ready(self, child: Child) -> None:
        if child.phase is not Phase.STARTING:
            return
        child.move(Phase.READY)
        self._ever_ready = True
        if child.stale:
            return  # of the image before; its successor is on the way
        for other in self._children.values():
            if other.number == child.number and other is not child and other.phase is not Phase.LEAVING:
                other.stale = True

    def _retire(self, child: Child) -> None:
        child.told_at = time.monotonic()
        child.move(Phase.LEAVING)
        self._signal(child.pid, signal.SIGTERM if self._stopping else signal.SIGHUP)

    def _kill(self, child: Child) -> None:
        if not self._hurry and not child.brutal:
            self.log.line(
                f"worker {child.number} (pid: {child.pid}) is taking too much time to die...NO MERCY !!!"
            )
        child.killed = True
        child.move(Phase.LEAVING)
        self._signal(child.pid, signal.SIGKILL)

    @staticmethod
    def _signal(pid: int, number: int) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def _look_after(self) -> None:
        """End workers that cannot end by themselves: a loop that stands still, too much memory."""
        now = time.monotonic()
        limit = self.settings.harakiri
        for child in self._children.values():
            row = child.row
            if row is None or child.phase is not Phase.READY or child.stuck:
                continue
            beat = row[Column.BEAT] / 1000
            if limit and beat and now - beat > limit + _STUCK_GRACE:
                child.stuck = True
                self.log.line(
                    f"HARAKIRI ON WORKER {child.number} (pid: {child.pid}): its loop has not turned for "
                    f"{now - beat:.0f} seconds; its stack follows, then it is killed"
                )
                row[Column.HARAKIRIS] += 1
                self._signal(child.pid, signal.SIGQUIT)
                self.events.call_later(_LAST_WORDS, partial(self._signal, child.pid, signal.SIGKILL))
            else:
                self._check_evil(child, row)

    def _check_evil(self, child: Child, row: Row) -> None:
        for limit, column, name in (
            (self.settings.evil_rss, Column.RSS, "rss"),
            (self.settings.evil_as, Column.VSZ, "address space"),
        ):
            if limit and row[column] > limit and not child.killed:
                self.log.line(
                    f"worker {child.number} (pid: {child.pid}): {name} of {row[column] >> 20} MB "
                    f"is over the limit, killing it"
                )
                child.killed = True
                self._signal(child.pid, signal.SIGKILL)

    # -- the end of a child ----------------------------------------------------------------------

    def _reap(self) -> None:
        waitpid = original("os", "waitpid")
        for pid in [*self._children, *([self._check_pid] if self._check_pid else [])]:
            try:
                ended, status = waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                ended, status = pid, 0
            if not ended:
                continue
            if pid == self._check_pid:
                self._check_pid = 0
                self._checked(os.waitstatus_to_exitcode(status))
            else:
                self._buried(self._children.pop(pid), os.waitstatus_to_exitcode(status))

    def _buried(self, child: Child, code: int) -> None:
        child.channel.dispatch()  # what it said last
        self._disconnect(child)
        if child.row is not None:
            total = self._requests.get(child.number, 0) + child.row[Column.REQUESTS]
            self._requests[child.number] = total
            child.row.clear()
        who = f"worker {child.number} (pid: {child.pid})"
        if self._stopping:
            self.log.line(f"worker {child.number} buried (pid: {child.pid})")
            return
        if child.phase is Phase.LEAVING and not child.killed:
            self.log.line(f"worker {child.number} killed successfully (pid: {child.pid})")
            return
        if child.phase is Phase.READY and code == 0:
            self.log.line(f"{who} has ended; starting another")
            return
        how = f"killed by signal {-code}" if code < 0 else f"exited with status {code}"
        young = child.phase is Phase.STARTING or time.monotonic() - child.started < _YOUNG
        self._failures[child.number] = failures = self._failures.get(child.number, 0) + 1 if young else 0
        delay = respawn_delay(failures, self.settings.forkbomb_delay)
        self._not_before[child.number] = time.monotonic() + delay
        if child.phase is Phase.STARTING and self._keep_old_ones():
            self.log.line(f"{who} {how} before it was ready; the workers that run now go on serving")
            return
        soon = f" in {delay:g} seconds" if delay else ""
        self.log.line(f"DAMN ! {who} died, {how} :( trying respawn{soon} ...")
        if code == _APP_FAILED and not self._ever_ready:
            self._exit_status = _APP_FAILED
            self.stop("no worker could load the application")

    def _keep_old_ones(self) -> bool:
        """Give up a replacement that does not start; False if there is nobody to keep."""
        kept = [child for child in self._children.values() if child.stale and child.phase is Phase.READY]
        for child in kept:
            child.stale = False
        return bool(kept)

    # -- reload -----------------------------------------------------------------------------------

    def _fork_check(self) -> int:
        self._flush_output()
        self.events.block_signals()
        pid: int = original("os", "fork")()
        if pid == 0:
            try:
                self._leave_the_master_for_check()
                self._origin.check()
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        self.events.unblock_signals()
        return pid

    def _leave_the_master_for_check(self) -> None:
        self.events.forget_in_child()
        for number in MASTER_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, MASTER_SIGNALS)

    def _checked(self, code: int) -> None:
        if self._stopping:
            return
        if code:
            self.log.line(
                f"reload given up: a new start would fail (status {code}); "
                "the workers that run now go on serving"
            )
            return
        self._reap()
        self.log.line("binary reloading uWSGI...")
        self._flush_output()
        self.events.block_signals()
        requests = {str(number): count for number, count in self._requests.items()}
        for child in self._children.values():
            child.channel.dispatch()
        for call in self._before_exec:
            call()
        for child in self._children.values():
            child.channel.flush()
            if child.row is not None:
                key = str(child.number)
                requests[key] = requests.get(key, 0) + child.row[Column.REQUESTS]
        workers = tuple(
            OldWorker(
                child.pid, child.number, child.channel.fileno(), child.phase.value, child.channel.unread()
            )
            for child in self._children.values()
            if not child.channel.closed
        )
        state = Inherited(os.getpid(), tuple(self._sockets()), workers, self._brutal_reload, requests)
        try:
            self._origin.execute(state)
        except OSError as exc:
            self.events.unblock_signals()
            self.log.line(f"reload given up: cannot execute {self._origin.argv[0]}: {exc.strerror}")

    def _flush_output(self) -> None:
        self.log.flush()
        sys.stdout.flush()
        sys.stderr.flush()

    def __repr__(self) -> str:
        return f"<Master of {len(self._children)} workers, {self.wanted} wanted>"
