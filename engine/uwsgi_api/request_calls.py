"""Functions about the request on whose behalf they are called."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from typing import IO, Any, Final, TypeAlias

from engine.protocols.events import RequestHead
from engine.request.exchange import Exchange
from engine.uwsgi_api.context import NOT_IN_REQUEST, RequestContext, current_exchange, the_request
from engine.uwsgi_api.instance import Instance
from engine.uwsgi_api.keyvals import Options
from engine.uwsgi_api.patience import take_within
from engine.uwsgi_api.public import public
from engine.uwsgi_api.texts import to_bytes

__all__ = ["Notes", "RequestCalls", "encoder_keeper", "keep_variable", "notes_of"]

_BLOCK: Final = 65536
_LONGEST_PIECE: Final = 1048576  # uWSGI's chunked-input-limit
_ANY_GREENLET: Final = "works in every greenlet and task of the request"
# poll(2): the peer has closed, whether or not somebody has read up to there. Linux and FreeBSD.
_POLLRDHUP: Final = getattr(select, "POLLRDHUP", 0)
_GONE: Final = select.POLLHUP | select.POLLERR | select.POLLNVAL | _POLLRDHUP


Encoder: TypeAlias = Callable[[bytes], bytes]
"""Takes a part of a body and returns what goes out."""


class Notes:
    """What an application has attached to its request, for the request log.

    ``encoder``: of what it sends without the server's adapter.
    """

    __slots__ = ("encoder", "log_it", "logvars", "signal_received", "variables")

    def __init__(self) -> None:
        self.logvars: dict[bytes, bytes] = {}
        self.variables: dict[bytes, bytes] = {}
        self.log_it = False
        self.signal_received = -1
        self.encoder: Encoder | None = None


def notes_of(exchange: Exchange) -> Notes:
    """Return the notes of a request, made at first use."""
    notes: Notes | None = exchange.notes
    if notes is None:
        notes = exchange.notes = Notes()
    return notes


def keep_variable(name: str, value: str) -> None:
    """As ``uwsgi.add_var``, for the server itself; nothing happens outside of requests."""
    exchange = current_exchange()
    if exchange is not None:
        notes_of(exchange).variables[name.encode()] = value.encode("latin-1", "replace")


def encoder_keeper() -> Callable[[Encoder | None], None] | None:
    """Return what keeps the encoder of this request's reply; None if the request did not come by HTTP."""
    exchange = current_exchange()
    if exchange is None or type(exchange.head) is not RequestHead:
        return None
    return lambda encoder: setattr(notes_of(exchange), "encoder", encoder)


class RequestCalls:
    """The current request"""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        options = Options(instance.facts.opt)
        self._longest_piece = options.number(_LONGEST_PIECE, "chunked-input-limit")
        self._patience = options.seconds(0.0, "chunked-input-timeout")

    @public("P0", differs="not in uWSGI 2.0; use it as `with context:` in another greenlet or thread")
    def request_context(self) -> RequestContext:
        """A handle of the current request, to act for it from elsewhere."""
        return RequestContext(the_request())

    @public("P1", differs=_ANY_GREENLET)
    def log_this_request(self) -> None:
        """Log this request even with ``--disable-logging``."""
        notes_of(the_request()).log_it = True

    @public("P1", differs=_ANY_GREENLET)
    def set_logvar(self, key: str | bytes, value: str | bytes, /) -> None:
        """Set a variable for ``--log-format``."""
        notes_of(the_request()).logvars[to_bytes(key, "key")] = to_bytes(value, "value")

    @public("P1", differs=_ANY_GREENLET)
    def get_logvar(self, key: str | bytes, /) -> bytes | None:
        """The value of a log variable, or None."""
        notes: Notes | None = the_request().notes
        return None if notes is None else notes.logvars.get(to_bytes(key, "key"))

    @public("P1", differs=_ANY_GREENLET)
    def add_var(self, key: str | bytes, value: str | bytes, /) -> bool:
        """Add a request variable; only ``--log-format`` sees it."""
        notes_of(the_request()).variables[to_bytes(key, "key")] = to_bytes(value, "value")
        return True

    @public(
        "P0",
        differs=f"{_ANY_GREENLET}; of a websocket a descriptor that is readable while there is a message",
    )
    def connection_fd(self) -> int:
        """The descriptor of the client's connection; for ``select``, not for ``read`` or ``write``."""
        fd: int = the_request().link.fileno()
        return fd

    @public(
        "P0", differs="works in every greenlet of the request; when that is over, nothing is left to close"
    )
    def disconnect(self) -> None:
        """Close the client's connection now; the application goes on, later writes fail."""
        exchange = current_exchange()
        if exchange is None:
            raise SystemError(NOT_IN_REQUEST)
        if not exchange.is_ended():
            exchange.link.hang_up()

    @public("P1", differs="tells the truth: False once the client has closed its side")
    def is_connected(self, fd: int, /) -> bool:
        """Whether the peer of a socket is still there."""
        exchange = current_exchange()
        if exchange is not None and exchange.gone:
            return False
        if fd < 0:
            return False
        poll = select.poll()
        poll.register(fd, _POLLRDHUP)
        return not any(events & _GONE for _, events in poll.poll(0))

    @public("P1", differs=_ANY_GREENLET)
    def cl(self) -> int:
        """The request's CONTENT_LENGTH; 0 if it has none."""
        return the_request().body.length or 0

    @public("P1", differs=_ANY_GREENLET)
    def sendfile(
        self,
        file: str | bytes | os.PathLike[str] | IO[bytes] | int,
        chunk: int = 0,
        pos: int = 0,
        size: int = 0,
        /,
    ) -> bool:
        """Send a file as the body, now, after ``start_response``; *chunk* bytes at a time, from *pos*."""
        exchange = the_request()
        source, mine = _opened(file)
        try:
            whole = os.fstat(source).st_size - pos
            left = min(size, whole) if size > 0 else whole
            encoder = None if exchange.notes is None else exchange.notes.encoder
            if encoder is None:
                exchange.send_file(source, pos, max(0, left))
            else:
                _send_encoded(exchange, source, pos, left, encoder)
        finally:
            if mine:
                os.close(source)
        return True

    @public("P1", differs=f"{_ANY_GREENLET}; what is longer than --chunked-input-limit comes in pieces")
    def chunked_read(self, timeout: float = 0, /) -> bytes:
        """The next piece of the request body, chunked or not; waits for it; ``b""`` at the end.

        :raises IOError: if it does not come
        """
        body, patience = the_request().body, timeout or self._patience
        try:
            if patience > 0:
                return take_within(body, self._longest_piece, patience)
            return body.take(self._longest_piece)
        except OSError as error:
            raise OSError(f"unable to receive chunked part: {error}") from error

    @public("P1", differs=_ANY_GREENLET)
    def chunked_read_nb(self) -> bytes | None:
        """As :meth:`chunked_read`, but None if nothing is there now."""
        body = the_request().body
        if not body.buffered and not body.complete:
            return None
        return self.chunked_read()

    @public("P2", differs="0 if the log is not a file")
    def logsize(self) -> int:
        """Size of the log file, in bytes."""
        return self._instance.log_size()


def _opened(file: Any) -> tuple[int, bool]:
    """Return a descriptor, and whether it is ours to close."""
    if isinstance(file, int):
        return file, False
    if hasattr(file, "fileno"):
        return file.fileno(), False
    return os.open(file, os.O_RDONLY | os.O_CLOEXEC), True


def _send_encoded(exchange: Exchange, fd: int, pos: int, left: int, encoder: Encoder) -> None:
    while left > 0 and (data := os.pread(fd, min(left, _BLOCK), pos)):
        exchange.write(encoder(data))
        pos += len(data)
        left -= len(data)
