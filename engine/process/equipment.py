"""What a master may have besides its workers: the fifo, files to watch."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.process.fifo import MasterFifo
from engine.process.touch import TouchWatch

if TYPE_CHECKING:
    from engine.config.settings import Settings
    from engine.process.master import Master

__all__ = ["equip"]


def equip(master: Master, settings: Settings) -> None:
    """Add what the settings ask for.

    :raises ConfigError: if something cannot be opened
    """
    for path in settings.master_fifo:
        _add_fifo(master, path)
    _add_touched_files(master, settings)


def _add_fifo(master: Master, path: str) -> None:
    fifo = MasterFifo(path, _commands(master, f"master fifo {path}"), master.log.line)
    master.events.add_reader(fifo.fileno(), fifo.read)
    master.at_fork_in_child(fifo.close)


def _commands(master: Master, origin: str) -> dict[str, Callable[[], None]]:
    return {
        "r": lambda: master.reload(origin),
        "R": lambda: master.reload(origin, brutal=True),
        "w": lambda: master.reload_workers(origin),
        "W": lambda: master.reload_workers(origin, brutal=True),
        "c": lambda: master.reload_workers(origin, chain=True),
        "q": lambda: master.stop(origin),
        "Q": lambda: master.stop(origin, hurry=True),
        "p": master.toggle_pause,
        "s": master.log_statistics,
        "+": lambda: master.set_workers(master.wanted + 1),
        "-": lambda: master.set_workers(master.wanted - 1),
        "C": lambda: master.set_workers(1),
    }


def _add_touched_files(master: Master, settings: Settings) -> None:
    watch = TouchWatch()
    for path in settings.touch_reload:
        watch.add(path, lambda path: master.reload(f"{_name(path)} was touched"))
    for path in settings.touch_workers_reload:
        watch.add(path, lambda path: master.reload_workers(f"{_name(path)} was touched"))
    for path in settings.touch_chain_reload:
        watch.add(path, lambda path: master.reload_workers(f"{_name(path)} was touched", chain=True))
    if settings.touch_reload or settings.touch_workers_reload or settings.touch_chain_reload:
        master.each_cycle(watch.look)


def _name(path: str) -> str:
    return os.path.basename(path)
