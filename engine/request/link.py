"""The connection, as a reply sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.interfaces import Environ
from engine.protocols.http1.framing import Framing

if TYPE_CHECKING:
    from engine.request.exchange import Exchange

__all__ = ["Link"]


class Link:
    """What a reply needs of its connection.  A class, so that compiled code calls without a look-up."""

    def encode_head(
        self, head: Any, status: str, headers: list[tuple[str, str]], length: int | None
    ) -> tuple[bytes, Framing]:
        """Frame a reply and encode its head.

        :param length: of the body, if it is known although the application may not say it
        :raises ValueError: for a status or header that cannot be sent
        """
        raise NotImplementedError

    def encode_interim(self, status: str, headers: list[tuple[str, str]]) -> bytes:
        """Encode a 1xx response."""
        raise NotImplementedError

    def environ_base(self) -> Environ:
        """What the environs of its requests begin with: facts of the client, later all that is the same."""
        raise NotImplementedError

    def transmit(self, data: bytes) -> None:
        """Send bytes of the reply; parks the greenlet while the client is slow."""
        raise NotImplementedError

    def transmit_file(self, fd: int, offset: int, count: int) -> int:
        """Send part of a regular file; return how many bytes it had."""
        raise NotImplementedError

    def reply_ended(self, exchange: Exchange, reusable: bool) -> None:
        """The reply is over; *reusable*: another may follow it."""
        raise NotImplementedError

    def abort(self, reset: bool) -> None:
        """Close so that the client can tell that the reply is not complete."""
        raise NotImplementedError

    def remote_addr(self, head: Any) -> str:
        """The client's address."""
        raise NotImplementedError

    def fileno(self) -> int:
        """Return the descriptor of the client's socket; -1 once it is closed."""
        raise NotImplementedError

    def hang_up(self) -> None:
        """Close the connection although the application still answers; its later writes fail."""
        raise NotImplementedError
