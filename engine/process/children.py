"""The workers that run, and the messages between them and their master."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from engine.channels import Lane, MasterSide
from engine.process.child import Child
from engine.process.events import MasterEvents
from engine.process.plan import Phase
from engine.process.reexec import Inherited, OldWorker
from engine.stats.scoreboard import Column

__all__ = ["Children"]

_CONTROL: Final = Lane.CONTROL


class Children:
    """Workers by process id, replaced ones included; lives in the master's events.

    ``requests``: by worker number, what processes that have ended have served.
    """

    def __init__(self, events: MasterEvents) -> None:
        self._events = events
        self._by_pid: dict[int, Child] = {}
        self._handlers: dict[Lane, Callable[[Child, bytes], None]] = {_CONTROL: self._control}
        self._commands: dict[bytes, Callable[[Child, bytes], None]] = {}
        self.requests: dict[int, int] = {}

    def __iter__(self) -> Iterator[Child]:
        return iter(list(self._by_pid.values()))

    def __len__(self) -> int:
        return len(self._by_pid)

    def __getitem__(self, pid: int) -> Child:
        return self._by_pid[pid]

    def add(self, child: Child) -> None:
        """Listen to a worker from now on."""
        self._by_pid[child.pid] = child
        for lane in self._handlers:
            self._listen(child, lane)
        self._events.add_reader(child.channel.fileno(), lambda: self._read(child))

    def remove(self, pid: int) -> Child:
        """Forget a worker that has ended, after it was heard; its requests are kept."""
        child = self._by_pid.pop(pid)
        child.channel.dispatch()  # what it said last
        self._disconnect(child)
        if child.row is not None:
            self.requests[child.number] = self.requests.get(child.number, 0) + child.row[Column.REQUESTS]
            child.row.clear()
        return child

    def close_in_child(self) -> None:
        """Let go of all channels in a forked child, or their workers would not notice the master's end."""
        for child in self._by_pid.values():
            child.channel.close()

    # -- messages -------------------------------------------------------------------------------

    def on_message(self, lane: Lane, handler: Callable[[Child, bytes], None]) -> None:
        """Give messages of all workers on a lane to *handler*, those of later ones too."""
        self._handlers[lane] = handler
        for child in self._by_pid.values():
            self._listen(child, lane)

    def on_control(self, word: bytes, handler: Callable[[Child, bytes], None]) -> None:
        """Give control messages that begin with *word* to *handler*, without the word."""
        self._commands[word] = handler

    def send(self, child: Child, lane: Lane, data: bytes) -> bool:
        """Send a message; what the kernel does not take goes out when it can."""
        taken = child.channel.send(lane, data)
        if child.channel.wants_write:
            self._events.add_writer(child.channel.fileno(), lambda: self._flush(child))
        return taken

    def tell_all(self, command: bytes) -> None:
        """Send a command to every worker."""
        for child in self._by_pid.values():
            self.send(child, _CONTROL, command)

    def _control(self, child: Child, data: bytes) -> None:
        word, _, rest = data.partition(b" ")
        handler = self._commands.get(word)
        if handler is not None:
            handler(child, rest)

    def _listen(self, child: Child, lane: Lane) -> None:
        child.channel.on(lane, lambda data: self._handlers[lane](child, data))

    def _read(self, child: Child) -> None:
        child.channel.dispatch()
        if child.channel.closed:
            self._disconnect(child)

    def _flush(self, child: Child) -> None:
        if child.channel.flush():
            self._events.remove_writer(child.channel.fileno())

    def _disconnect(self, child: Child) -> None:
        self._events.remove_reader(child.channel.fileno())
        self._events.remove_writer(child.channel.fileno())
        child.channel.close()

    # -- from one image to the next --------------------------------------------------------------

    def adopt(self, before: Inherited) -> None:
        """Look after the workers of the image before until they are replaced."""
        self.requests = {int(number): count for number, count in before.requests.items()}
        for old in before.workers:
            child = Child(old.pid, old.number, MasterSide.from_fd(old.fd, old.unread), None)
            child.stale = True
            child.brutal = before.brutal
            if old.phase == Phase.LEAVING.value:
                child.told_at = time.monotonic()
            child.move(Phase(old.phase))
            self.add(child)

    def to_hand_over(self) -> tuple[OldWorker, ...]:
        """Return what the next image needs to adopt them."""
        return tuple(
            OldWorker(
                child.pid, child.number, child.channel.fileno(), child.phase.value, child.channel.unread()
            )
            for child in self._by_pid.values()
            if not child.channel.closed
        )

    def all_requests(self) -> dict[str, int]:
        """Return how much each worker number has served, running processes included."""
        requests = {str(number): count for number, count in self.requests.items()}
        for child in self._by_pid.values():
            if child.row is not None:
                key = str(child.number)
                requests[key] = requests.get(key, 0) + child.row[Column.REQUESTS]
        return requests
