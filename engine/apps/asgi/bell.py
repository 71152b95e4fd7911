"""Where tasks wait for news of their connection."""

from __future__ import annotations

import asyncio

__all__ = ["Bell"]


class Bell:
    """A parking place for tasks: any number wait, each ring wakes them all, and they look again.

    Greenlets park where they stand; a task has to await.  Whoever has news (the request's body, the
    write side of the connection) rings without knowing which of the two it wakes
    (:class:`engine.interfaces.ParkingPlace`).
    """

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[bool]] = []

    def unpark(self) -> None:
        """Wake whoever waits; call in the loop's thread, from a callback, a task or a greenlet."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(True)

    def park(self, timeout: float | None = None) -> bool:
        """Refuse: this place is for tasks, which write ``await bell.wait()``."""
        raise RuntimeError("a request that runs in a task cannot park; await bell.wait() instead")

    def park_writable(self, fd: int, timeout: float | None = None) -> bool:
        """Refuse, as :meth:`park` does (:class:`engine.interfaces.WritingPlace`)."""
        return self.park(timeout)

    async def wait(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109  # cheaper than asyncio.timeout
        """Return True at the next ring, False if *timeout* seconds passed first."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(future)
        if timeout is None:
            return await future
        timer = loop.call_later(timeout, _expire, future)
        try:
            return await future
        finally:
            timer.cancel()

    def __repr__(self) -> str:
        return f"<Bell with {len(self._waiting)} waiting>"


def _expire(future: asyncio.Future[bool]) -> None:
    if not future.done():
        future.set_result(False)
