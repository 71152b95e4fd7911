"""What a worker does once in a while: deadlines, figures for the master, its own age and size."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import bridge
from engine.cores.autoreload import ModuleWatch
from engine.cores.harakiri import Harakiri
from engine.cores.runner import Runner
from engine.cores.watchdog import Watchdog
from engine.logs.server_log import ServerLog
from engine.net.frontend import FrontEnd
from engine.request.io_errors import IO_ERRORS
from engine.request.tally import Tally
from engine.stats.memory import memory
from engine.stats.scoreboard import Column, Row
from engine.uwsgi_api.context import the_request
from engine.worker.settings import WorkerSettings

__all__ = ["Upkeep"]

_ASK_AGAIN: Final = 10.0  # seconds until a worker that waits for its successor asks once more


class Counts(Protocol):
    """Knows what the applications of a worker have done."""

    files_sent: Callable[[], int]

    def failures(self) -> int: ...
    def app_counts(self, requests: int) -> Iterable[tuple[int, int]]: ...


class Upkeep:
    """Periodic work of one worker; its loop's thread only.

    :param row: of the scoreboard; None without a master
    :param counts: what the applications have done so far
    :param leave: called with a reason when another worker should take the place of this one
    """

    def __init__(
        self,
        settings: WorkerSettings,
        runner: Runner,
        log: ServerLog,
        row: Row | None,
        counts: Counts,
        leave: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._lifetime = settings.lifetime()
        self._runner = runner
        self._log = log
        self._number = settings.number
        self._row = row
        self._counts = counts
        self._leave = leave
        self._began = self._last_turn = time.monotonic()
        self._asked_at = float("-inf")
        self._stopped = False
        self.queue: Callable[[], int] = lambda: 0
        """Tells how many connections wait to be accepted."""
        self.on_tick: Callable[[], None] = lambda: None
        """Called after the figures were published, about once a second."""
        self._harakiri = Harakiri(
            runner.pool,
            runner.greenlets,
            settings.config.harakiri,
            settings.config.harakiri_graceful_timeout,
            self._report_harakiri,
            self.ask_to_leave,
        )

    def start(self, loop: asyncio.AbstractEventLoop, front: FrontEnd) -> None:
        """Begin; the front end's request limit calls back here."""
        self._loop = loop
        self._front = front
        front.request_limit = self._lifetime.requests
        front.on_limit = self._check_lifetime
        config = self._settings.config
        if self._row is not None and (config.stats is not None or config.stats_push):
            front.tally = Tally()
        limit = self._settings.config.harakiri
        self._watchdog = Watchdog(limit, lambda: self._last_turn, self._runner.pool.running, self._log.line)
        if limit:
            self._watchdog.start()
        self._tick()

    def stay(self) -> None:
        """The worker is leaving anyway: do not ask for a successor any more."""
        self._stopped = True

    def stop(self) -> None:
        """End, with the last figures published."""
        self._watchdog.stop()
        self._ticking.cancel()
        self.publish()

    def _tick(self) -> None:
        now = time.monotonic()
        self._last_turn = now
        if self._settings.manager is not None:
            self._settings.manager.alive(now)
        threshold = self._settings.config.harakiri_queue_threshold
        if not threshold or self.queue() > threshold:
            self._harakiri.sweep(now)
        self.publish()
        self.on_tick()
        self._check_lifetime()
        self._ticking = self._loop.call_later(self._harakiri.interval(), self._tick)

    def publish(self) -> None:
        """Bring the row of the scoreboard up to date."""
        row, front, pool = self._row, self._front, self._runner.pool
        if row is None:
            return
        row[Column.BEAT] = int(time.monotonic() * 1000)
        row[Column.REQUESTS] = front.requests
        row[Column.BUSY] = len(pool.running)
        row[Column.BUSY_CORES] = pool.busy_cores()
        row[Column.WAITING] = pool.statistics().waiting
        row[Column.CONNECTIONS] = len(front.connections)
        row[Column.EXCEPTIONS] = self._counts.failures()
        row[Column.STATIC] = self._counts.files_sent()
        for number, (requests, exceptions) in enumerate(self._counts.app_counts(front.requests)):
            row.note_app(number, requests, exceptions)
        row[Column.TX] = front.sent
        row[Column.RUNNING_TIME] = int(front.running_time * 1e6)
        row[Column.AVERAGE_TIME] = int(front.average_time * 1e6)
        row[Column.HARAKIRIS] = self._harakiri.count
        if front.tally is not None:
            row.note_tally(front.tally)
        if row.cores:
            failed = IO_ERRORS.writes, IO_ERRORS.reads
            row.note_cores(enumerate(self._runner.served), *(list(each.items()) for each in failed))
        if self._settings.config.memory_report or self._lifetime.needs_memory():
            row[Column.RSS], row[Column.VSZ] = memory()

    def _check_lifetime(self) -> None:
        lifetime = self._lifetime
        if self._stopped:
            return
        rss, address_space = memory() if lifetime.needs_memory() else (0, 0)
        age = time.monotonic() - self._began
        reason = lifetime.reason_to_end(self._front.requests, age, rss, address_space)
        if reason is not None:
            self.ask_to_leave(reason)

    def ask_to_leave(self, reason: str) -> None:
        """Say that another worker should take the place of this one; again only after a while."""
        now = time.monotonic()
        if self._stopped or now < self._asked_at + _ASK_AGAIN:
            return
        self._asked_at = now
        self._leave(reason)

    # -- deadlines of requests -----------------------------------------------------------------

    def set_own_harakiri(self, seconds: float) -> None:
        """Give the request of the current greenlet a deadline of its own; 0 takes it back."""
        self._harakiri.set_own(the_request(), seconds, time.monotonic())
        self._ticking.cancel()
        self._ticking = self._loop.call_later(self._harakiri.interval(), self._tick)

    def _report_harakiri(self, text: str) -> None:
        self._log.line(f"*** HARAKIRI ON WORKER {self._number} (pid: {os.getpid()}) ***\n{text}")
        if self._settings.config.harakiri_verbose:
            self._log.line(bridge.format_tree())

    # -- changed files ------------------------------------------------------------------

    def watch_certificates(self, interval: float, look: Callable[[], None]) -> None:
        """Call *look* every *interval* seconds; never if that is 0."""

        def again() -> None:
            look()
            self._loop.call_later(interval, again)

        if interval:
            self._loop.call_later(interval, again)

    def watch_modules(self, interval: float, changed: Callable[[str], None]) -> None:
        """Look every *interval* seconds whether a loaded module's file has changed, and say which."""
        watch = ModuleWatch(self._settings.config.py_autoreload_ignore)

        def look() -> None:
            for name, path in watch.changed():
                self._log.line(f"[uwsgi-python-reloader] module/file {name} has been modified")
                changed(f"{path} has changed")
                break
            self._loop.call_later(interval, look)

        self._loop.call_later(interval, look)
