"""What the functions of the module know of the server they run in."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.channels import Lane, WorkerSide
from engine.signals.agent import Agent
from engine.signals.targets import Kind
from engine.stats.figures import AppFacts
from engine.stats.scoreboard import Column, Row, Scoreboard
from engine.uwsgi_api.helpers.roles import Role, Roles

if TYPE_CHECKING:
    from engine.uwsgi_api.helper_calls import Inbox
    from engine.uwsgi_api.helpers.shared_spooler import SharedSpooler
    from engine.uwsgi_api.helpers.spooler import Spooler
    from engine.uwsgi_api.store import Store

__all__ = ["Facts", "Instance"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Settings that applications can ask for.

    :param opt: ``uwsgi.opt``
    :param supervised: whether there is a master process
    :param sockets: descriptors of the listening sockets
    """

    processes: int
    cores: int
    supervised: bool
    buffer_size: int = 4096
    opt: Mapping[str, Any] = field(default_factory=dict)
    sockets: tuple[int, ...] = ()
    started_on: int = field(default_factory=lambda: int(time.time()))


class Instance:
    """One process of the server.  Made before the fork; workers call :meth:`become_worker`.

    :param log: writes one line to the server log; any thread
    """

    def __init__(self, facts: Facts, log: Callable[[str], None]) -> None:
        self.facts = facts
        self.log = log
        self.agent = Agent(log)
        self.board: Scoreboard | None = None
        self.row: Row | None = None
        self.worker_id = 0
        self.mule_id = 0
        self.is_spooler = False
        self.roles = Roles.of(facts.opt)
        self.channel: WorkerSide | None = None
        self.inbox: Inbox | None = None
        self.spoolers: list[Spooler | SharedSpooler] = []
        self._spooler_memory = memoryview(bytearray(8)).cast("q")
        self._spooler_pids = self._spooler_memory[:0]
        self.master_pid = os.getpid() if facts.supervised else 0
        self.requests_started = 0
        self.serving = False
        self.store: Store | None = None
        self.warned_of_cache = False
        self.load_application: Callable[[], object] | None = None
        """What a spooler or mule calls first, where every process loads the application for itself."""
        self.set_title: Callable[[str], None] = lambda role: None
        """Names this process in the list of processes."""
        self.set_harakiri: Callable[[float], None] | None = None
        self.apps: Sequence[AppFacts] = (AppFacts(),)
        """The applications of this server, as far as this process knows them."""
        self.log_size: Callable[[], int] = lambda: 0
        self.environ_of: Callable[..., dict[str, Any]] = lambda exchange, facts: dict(facts)
        """Makes the environ of a request; only workers can."""

    def become_worker(self, number: int) -> None:
        """This process is worker *number* from here on."""
        self.worker_id = self.agent.worker_id = number

    def become_helper(self, role: Role, channel: WorkerSide) -> None:
        """This process is a spooler or a mule from here on."""
        self.channel = channel
        if role.kind is Kind.MULE:
            self.mule_id = role.number
        elif role.kind is Kind.SPOOLER:
            self.is_spooler = True
            self.note_spooler(role.number)

    def note_spooler(self, number: int) -> None:
        """This process is spooler *number*, perhaps among other things."""
        if number <= len(self._spooler_pids):
            self._spooler_pids[number - 1] = os.getpid()

    def note_tasks(self, spooler: int, done: int, runs: bool) -> None:
        """A spooler of this process has done so many tasks, and does another or none."""
        at = len(self._spooler_pids) + 2 * (spooler - 1)
        if at + 2 < len(self._spooler_memory):  # the last cell is the frequency
            self._spooler_memory[at], self._spooler_memory[at + 1] = done, int(runs)

    def tasks_of(self, spooler: int) -> tuple[int, int]:
        """Return what :meth:`note_tasks` was told by the process that is this spooler."""
        at = len(self._spooler_pids) + 2 * (spooler - 1)
        if at + 2 >= len(self._spooler_memory):
            return 0, 0
        return self._spooler_memory[at], self._spooler_memory[at + 1]

    def share_spooler_pids(self, memory: memoryview) -> None:
        """Keep the process ids of spoolers in memory that all processes share."""
        self._spooler_memory = memory.cast("q")
        self._spooler_pids = self._spooler_memory[: self.roles.count(Kind.SPOOLER)]

    @property
    def spooler_frequency(self) -> float:
        """Seconds between two looks of a spooler at its directory; any process may set it."""
        return self._spooler_memory[-1] / 1000 or self.roles.spooler.frequency

    @spooler_frequency.setter
    def spooler_frequency(self, seconds: float) -> None:
        self._spooler_memory[-1] = int(seconds * 1000)
        self.poke_spoolers()

    def spooler_pids(self) -> list[int]:
        """Process ids of the spoolers; 0 for one that has not started yet."""
        return list(self._spooler_pids)

    def mule_count(self) -> int:
        """How many mules there are."""
        return self.roles.count(Kind.MULE)

    def tell_master(self, data: bytes) -> bool:
        """Send the part of the master that looks after helpers a message; False if there is none."""
        return self.channel is not None and self.channel.send(Lane.API, data)

    def poke_spoolers(self) -> None:
        """Let spoolers look at their directories now."""
        for spooler in self.spoolers:
            spooler.poke()
        self.tell_master(b"poke")

    def serve_shared(self) -> None:
        """Let greenlets of this process wait for what servers share; its loop runs."""
        if self.store is not None and self.store.shared is not None:
            self.store.shared.client.serve()

    async def close_shared(self) -> None:
        """The process is about to end."""
        if self.store is not None and self.store.shared is not None:
            await self.store.shared.client.close()

    def use_scoreboard(self, board: Scoreboard, row: Row | None) -> None:
        """Read what others do from *board*; *row* is this process's own."""
        self.board = board
        self.row = row

    def row_of(self, number: int) -> Row | None:
        """Return the row of worker *number*; None if it does not run."""
        return None if self.board is None else self.board.current(number)

    def metric(self, name: str) -> int:
        """Return the value of a metric; 0 if there is none."""
        return 0 if self.store is None else self.store.metrics.get(name.encode())

    def requests_ended(self) -> int:
        """How many requests all workers have finished, of those that are on the scoreboard."""
        rows = [self.row_of(number) for number in range(1, self.facts.processes + 1)]
        return sum(row[Column.BASE_REQUESTS] + row[Column.REQUESTS] for row in rows if row is not None)

    def signal_server(self, number: signal.Signals) -> None:
        """Send a Unix signal to the process that leads the server: the master, or this one without."""
        os.kill(self.master_pid or os.getpid(), number)

    def __repr__(self) -> str:
        return f"<Instance worker={self.worker_id} master={self.master_pid}>"
