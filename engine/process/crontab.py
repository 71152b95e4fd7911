"""Cron jobs of a master (uWSGI ``--cron``, ``--unique-cron``, ``--cron2``)."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from engine.config.programs import CronJob
from engine.process.programs import Program
from engine.signals.cron import CronEntry
from engine.signals.schedule import CronTable

__all__ = ["Crontab"]

_NAMES: Final = ("minute", "hour", "day", "month", "week")


class Crontab:
    """Starts commands in their minutes.

    :param log: takes a line for the server log
    """

    def __init__(self, jobs: Iterable[CronJob], log: Callable[[str], None]) -> None:
        self._jobs = list(jobs)
        self._log = log
        self._table = CronTable()
        for number, job in enumerate(self._jobs):
            self._table.add(number, CronEntry(*job.fields))
        self._running: list[tuple[CronJob, Program, float]] = []
        self._started: dict[int, int] = {}

    def adopt(self, program: Program) -> bool:
        """Look after a command that the image before has started; False if it is none of these jobs."""
        for number, job in enumerate(self._jobs):
            if job.command == program.command:
                self._started[number] = int(time.time())
                self._running.append((job, program, _deadline(job, time.monotonic())))
                return True
        return False

    def running(self) -> list[Program]:
        """Return what was started and has not been reaped."""
        return [program for _, program, _ in self._running]

    def figures(self) -> list[dict[str, Any]]:
        """Return what the statistics show of each job, in uWSGI's names."""
        found = []
        for number, job in enumerate(self._jobs):
            pids = [program.pid for each, program, _ in self._running if each is job]
            found.append(
                {
                    **dict(zip(_NAMES, job.fields, strict=True)),
                    "command": job.command,
                    "unique": int(job.unique),
                    "legion": "",
                    "pid": pids[-1] if pids else -1,
                    "started_at": self._started.get(number, 0),
                }
            )
        return found

    def look(self, *, stopping: bool = False) -> None:
        """Bury what has ended, kill what takes too long, start what is due; call about once a second."""
        now = time.monotonic()
        for each in list(self._running):
            job, program, deadline = each
            code = program.reap()
            if code is not None:
                self._running.remove(each)
                self._log(f"[uwsgi-cron] {job.command!r} has ended with status {code}")
            elif now >= deadline:
                self._log(f"*** CRON HARAKIRI: {job.command!r} (pid: {program.pid}) is killed ***")
                program.signal(signal.SIGKILL)
        if stopping:
            return
        epoch = time.time()
        for number in self._table.due(epoch, time.localtime(epoch)):
            self._start(number, now)

    def _start(self, number: int, now: float) -> None:
        job = self._jobs[number]
        if job.unique and any(running is job for running, _, _ in self._running):
            self._log(f"[uwsgi-cron] {job.command!r} still runs; it is not started again")
            return
        program = Program(job.command)
        try:
            program.start()
        except OSError as exc:
            self._log(f"[uwsgi-cron] {job.command!r} cannot be started: {exc.strerror}")
            return
        self._log(f"[uwsgi-cron] running {job.command!r} (pid: {program.pid})")
        self._started[number] = int(time.time())
        self._running.append((job, program, _deadline(job, now)))


def _deadline(job: CronJob, now: float) -> float:
    return now + job.harakiri if job.harakiri else float("inf")
