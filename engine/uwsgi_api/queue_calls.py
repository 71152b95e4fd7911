"""Functions on the queue."""

from __future__ import annotations

from engine.uwsgi_api.cluster.ring import SharedRing
from engine.uwsgi_api.public import public
from engine.uwsgi_api.shared.ring import Ring
from engine.uwsgi_api.store_calls import StoreCalls
from engine.uwsgi_api.texts import to_bytes

__all__ = ["QueueCalls"]


class QueueCalls(StoreCalls):
    """The queue"""

    def _queue(self) -> Ring | SharedRing:
        queue = self._store().queue
        if queue is None:
            raise ValueError("there is no queue: give --queue with the number of slots")
        return queue

    @public("P1", differs="a full queue gives up its oldest message")
    def queue_push(self, message: bytes, /) -> bool | None:
        """Add a message; None if it is longer than ``--queue-blocksize``."""
        return self._queue().push(to_bytes(message, "message")) or None

    @public("P1")
    def queue_pull(self) -> bytes | None:
        """Take the oldest message, or None."""
        return self._queue().pull()

    @public("P1")
    def queue_pop(self) -> bytes | None:
        """Take the newest message, or None."""
        return self._queue().pop()

    @public("P1")
    def queue_last(self, n: int = 0, /) -> bytes | list[bytes | None] | None:
        """The newest message; with *n* a list of the newest ones."""
        queue = self._queue()
        return queue.last(n) if n else queue.last(1)[0]

    @public("P1")
    def queue_get(self, slot: int, /) -> bytes | None:
        """The message of a slot, or None."""
        return self._queue().get(slot)

    @public("P1")
    def queue_set(self, slot: int, message: bytes, /) -> bool | None:
        """Put a message into a slot."""
        return self._queue().set(slot, to_bytes(message, "message")) or None

    @public("P1")
    def queue_slot(self) -> int:
        """The slot that the next push writes."""
        return self._queue().slot()

    @public("P1")
    def queue_pull_slot(self) -> int:
        """The slot that the next pull takes."""
        return self._queue().pull_slot()
