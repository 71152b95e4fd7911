"""What a master may have besides its workers: the fifo, files to watch."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.process.cheaper import Cheaper, CheaperSettings
from engine.process.crontab import Crontab
from engine.process.daemons import AttachedDaemon
from engine.process.fifo import MasterFifo
from engine.process.idle import Idle
from engine.process.programs import Program
from engine.process.reexec import OldProgram
from engine.process.touch import TouchWatch
from engine.signals.file_monitor import new_monitor
from engine.stats.scoreboard import Column, WorkerState

if TYPE_CHECKING:
    from engine.config.settings import Settings
    from engine.net.listeners import Listener
    from engine.process.master import Master

__all__ = ["equip"]


def equip(
    master: Master,
    settings: Settings,
    listeners: Sequence[Listener],
    touched: Mapping[str, float | None],
    *,
    programs: Sequence[OldProgram] = (),
    is_copy: bool = False,
) -> None:
    """Add what the settings ask for.

    :param listeners: the sockets that workers accept from
    :param touched: how files to watch were before the application was loaded
    :param programs: what the image before has started
    :param is_copy: another master listens to the same sockets
    :raises ConfigError: if something cannot be opened
    """
    if settings.master_fifo:
        commands = _commands(master, "master fifo", max(1, settings.cheaper))
        fifo = MasterFifo(settings.master_fifo, commands, master.log.line, master.events, is_copy=is_copy)
        master.at_fork_in_child(fifo.close)
    _add_touched_files(master, settings, touched)
    if settings.cheaper:
        _add_cheaper(master, settings)
    if settings.cheap or settings.idle:
        Idle(
            master,
            listeners,
            settings.idle,
            die=settings.die_on_idle,
            asleep=settings.cheap,
            workers=settings.cheaper_initial or settings.processes,
        )
    _look_after_logs(master, settings)
    _run_programs(master, settings, programs)
    for daemon in settings.daemons:
        AttachedDaemon(master, daemon)
    _watch_directories(master, settings)


def _commands(master: Master, origin: str, fewest: int) -> dict[str, Callable[[], None]]:
    return {
        "r": lambda: master.orders.reload(origin),
        "R": lambda: master.orders.reload(origin, brutal=True),
        "w": lambda: master.orders.reload_workers(origin),
        "W": lambda: master.orders.reload_workers(origin, brutal=True),
        "c": lambda: master.orders.reload_workers(origin, chain=True),
        "q": lambda: master.orders.stop(origin),
        "Q": lambda: master.orders.stop(origin, hurry=True),
        "p": master.orders.toggle_pause,
        "s": master.orders.log_statistics,
        "+": lambda: master.orders.set_workers(master.wanted + 1),
        "-": lambda: master.orders.set_workers(master.wanted - 1),
        "C": lambda: master.orders.set_workers(fewest),
        "f": lambda: master.parts.command("refork"),
        "P": lambda: master.parts.command("write-pidfiles"),
        "l": master.orders.reopen_log,
        "L": master.orders.rotate_log,
        "T": lambda: master.tell_workers(b"renew-certificates"),
    }


def _add_touched_files(master: Master, settings: Settings, touched: Mapping[str, float | None]) -> None:
    watch = TouchWatch(touched)
    for path in settings.touch_reload:
        watch.add(path, lambda path: master.orders.reload(f"{_name(path)} was touched"))
    for path in settings.touch_workers_reload:
        watch.add(path, lambda path: master.orders.reload_workers(f"{_name(path)} was touched"))
    for path in settings.touch_chain_reload:
        watch.add(path, lambda path: master.orders.reload_workers(f"{_name(path)} was touched", chain=True))
    for path in settings.touch_logreopen:
        watch.add(path, lambda path: master.orders.reopen_log())
    for path in settings.touch_mules_reload:
        watch.add(path, lambda path: master.parts.command("reload-mules"))
    for path in settings.touch_spoolers_reload:
        watch.add(path, lambda path: master.parts.command("reload-spoolers"))
    for path in settings.touch_logrotate:
        watch.add(path, lambda path: master.orders.rotate_log())
    if watch:
        master.each_cycle(watch.look)


def _add_cheaper(master: Master, settings: Settings) -> None:
    cheaper = Cheaper(
        CheaperSettings(
            settings.cheaper,
            settings.processes,
            settings.cheaper_initial,
            settings.cheaper_step,
            settings.cheaper_overload,
            settings.cheaper_rss_soft,
            settings.cheaper_rss_hard,
            settings.cheaper_manual,
        ),
        settings.gevent,
    )
    master.orders.set_workers(settings.cheaper_initial)
    if settings.cheaper_manual and not settings.cheaper_rss_soft:
        return

    def look() -> None:
        rows = [row for row in master.board.rows() if row[Column.STATE] == WorkerState.READY]
        busy = sum(row[Column.BUSY] + row[Column.WAITING] for row in rows)
        memory = sum(row[Column.RSS] for row in rows)
        wanted = master.wanted
        if cheaper.is_too_much(memory) and wanted > 1:
            master.log.line(f"cheaper hard rss memory limit exceeded, cheap one of {wanted} workers")
        master.orders.set_workers(cheaper.decide(time.monotonic(), wanted, busy, len(rows), memory))

    master.each_cycle(look)


def _run_programs(master: Master, settings: Settings, before: Sequence[OldProgram]) -> None:
    """Cron jobs, and commands for touched files; those of the image *before* may still run."""
    crontab = Crontab(settings.cron_jobs, master.log.line)
    old = [Program(each.command, each.pid) for each in before]
    running = [program for program in old if not crontab.adopt(program)]
    if settings.cron_jobs:
        master.show("crons", crontab.figures)
        master.each_cycle(lambda: crontab.look(stopping=master.is_stopping()))
    if not settings.touch_exec and not running and not settings.cron_jobs:
        return
    watch = TouchWatch()

    def run(command: str) -> Callable[[str], None]:
        def start(path: str) -> None:
            master.log.line(f"{_name(path)} was touched: running {command!r}")
            program = Program(command)
            running.append(program)
            program.start()

        return start

    def look() -> None:
        for program in [each for each in running if each.reap() is not None]:
            running.remove(program)
        watch.look()

    for each in settings.touch_exec:
        watch.add(each.path, run(each.command))
    master.each_cycle(look)
    master.keep_programs(
        lambda: [OldProgram(each.pid, each.command) for each in (*crontab.running(), *running) if each.pid]
    )


def _watch_directories(master: Master, settings: Settings) -> None:
    """Reload when a file or directory of ``--fs-reload`` changes."""
    if not settings.fs_reload:
        return
    monitor = new_monitor()

    def changed(paths: list[str]) -> None:
        if paths:
            master.orders.reload(f"{paths[0]} has changed")

    for path in settings.fs_reload:
        problem = monitor.add(path)
        if problem is not None:
            master.log.line(f"--fs-reload: {problem}")
    if monitor.fileno() >= 0:
        master.events.add_reader(monitor.fileno(), lambda: changed(monitor.changed()))
        master.at_fork_in_child(monitor.close)
    master.each_cycle(lambda: changed(monitor.poll()))


def _look_after_logs(master: Master, settings: Settings) -> None:
    logs = master.logs
    if settings.log_targets.files.max_size:
        master.each_cycle(lambda: master.orders.rotate_log(only_big=True))
    if logs.process is not None:
        logs.process.watch(master.events.add_reader, master.events.remove_reader)
        master.at_fork_in_child(logs.process.close_reading_ends)
        master.before_exec(logs.process.restore)


def _name(path: str) -> str:
    return os.path.basename(path)
