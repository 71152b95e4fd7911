"""What a connection needs of its protocol's parser."""

from __future__ import annotations

from engine.protocols.events import Event

__all__ = ["Parser"]


class Parser:
    """Bytes in, events out; no I/O.  A class, so that compiled code calls without a look-up."""

    __slots__ = ()

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes from the peer, ``b""`` for EOF; return the events they complete."""
        raise NotImplementedError

    def next_request(self) -> list[Event]:
        """Go on after the response has ended; return what is known of the next request."""
        raise NotImplementedError

    def take_remaining(self) -> bytes:
        """Hand the connection over to another protocol; return the bytes that follow the request."""
        raise NotImplementedError

    def body_left(self) -> int:
        """Return how many bytes must follow that are body and nothing else; 0 if that is not known."""
        return 0

    def skip_body(self, count: int) -> bool:
        """*count* bytes of :meth:`body_left` were received elsewhere; return whether the body has ended."""
        raise NotImplementedError

    def should_pause(self) -> bool:
        """True if bytes beyond the current request are kept, so reading on would pile up more."""
        raise NotImplementedError

    def in_head(self) -> bool:
        """True while a head has begun and not ended."""
        raise NotImplementedError
