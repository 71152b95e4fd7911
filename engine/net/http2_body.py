"""The body of an HTTP/2 request: reading it lets the client send more (RFC 9113 section 5.2)."""

from __future__ import annotations

from collections.abc import Callable

from engine.request.body import BodySource, RequestBody

__all__ = ["StreamBody"]


class StreamBody(RequestBody):
    """Tells how many bytes the application has taken; its memory is bounded by the stream's window.

    :param taken: called with their number
    """

    __slots__ = ("_tell_taken",)

    def __init__(
        self, source: BodySource, length: int | None, timeout: float, taken: Callable[[int], None]
    ) -> None:
        RequestBody.__init__(self, source, length, timeout)
        self._tell_taken = taken

    def take(self, limit: int | None = None) -> bytes:
        """As :meth:`RequestBody.take`."""
        data = RequestBody.take(self, limit)
        if data:
            self._tell_taken(len(data))
        return data
