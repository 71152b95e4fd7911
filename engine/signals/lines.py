"""Signals on their way to processes: what was sent and not yet taken, and what waits for a process.

No descriptors here: :meth:`Lines.outgoing` says what to send to whom.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from engine.signals.targets import Kind, Reach, Target

__all__ = ["IN_FLIGHT", "MOST_HELD", "Line", "Lines"]

# Signals a process may have been sent and not begun to handle; more wait here.
IN_FLIGHT: Final = 1024
# Signals that wait for one process or pool before new ones are refused.
MOST_HELD: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Signal:
    """One signal for one process; *address* is the number it is meant for, 0 for any of its kind."""

    number: int
    address: int


@dataclass(slots=True)
class Line:
    """One process that takes signals."""

    process: int
    kind: Kind
    number: int
    leaving: bool = False
    waiting: deque[_Signal] = field(default_factory=deque)
    sent: deque[_Signal] = field(default_factory=deque)

    def load(self) -> int:
        """How many signals it has not begun to handle."""
        return len(self.waiting) + len(self.sent)


class Lines:
    """All of them.

    :param count: how many processes of a kind there are meant to be, running or not
    :param farms: mule numbers of a farm, by name or by number from 1; None if there is none
    """

    def __init__(
        self,
        count: Callable[[Kind], int],
        farms: Callable[[str | int], Iterable[int] | None] = lambda which: None,
    ) -> None:
        self._count = count
        self._farms = farms
        self._lines: dict[int, Line] = {}
        self._held: dict[tuple[Kind, int], deque[_Signal]] = {}
        self._turn = 0

    # -- processes come and go --------------------------------------------------------

    def open(self, process: int, kind: Kind, number: int) -> None:
        """A process takes signals from now on: first those that were held for it."""
        line = self._lines[process] = Line(process, kind, number)
        for address in (number, 0):
            held = self._held.pop((kind, address), None)
            if held:
                line.waiting.extend(held)

    def leave(self, process: int) -> None:
        """A process is about to end; what it was sent it will still handle."""
        line = self._lines.get(process)
        if line is not None and not line.leaving:
            line.leaving = True
            waiting, line.waiting = line.waiting, deque()
            for signal in waiting:
                self._place(line.kind, signal)

    def close(self, process: int) -> None:
        """A process has ended; what it had not begun to handle goes to others, or to its successor."""
        line = self._lines.pop(process, None)
        if line is None:
            return
        for signal in (*line.sent, *line.waiting):
            self._place(line.kind, signal)

    def taken(self, process: int, count: int) -> None:
        """A process has begun to handle the first *count* signals it was sent."""
        line = self._lines.get(process)
        if line is not None:
            for _ in range(min(count, len(line.sent))):
                line.sent.popleft()

    # -- signals ------------------------------------------------------------------------

    def route(self, number: int, target: Target, owners: set[int] | None = None) -> str | None:
        """Send a signal where its target says; return a line for the log if it cannot be.

        :param owners: processes that have the handler; None means all
        """
        kind = target.kind
        match target.reach:
            case Reach.NOBODY:
                return None
            case Reach.UNKNOWN:
                return f"^^^ UNSUPPORTED SIGNAL TARGET: {target.name} ^^^"
            case Reach.ONE:
                if not self._count(kind):
                    return f"signal {number} is for a {kind.value}, but none is configured"
                return self._place(kind, _Signal(number, 0), owners)
            case Reach.NUMBER:
                if target.number > self._count(kind):
                    return f"invalid signal target: {kind.value}{target.number}"
                return self._place(kind, _Signal(number, target.number))
            case Reach.ALL | Reach.ACTIVE:
                return self._route_to_all(number, target, owners)
            case Reach.FARM:
                return self._route_to_farm(number, target)

    def _route_to_all(self, number: int, target: Target, owners: set[int] | None) -> str | None:
        problem = None
        for address in range(1, self._count(target.kind) + 1):
            line = self._line_of(target.kind, address)
            if line is None and target.reach is Reach.ACTIVE:
                continue
            if line is not None and owners is not None and line.process not in owners:
                continue
            problem = self._place(target.kind, _Signal(number, address)) or problem
        return problem

    def _route_to_farm(self, number: int, target: Target) -> str | None:
        members = self._farms(target.name or target.number)
        if members is None:
            return f"unknown farm: {target.name or target.number}"
        lines = [line for line in map(self._mule, members) if line is not None]
        if not lines:
            return f"no mule of farm {target.name or target.number} runs; signal {number} is lost"
        line = min(lines, key=Line.load)
        line.waiting.append(_Signal(number, line.number))
        return None

    def _mule(self, number: int) -> Line | None:
        return self._line_of(Kind.MULE, number)

    def _place(self, kind: Kind, signal: _Signal, owners: set[int] | None = None) -> str | None:
        """Give a signal to a process that will take it, or hold it until there is one."""
        line = self._line_of(kind, signal.address) if signal.address else self._freest(kind, owners)
        queue = self._held.setdefault((kind, signal.address), deque()) if line is None else line.waiting
        if len(queue) >= MOST_HELD:
            return (
                f"*** SIGNAL QUEUE IS FULL: {MOST_HELD} signals wait for "
                f"{kind.value} {signal.address or ''}; signal {signal.number} is lost ***"
            )
        queue.append(signal)
        return None

    def _line_of(self, kind: Kind, number: int) -> Line | None:
        found = [line for line in self._lines.values() if line.kind is kind and line.number == number]
        return next((line for line in reversed(found) if not line.leaving), None)

    def _freest(self, kind: Kind, owners: set[int] | None) -> Line | None:
        lines = [line for line in self._lines.values() if line.kind is kind and not line.leaving]
        if owners is not None:
            lines = [line for line in lines if line.process in owners] or lines
        if not lines:
            return None
        least = min(map(Line.load, lines))
        lines = [line for line in lines if line.load() == least]
        self._turn += 1
        return lines[self._turn % len(lines)]

    # -- out -----------------------------------------------------------------------------

    def outgoing(self, most: int | None = IN_FLIGHT) -> list[tuple[int, bytes]]:
        """Return (process, signal numbers) to send now; they count as sent.

        :param most: signals that a process may have been sent and not begun; None for any number
        """
        found: list[tuple[int, bytes]] = []
        for line in self._lines.values():
            room = len(line.waiting) if most is None else most - len(line.sent)
            if not line.waiting or room <= 0:
                continue
            numbers = bytearray()
            while line.waiting and len(numbers) < room:
                signal = line.waiting.popleft()
                line.sent.append(signal)
                numbers.append(signal.number)
            found.append((line.process, bytes(numbers)))
        return found

    def take_back(self, process: int, count: int) -> None:
        """The last *count* signals could not be sent after all."""
        line = self._lines.get(process)
        if line is not None:
            for _ in range(count):
                line.waiting.appendleft(line.sent.pop())

    def pending(self) -> int:
        """How many signals nobody has begun to handle."""
        return sum(map(Line.load, self._lines.values())) + sum(map(len, self._held.values()))

    def pending_here(self) -> int:
        """How many signals have not been sent to any process."""
        waiting = sum(len(line.waiting) for line in self._lines.values())
        return waiting + sum(map(len, self._held.values()))

    def __repr__(self) -> str:
        return f"<Lines to {len(self._lines)} processes, {self.pending()} signals pending>"
