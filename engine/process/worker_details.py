"""What workers say of their cores, tasks and applications when the master asks them all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from engine.channels import Lane
from engine.process.plan import Phase

if TYPE_CHECKING:
    from engine.process.child import Child
    from engine.process.master import Master

__all__ = ["WorkerDetails"]

_PATIENCE: Final = 0.5  # seconds for workers to say what their cores do; a stuck one never will


class WorkerDetails:
    """Asks, in rounds; lives in the master's events."""

    def __init__(self, master: Master) -> None:
        self._master = master
        self._asked = 0
        self._questions: dict[int, _Question] = {}
        master.on_control(b"stats", self._answered)

    def ask(self, then: Callable[[Mapping[int, Any]], None]) -> None:
        """Ask every worker about its cores, then go on; without those that do not answer in time."""
        self._asked += 1
        number = self._asked
        asked = {
            child.pid
            for child in self._master.children()
            if child.phase is not Phase.STARTING
            and self._master.send(child, Lane.CONTROL, b"stats %d" % number)
        }
        self._questions[number] = _Question(asked, then)
        if asked:
            self._master.events.call_later(_PATIENCE, lambda: self._end(number))
        else:
            self._end(number)

    def _answered(self, child: Child, data: bytes) -> None:
        number, _, text = data.partition(b" ")
        question = self._questions.get(int(number))
        if question is None:
            return
        question.details[child.pid] = json.loads(text)
        question.missing.discard(child.pid)
        if not question.missing:
            self._end(int(number))

    def _end(self, number: int) -> None:
        question = self._questions.pop(number, None)
        if question is not None:
            question.then(question.details)


class _Question:
    """One round of asking."""

    def __init__(self, asked: set[int], then: Callable[[Mapping[int, Any]], None]) -> None:
        self.missing = asked
        self.then = then
        self.details: dict[int, Any] = {}
