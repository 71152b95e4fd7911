"""``receive`` and ``send`` of one HTTP request (ASGI specification, "HTTP")."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from engine.apps.asgi.bell import Bell
from engine.errors import BodyTimeout, BrokenBody, ClientDisconnected, ReplyError, WriteTimeout
from engine.interfaces import Message
from engine.request.exchange import Exchange
from engine.request.io_errors import IO_ERRORS

__all__ = ["HttpChannel"]

# Hop-by-hop fields, which frameworks copy from elsewhere; the server frames by itself.
_OURS: Final = frozenset((b"transfer-encoding", b"keep-alive", b"upgrade", b"proxy-connection"))

_SMALL: Final = 65536  # bytes of a file that go out in one write

# Phases of the reply, in order.
_START: Final = 0
_BODY: Final = 1
_TRAILERS: Final = 2
_DONE: Final = 3

_EXPECTED: Final = {
    _START: "http.response.start",
    _BODY: "http.response.body",
    _TRAILERS: "http.response.trailers",
}
_STATUSES: Final = {code: str(code) for code in range(100, 1000)}
_DISCONNECT: Final = "http.disconnect"


class HttpChannel:
    """What an application is called with, for one request; its tasks may use both ends at once.

    :param bell: rung at news of the connection
    :param timeout: longest wait for the client, in seconds
    :param in_greenlet: calls a function in a greenlet, where it may park
    :param with_trailers: the client takes trailer fields; else they are dropped
    """

    __slots__ = (
        "_bell",
        "_body_ended",
        "_body_failed",
        "_exchange",
        "_in_greenlet",
        "_link",
        "_phase",
        "_timeout",
        "_trailers",
        "_with_trailers",
        "refused",
        "told_to_leave",
    )

    def __init__(
        self,
        exchange: Exchange,
        bell: Bell,
        timeout: float,
        in_greenlet: Callable[..., Awaitable[Any]],
        with_trailers: bool = False,
    ) -> None:
        self._exchange = exchange
        self._in_greenlet = in_greenlet
        self._link: Any = exchange.link
        self._bell = bell
        self._timeout = timeout
        self._with_trailers = with_trailers
        self._phase = _START
        self._body_ended = False
        self._body_failed = False
        self._trailers: list[tuple[str, str]] | None = None
        self.refused: BrokenBody | BodyTimeout | None = None
        """What was wrong with the request body, if the application has met it."""

        self.told_to_leave = False
        """Whether the application has heard, before the reply was complete, that the client is gone."""

    # -- the request -----------------------------------------------------------------------------

    async def receive(self) -> Message:
        """Return the next piece of the body; then wait until the client leaves or the reply has ended."""
        if self._phase != _DONE and not self._body_ended:
            data = await self._next_piece()
            if data is not None:
                body = self._exchange.body
                more = not body.complete or body.buffered > 0
                self._body_ended = not more
                return {"type": "http.request", "body": data, "more_body": more}
        while not (self._body_failed or self._phase == _DONE or self._link.peer_left()):
            await self._bell.wait()
        if self._phase != _DONE:
            self.told_to_leave = True
        return {"type": _DISCONNECT}

    async def _next_piece(self) -> bytes | None:
        """Return what has arrived, waiting for it if need be; None if no more will come."""
        take = self._exchange.body.take_now
        try:
            while (data := take()) is None:
                if not await self._bell.wait(self._timeout) and take_nothing(self._exchange):
                    raise BodyTimeout(f"no byte of the request body arrived for {self._timeout:g} seconds")
                if self._phase == _DONE:
                    return None
        except (ClientDisconnected, BodyTimeout) as exc:
            # The specification has no errors here: the application hears that the client is gone.
            if isinstance(exc, ClientDisconnected):
                IO_ERRORS.body_lost(self._exchange.core)
            if isinstance(exc, BrokenBody | BodyTimeout):
                self.refused = exc
            self._body_ended = self._body_failed = True
            return None
        return data

    # -- the reply -------------------------------------------------------------------------------

    async def send(self, message: Message) -> None:
        """Take a piece of the reply; return when there is room for the next.

        :raises ReplyError: if it is not its turn
        :raises ClientDisconnected: if the client is gone
        :raises WriteTimeout: if the client takes nothing for the timeout
        """
        kind = message["type"]
        phase = self._phase
        if kind == "http.response.body" and phase == _BODY:
            body = message.get("body", b"")
            if type(body) is not bytes:
                body = _to_bytes(body)
            await self._send_body(body, message.get("more_body", False))
        elif kind == "http.response.start" and phase == _START:
            self._start(message)
        elif kind == "http.response.trailers" and phase == _TRAILERS:
            self._trailers = [*(self._trailers or ()), *_pairs(message.get("headers", ()))]
            if not message.get("more_trailers", False):
                self._finish()
        elif kind == "http.response.pathsend" and phase == _BODY:
            await self._send_file(message["path"])
        elif kind == "http.response.early_hint" and phase <= _BODY:
            if not self._exchange.is_sent():
                self._exchange.early_hints([("Link", link.decode("latin-1")) for link in message["links"]])
        elif phase == _DONE:
            if self._link.peer_left():
                raise ClientDisconnected("write error: the client closed the connection")
            # The specification has what follows a complete reply ignored.
        else:
            raise ReplyError(f"the ASGI message {kind!r} came where {_EXPECTED[phase]!r} was expected")

    def _start(self, message: Message) -> None:
        status = message["status"]
        text = _STATUSES.get(status)
        if text is None:
            raise ReplyError(f"{status!r} is no HTTP status; an ASGI application gives a number like 200")
        self._exchange.start_response(text, _pairs(message.get("headers", ())))
        self._trailers = [] if message.get("trailers", False) else None
        self._phase = _BODY

    async def _send_body(self, data: bytes, more: bool) -> None:
        exchange = self._exchange
        if not more and self._trailers is None:
            exchange.send_all(data)
            if self._link.is_full():
                await self._room()
            self._finish()
            return
        if data:
            exchange.write(data)
        else:
            exchange.send_head(None)
        if self._link.is_full():
            await self._room()
        if not more:
            self._phase = _TRAILERS

    async def _send_file(self, path: str | os.PathLike[str]) -> None:
        exchange = self._exchange
        with open(path, "rb", buffering=0) as file:  # noqa: ASYNC230  # as fast as asking a thread
            fd = file.fileno()
            facts = os.fstat(fd)
            if not stat.S_ISREG(facts.st_mode):
                raise OSError(errno.EINVAL, "http.response.pathsend needs a regular file", os.fspath(path))
            if facts.st_size <= _SMALL:
                exchange.send_file(fd, 0, facts.st_size)
            else:
                # sendfile(2) waits for room again and again, which greenlets are cheaper at.
                self._link.tell(None)
                try:
                    await self._in_greenlet(exchange.send_file, fd, 0, facts.st_size)
                finally:
                    self._link.tell(self._bell)
                    self._bell.unpark()  # it may have missed something
        if self._trailers is None:
            self._finish()
        else:
            self._phase = _TRAILERS

    async def _room(self) -> None:
        """Wait until the client has taken enough."""
        while self._link.is_full():
            if not await self._bell.wait(self._timeout) and self._link.is_full():
                raise self._lost(WriteTimeout(f"the client took nothing for {self._timeout:g} seconds"))
        if self._exchange.gone:
            raise self._lost(ClientDisconnected("write error: the client closed the connection"))

    def _lost(self, error: OSError) -> OSError:
        IO_ERRORS.write_failed(self._exchange, error)
        return error

    def _finish(self) -> None:
        if self._trailers and self._with_trailers:
            self._exchange.send_trailers(self._trailers)
        self._exchange.finish()
        self.close()

    def close(self) -> None:
        """The reply is over, for better or worse: whoever waits here hears so."""
        if self._phase != _DONE:
            self._phase = _DONE
            if self._exchange.is_ended():
                # The next request of the connection may be one that parks.
                self._link.tell(None)
            self._bell.unpark()


def take_nothing(exchange: Exchange) -> bool:
    """Whether still nothing of the body has come."""
    return not exchange.body.buffered and not exchange.body.complete


def _pairs(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    try:
        return [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in headers if name not in _OURS
        ]
    except AttributeError:
        shown = next(
            (f"{pair!r}" for pair in headers if not all(isinstance(part, bytes) for part in pair)), ""
        )
        raise TypeError(f"names and values of ASGI headers are bytes, not {shown}") from None


def _to_bytes(body: object) -> bytes:
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    raise TypeError(f"the body of an ASGI message is bytes, not {type(body).__name__}; encode it")
