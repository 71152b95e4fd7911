"""Replies that clients did not take and bodies that did not come, counted by core as uWSGI does.

uWSGI counts a reply once, a body at each read that fails, and no read that took too long (core/writer.c,
core/reader.c).  A client that closes in the middle of its body it counts in ``readline()`` only; here each
read that meets it counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from engine.errors import ClientDisconnected, WriteTimeout

if TYPE_CHECKING:
    from engine.request.exchange import Exchange

__all__ = ["IO_ERRORS", "IoErrors"]

_WRITE_ERROR: Final = "write error"  # how the texts begin that writes raise, uWSGI's too


class IoErrors:
    """Of one worker, since it began; ``reads`` and ``writes`` have an entry for each core that met some.

    ``find_core`` tells the core of the request for which the caller runs, None if there is none.
    """

    def __init__(self) -> None:
        self.reads: Counter[int] = Counter()
        self.writes: Counter[int] = Counter()
        self.find_core: Callable[[], int | None] = lambda: None

    def body_lost(self, core: int | None = None) -> None:
        """Count a read that failed.

        :param core: None: that of the current request
        """
        found = self.find_core() if core is None else core
        if found is not None:
            self.reads[found] += 1

    def write_failed(self, exchange: Exchange, exc: BaseException) -> None:
        """Count *exc* if it is that of a write, the first time in a request; whoever catches it later.

        What is sent without a core, as files are, counts for core 0.
        """
        if not exchange.write_failed and _is_write_error(exc):
            exchange.write_failed = True
            self.writes[max(0, exchange.core)] += 1

    def request_failed(self, exchange: Exchange, exc: BaseException) -> None:
        """Count a write that failed, if that is why a request ended, or what its application made of one."""
        seen: BaseException | None = exc
        while seen is not None:
            self.write_failed(exchange, seen)
            seen = seen.__cause__ or seen.__context__


def _is_write_error(exc: BaseException) -> bool:
    if isinstance(exc, ClientDisconnected):
        return str(exc).startswith(_WRITE_ERROR)
    return isinstance(exc, WriteTimeout)


# One per process, as there is one worker: whoever reads a body knows neither its worker nor its request.
IO_ERRORS: Final = IoErrors()
