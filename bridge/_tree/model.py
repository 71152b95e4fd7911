"""A picture of a process: who runs, who waits, and for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Frame", "Kind", "Node", "Picture", "State", "Thread", "Wait"]


class Kind(Enum):
    """What a node is."""

    TASK = "Task"
    GREENLET = "Greenlet"


class State(Enum):
    """Whether a node runs."""

    RUNNING = "running"
    READY = "ready to run"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a stack."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that would let a node go on.

    *node* is the key of another node if that is what it waits for, else None.
    """

    what: str
    node: int | None = None


@dataclass(slots=True)
class Node:
    """A task or a greenlet."""

    key: int
    kind: Kind
    label: str
    thread: int
    state: State = State.WAITING
    waits: list[Wait] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stack: list[Frame] = field(default_factory=list)  # outermost first


@dataclass(slots=True)
class Thread:
    """A native thread, its loops, and its stack if no node accounts for it."""

    ident: int
    name: str
    loops: list[str] = field(default_factory=list)
    stack: list[Frame] = field(default_factory=list)


@dataclass(slots=True)
class Picture:
    """Everything, at one moment (other threads may have moved while it was taken)."""

    pid: int
    threads: dict[int, Thread]
    nodes: dict[int, Node]
    unstarted: int = 0

    def waited_for(self) -> set[int]:
        """Return the keys of nodes that other nodes wait for."""
        return {
            wait.node
            for node in self.nodes.values()
            for wait in node.waits
            if wait.node is not None and wait.node != node.key
        }
