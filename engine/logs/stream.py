"""One stream of log bytes: cut into lines, sorted, encoded, written."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from engine.logs.destinations import Destination
from engine.logs.encoders import encoder_for
from engine.logs.selection import Selection
from engine.logs.targets import Chain, Target

__all__ = ["LineStream"]

_LONGEST = 1 << 20  # bytes of a line that never ends; what comes after is the next one


class LineStream:
    """Takes bytes as they come and writes whole lines.

    :param open_target: opens a destination
    :param drain: patterns of lines to drop; ``keep``: if there are any, of the only ones to keep
    """

    def __init__(
        self,
        chain: Chain,
        drain: Sequence[str],
        keep: Sequence[str],
        open_target: Callable[[Target], Destination],
    ) -> None:
        self._selection = Selection(drain, keep)
        self._sinks = [
            (target.name, open_target(target), encoder_for(target.name, chain.encoders))
            for target in chain.targets or (Target("stdio"),)
        ]
        self._routes = [(re.compile(pattern.encode()), name) for pattern, name in chain.routes]
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take bytes; what has no line end yet waits."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > _LONGEST:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._line(line)

    def finish(self) -> None:
        """Write what has no line end."""
        if self._rest:
            self._line(self._rest)
            self._rest = b""

    def _line(self, line: bytes) -> None:
        if not self._selection.wants(line):
            return
        routed = {name for pattern, name in self._routes if pattern.search(line)}
        for name, destination, encode in self._sinks:
            # As in uWSGI: a line that a route takes goes nowhere else, a logger with a name gets no other.
            if (name in routed) if routed else name is None:
                destination.write(encode(line))

    def open(self) -> None:
        """Open files again."""
        for _, destination, _ in self._sinks:
            destination.open()

    def rotate(self, *, only_big: bool) -> None:
        """Move files away, those that have grown or all, and begin new ones."""
        for _, destination, _ in self._sinks:
            destination.rotate(only_big=only_big)
