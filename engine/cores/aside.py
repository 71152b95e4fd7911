"""Requests that are answered from files: in a greenlet, but on no core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from bridge.lowlevel import direct_runner
from engine.cores.runner import RequestGreenlet

__all__ = ["Aside", "Shelf"]


class Shelf(Protocol):
    """Knows what can be answered without the application."""

    def find(self, exchange: Any) -> Any | None: ...
    def serve(self, exchange: Any, found: Any) -> None: ...


class Aside:
    """Answers what the shelf has; everything else goes to the cores.

    A client that takes minutes for a file keeps no core from the application.

    :param submit: runs the others when a core is free
    :param log: writes one line to the server log
    """

    def __init__(self, shelf: Shelf, submit: Callable[[Any], None], log: Callable[[str], None]) -> None:
        self._shelf = shelf
        self._submit = submit
        self._log = log
        self._run_now = direct_runner()
        self.answered = 0
        """Requests answered from files so far."""

    def submit(self, exchange: Any) -> None:
        """Answer *exchange* or pass it on; call in an asyncio callback."""
        try:
            found = self._shelf.find(exchange)
        except Exception as exc:  # the connection must get an answer whatever is wrong with the disk
            self._log(f"looking for a file for {exchange.uri} failed: {exc!r}")
            found = None
        if found is None:
            self._submit(exchange)
            return
        self.answered += 1
        greenlet = RequestGreenlet(self._shelf.serve, exchange, found)
        greenlet.exchange = exchange
        self._run_now(greenlet)
