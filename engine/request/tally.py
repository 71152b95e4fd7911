"""How replies of one worker ended and how long they took, for those who watch it."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

__all__ = ["BOUNDS", "CLASSES", "Tally"]

BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds, each the longest of its bucket; as Prometheus' client libraries have them."""

CLASSES: Final = ("none", "1xx", "2xx", "3xx", "4xx", "5xx")
"""By the first digit of the status; none: the client has left before there was one."""


class Tally:
    """Counts since the start of the process; made only if somebody asks for them.

    ``classes`` has a number for each of :data:`CLASSES`, ``durations`` one for each of :data:`BOUNDS`
    and one for what took longer.
    """

    def __init__(self) -> None:
        self.classes = [0] * len(CLASSES)
        self.durations = [0] * (len(BOUNDS) + 1)

    def note(self, code: int, took: float) -> None:
        """A reply has ended.

        :param code: its status; 0 if none was sent
        :param took: seconds
        """
        self.note_status(code)
        self.durations[bisect_left(BOUNDS, took)] += 1

    def note_status(self, code: int) -> None:
        """The same of one that became a websocket: how long it lasted is no response time."""
        # 600 to 999 may be sent, too: clients take them for 5xx (RFC 9110 section 15).
        self.classes[min(code // 100, len(CLASSES) - 1)] += 1
