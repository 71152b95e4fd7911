"""What else lives in a master: what its parts want called, show, offer, and wait for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["Parts"]


class Parts:
    """Daemons, cron jobs, helpers and so on, as far as the master has to know them."""

    def __init__(self) -> None:
        self._each_cycle: list[Callable[[], None]] = []
        self._busy: list[Callable[[], bool]] = []
        self._commands: dict[str, Callable[[], None]] = {}
        self._shown: dict[str, list[Callable[[], Sequence[Mapping[str, Any]]]]] = {}

    def each_cycle(self, call: Callable[[], None]) -> None:
        """Call about once a second, and after each signal."""
        self._each_cycle.append(call)

    def cycle(self) -> None:
        """Give every part its turn."""
        for call in self._each_cycle:
            call()

    def wait_for(self, busy: Callable[[], bool]) -> None:
        """Do not end while *busy* returns true; who asks for it sees to it that this has an end."""
        self._busy.append(busy)

    def are_busy(self) -> bool:
        """Whether a part is still to be waited for."""
        return any(busy() for busy in self._busy)

    def on_command(self, name: str, call: Callable[[], None]) -> None:
        """Offer something that :meth:`command` can ask for by its name."""
        self._commands[name] = call

    def command(self, name: str) -> None:
        """Do what a part offers under a name; nothing happens if no part does."""
        call = self._commands.get(name)
        if call is not None:
            call()

    def show(self, section: str, tell: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
        """Add entries to a list in the statistics: ``daemons``, ``crons`` and so on."""
        self._shown.setdefault(section, []).append(tell)

    def shown(self) -> dict[str, list[Mapping[str, Any]]]:
        """Return the lists that :meth:`show` was called for, as of now."""
        return {name: [entry for tell in tells for entry in tell()] for name, tells in self._shown.items()}
