"""The switchboard in the process that loads the application: the master, or the only one.

Everything here runs in the thread of the switchboard; what other threads send is handed to it.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from bridge.lowlevel import original
from engine.channels import Lane
from engine.signals.agent import Agent
from engine.signals.registry import MASTER
from engine.signals.switchboard import Switchboard
from engine.signals.targets import Kind

__all__ = ["Local", "MasterLike"]


class MasterLike(Protocol):
    """What signals need of the master."""

    wanted: int
    events: Any

    def on_message(self, lane: Lane, handler: Callable[[Any, bytes], None]) -> None: ...
    def each_cycle(self, call: Callable[[], None]) -> None: ...
    def before_exec(self, call: Callable[[], None]) -> None: ...
    def children(self) -> Iterable[Any]: ...
    def send(self, child: Any, lane: Lane, data: bytes) -> bool: ...


class Local:
    """Ties a switchboard to the agent of its own process, and to a loop.

    :param workers: how many there are to be
    :param helpers: how many mules and spoolers there are
    :param farms: numbers of the mules in a farm
    """

    def __init__(
        self,
        workers: int,
        agent: Agent,
        log: Callable[[str], None],
        helpers: Callable[[Kind], int] = lambda kind: 0,
        farms: Callable[[str | int], Iterable[int] | None] = lambda which: None,
    ) -> None:
        self._workers = workers
        self._helpers = helpers
        self._agent = agent
        self._master: MasterLike | None = None
        self._loop: AbstractEventLoop | None = None
        self._open: set[int] = set()
        self._thread: int = _get_ident()
        self.switchboard = Switchboard(self._count, log, farms=farms)
        agent.connect(self._from_here)

    def _count(self, kind: Kind) -> int:
        if kind is not Kind.WORKER:
            return self._helpers(kind)
        return self._workers if self._master is None else self._master.wanted

    def _from_here(self, data: bytes) -> bool:
        """A message of this process's own agent."""
        if _get_ident() == self._thread or self._loop is None:
            self.switchboard.receive(MASTER, data)
        else:
            self._loop.call_soon_threadsafe(self.switchboard.receive, MASTER, data)
        return True

    # -- alone ------------------------------------------------------------------------

    def serve_alone(self, loop: AbstractEventLoop) -> None:
        """Route and handle in this process; call in the loop."""
        self._loop = loop
        self._thread = _get_ident()
        self.switchboard.start(loop)
        self.switchboard.open(MASTER, Kind.WORKER, 1, self._deliver_here)

    def _deliver_here(self, numbers: bytes) -> bool:
        assert self._loop is not None
        self._loop.call_soon(self._agent.deliver, numbers)
        return True

    # -- in a master ---------------------------------------------------------------------

    def serve_in(self, master: MasterLike) -> None:
        """Route for the children of *master*; call before its loop runs."""
        self._master = master
        master.on_message(Lane.SIGNALS, self._from_child)
        master.each_cycle(self._look_at_children)
        master.before_exec(self._hand_over)
        self.switchboard.start(master.events)

    def _hand_over(self) -> None:
        """The next image of the master knows nothing of what waits here: it goes to the workers of now."""
        self._look_at_children()
        self.switchboard.hand_over()

    def _from_child(self, child: Any, data: bytes) -> None:
        self.switchboard.receive(child.pid, data, lambda: self._greet(child))

    def _greet(self, child: Any) -> None:
        master = self._master
        assert master is not None
        if child.pid in self._open:
            return
        self._open.add(child.pid)

        def deliver(numbers: bytes) -> bool:
            return master.send(child, Lane.SIGNALS, numbers)

        self.switchboard.open(child.pid, Kind.WORKER, child.number, deliver)

    def _look_at_children(self) -> None:
        assert self._master is not None
        running = {child.pid: child for child in self._master.children()}
        for pid in [pid for pid in self._open if pid not in running]:
            self._open.discard(pid)
            self.switchboard.close(pid)
        for pid in self._open:
            if running[pid].phase.name == "LEAVING":
                self.switchboard.leave(pid)


def _get_ident() -> int:
    ident: int = original("_thread", "get_ident")()
    return ident
