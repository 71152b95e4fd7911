"""No workers while nobody asks for anything (uWSGI ``--cheap``, ``--idle``, ``--die-on-idle``)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.stats.scoreboard import Column

if TYPE_CHECKING:
    from engine.net.listeners import Listener
    from engine.process.master import Master

__all__ = ["Idle"]


class Idle:
    """Lives in the master's events; the next connection waits in the backlog until a worker is up.

    :param seconds: without a request until workers end; 0.0 means never
    :param die: end the server then
    :param asleep: begin without workers
    :param workers: how many to start when somebody comes
    """

    def __init__(
        self,
        master: Master,
        listeners: Sequence[Listener],
        seconds: float,
        *,
        die: bool,
        asleep: bool,
        workers: int,
    ) -> None:
        self._master = master
        self._listeners = listeners
        self._seconds = seconds
        self._die = die
        self._workers = workers
        self._asleep = False
        self._seen = -1
        self._since = time.monotonic()
        if asleep:
            self._sleep()
        if seconds:
            master.each_cycle(self._look)

    def _look(self) -> None:
        master = self._master
        now = time.monotonic()
        rows = [child.row for child in master.children() if child.row is not None]
        busy = any(row[Column.BUSY] or row[Column.WAITING] for row in rows)
        served = sum(row[Column.BASE_REQUESTS] + row[Column.REQUESTS] for row in rows)
        if busy or served != self._seen or self._asleep or master.is_stopping():
            self._seen = served
            self._since = now
        elif now - self._since >= self._seconds:
            master.log.line(f"workers have been inactive for more than {self._seconds:g} seconds")
            if self._die:
                master.orders.stop("nobody asks for anything (--die-on-idle)")
            else:
                self._sleep()

    def _sleep(self) -> None:
        self._asleep = True
        self._master.log.line("cheap mode enabled: waiting for socket connection...")
        self._master.orders.rest()
        for listener in self._listeners:
            self._master.events.add_reader(listener.sock.fileno(), self._wake)

    def _wake(self) -> None:
        self._asleep = False
        self._since = time.monotonic()
        for listener in self._listeners:
            if listener.sock.fileno() >= 0:
                self._master.events.remove_reader(listener.sock.fileno())
        if not self._master.is_stopping():
            self._master.orders.set_workers(self._workers)
