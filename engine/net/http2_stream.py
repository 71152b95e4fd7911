"""One stream of an HTTP/2 connection: what an exchange and its body take for their connection."""

from __future__ import annotations

import ssl
import time
from typing import Any, Final, Protocol

from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError as H2Error

from engine.errors import ClientDisconnected, ReplyError
from engine.interfaces import Environ, ParkingPlace, WritingPlace
from engine.net.http2_body import StreamBody
from engine.net.http2_frames import WINDOW
from engine.net.http2_outlet import Carrier, StreamOutlet
from engine.net.http2_tunnel import AnsweringTunnel, StreamTunnel
from engine.net.sendfile import copy_file
from engine.net.tunnel import Guest
from engine.protocols.events import RequestHead
from engine.protocols.http1.framing import NONE, Framing
from engine.protocols.http2.reply import (
    error_fields,
    interim_fields,
    reply_fields,
    split_lines,
    tunnel_fields,
)
from engine.protocols.trailers import accepts_trailers
from engine.protocols.websocket import WebSocketSettings
from engine.request.body import EMPTY_BODY, RequestBody
from engine.request.exchange import Exchange
from engine.request.link import Link
from engine.request.room import Room

__all__ = ["Host", "Http2Stream"]

_LEFT: Final = "the client closed the connection"


class Host(Carrier, Protocol):
    """The connection, as its streams see it."""

    memo: Any

    def remove(self, number: int) -> None: ...
    def environ_base(self) -> Environ: ...
    def sockname(self) -> object: ...
    def ssl_object(self) -> ssl.SSLObject | None: ...
    def has_ended(self) -> bool: ...
    def request_over(self) -> None: ...
    def log_refusal(self, status: int, detail: str) -> None: ...


class Http2Stream(Link):
    """A request on its way in and a reply on its way out; everything happens in the worker's loop thread.

    :param template: of the environ; None for the connection's
    """

    def __init__(self, host: Host, number: int, head: RequestHead | None, template: Environ | None) -> None:
        self.host = host
        self.number = number
        self.outlet = StreamOutlet(host, number)
        self.exchange: Exchange | None = None
        self.body: RequestBody = EMPTY_BODY
        self.input_ended = False
        self._template = template
        self._memo: Any = None
        self._counted = False
        self._unseen_head = 0  # bytes of what an exchange takes for a head, and gives back
        self._left: int | None = None  # until the declared end of the reply's body
        self._uncredited = 0
        self._welcome = 0  # how long a body may be that nobody reads
        self._received = 0
        self._look_at = float("inf")
        self._seen = 0
        self._excused = False
        self._progress = -1
        self._takes_trailers = False
        self._expects = False
        self._early = bytearray()  # what came behind a head that asks for another protocol
        self._asks_tunnel = head is not None and head.upgrade is not None
        self.tunnel: StreamTunnel | None = None
        if head is not None:
            self._open(head)

    def _open(self, head: RequestHead) -> None:
        timeout = self.host.front.socket_timeout
        if head.has_body:
            self.body = StreamBody(self, head.content_length, timeout, self._taken)
            self._look_at = time.monotonic() + timeout
        self._expects = head.expect_continue
        self._takes_trailers = any(
            name == b"te" and accepts_trailers(value.decode("latin-1")) for name, value in head.headers
        )
        self.exchange = Exchange(self, head, self.body)
        self._counted = True

    # -- frames of the client ---------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Some of the body has arrived."""
        if self.tunnel is not None:
            self.tunnel.feed(data)
            return
        body = self.body
        if self._asks_tunnel and self.exchange is not None:
            self._early += data  # no more than the window
            return
        if body is EMPTY_BODY or self.exchange is None or body.is_broken():
            return
        self._received += len(data)
        limit = self.host.front.limits.body
        if limit and self._received > limit:
            self._refuse_body(413, f"request body is above the limit of {limit} bytes")
            return
        if data:
            body.feed(data)
            self._excused = self._excused or body.buffered > WINDOW // 2

    def end_input(self, trailers: tuple[tuple[bytes, bytes], ...]) -> None:
        """The client has sent all."""
        self.input_ended = True
        self._look_at = float("inf")
        if self.body is not EMPTY_BODY:
            self.body.finish(trailers)
        if self.tunnel is not None:
            self.tunnel.end()
        self.settle()

    def leave(self) -> None:
        """The client has reset the stream, or its connection is gone."""
        exchange = self.exchange
        if exchange is not None:
            exchange.gone = True
        self.outlet.leave()
        self.host.remove(self.number)
        if self.body is not EMPTY_BODY:
            self.body.fail(_LEFT)
        if self.tunnel is not None:
            self.tunnel.lose()
        if exchange is None:
            return
        front = self.host.front
        if exchange.core < 0:
            front.withdraw(exchange)
            self._uncount()
        elif front.on_gone is not None:
            front.on_gone(exchange)

    def _uncount(self) -> None:
        if self._counted:
            self._counted = False
            self.host.request_over()

    def refuse(self, status: int, detail: str) -> None:
        """Answer with an error page; there is no request."""
        fields, page = error_fields(status, detail, self.host.front.date)
        self.outlet.send_head(fields)
        self.outlet.keep(page)
        self.settle()

    def _refuse_body(self, status: int, detail: str) -> None:
        self.host.log_refusal(status, detail)
        self._look_at = float("inf")
        self.body.fail(detail, status)  # the application may answer before this returns

    def _taken(self, size: int) -> None:
        """The application has read: let the client send more."""
        self._uncredited += size
        if self._uncredited >= WINDOW // 2 and not self.input_ended and not self.outlet.gone:
            self.credit(self._uncredited)
            self._uncredited = 0

    def credit(self, size: int) -> None:
        """Let the client send *size* bytes more on this stream."""
        try:
            self.host.frames.increment_flow_control_window(size, self.number)
        except (H2Error, KeyError):
            return  # the end of the stream is in what has just arrived
        self.host.flush()

    # -- time -------------------------------------------------------------------------------------

    def look(self, now: float) -> None:
        """Is the client too slow?  Called about once a second."""
        if self.tunnel is not None and not self.tunnel.over:
            self.tunnel.look(now)
            return
        timeout = self.host.front.socket_timeout
        if self.exchange is None and self._look_at == float("inf"):
            self._look_at = now + timeout
            self._progress = self.outlet.progress
        if now < self._look_at:
            return
        self._look_at = now + timeout
        if self.exchange is None:
            if self.outlet.progress == self._progress or self.outlet.ended:
                self.outlet.reset(ErrorCodes.CANCEL)
                self.host.remove(self.number)
                return
            self._progress = self.outlet.progress
        elif not self.body.complete:
            self._check_body_rate(timeout)

    def _check_body_rate(self, timeout: float) -> None:
        brought, self._seen = self._received - self._seen, self._received
        excused, self._excused = self._excused, self.body.buffered > WINDOW // 2
        if excused or brought >= self.host.front.body_rate * timeout:
            return
        if not self._received and not self.body.is_awaited():
            return  # the client may be waiting for 100 Continue
        self._refuse_body(408, f"the request body brought {brought} bytes in {timeout:g} seconds")

    # -- for the body -----------------------------------------------------------------------------

    def body_wanted(self) -> None:
        """Tell a client that waits for it to go on (RFC 9110 section 10.1.1)."""
        exchange = self.exchange
        if self._expects and exchange is not None and not exchange.is_sent() and not self.outlet.gone:
            self._expects = False
            self.outlet.send_head(interim_fields("100 Continue"))
            self.host.flush()

    def receive_body(self, room: Room) -> int:
        """Body bytes come in frames: nothing."""
        return 0

    def pause_body(self) -> None:
        """The stream's window is what lets the client wait."""

    def resume_body(self) -> None:
        """See :meth:`pause_body`."""

    def new_parking(self) -> ParkingPlace:
        """Return a place where the current greenlet can wait."""
        return self.host.front.new_parking()

    # -- for the exchange; may be called in its greenlet ----------------------------------------------

    def encode_head(
        self, head: Any, status: str, headers: list[tuple[str, str]], length: int | None
    ) -> tuple[bytes, Framing]:
        """Check a reply's head and hand it to the frames.

        :return: as many bytes as it has names and values, for the log; :meth:`transmit` drops them
        """
        fields, framing = reply_fields(status, headers, head.method, self.host.front.date, length)
        self._left = framing.length if framing.kind != NONE else None
        empty = framing.kind == NONE or (framing.length == 0 and not self._takes_trailers)
        self.outlet.send_head(fields, empty)
        return self._stand_in(fields), framing

    def encode_interim(self, status: str, headers: list[tuple[str, str]]) -> bytes:
        """As :meth:`encode_head`, for a 1xx response."""
        fields = interim_fields(status, headers)
        self.outlet.send_head(fields)
        return self._stand_in(fields)

    def _stand_in(self, fields: list[tuple[bytes, bytes]]) -> bytes:
        self._unseen_head = size = sum(len(name) + len(value) + 4 for name, value in fields)
        return bytes(size)

    def transmit(self, data: bytes) -> None:
        """Send bytes of the reply; parks the greenlet while the client is slow."""
        view = memoryview(data)
        if self._unseen_head:
            view = view[self._unseen_head :]
            self._unseen_head = 0
            if not view:
                self.host.flush()
                return
        left = self._left
        if left is not None:
            left -= len(view)
            self._left = left
        try:
            self.outlet.write(view, left == 0 and not self._takes_trailers)
        except BaseException:
            if self.outlet.broken:
                self.abort(True)
            raise

    def transmit_file(self, fd: int, offset: int, count: int) -> int:
        """Send part of a regular file; return how many bytes it had."""
        return copy_file(fd, offset, count, self.transmit)

    def abort(self, reset: bool) -> None:
        """End the stream so that the client can tell that the reply is not complete."""
        if self.tunnel is not None:
            self.tunnel.guest.released(True)
        elif not self.outlet.gone:
            self.outlet.reset(ErrorCodes.INTERNAL_ERROR)
            self.host.remove(self.number)

    def reply_ended(self, exchange: Exchange, reusable: bool) -> None:
        """The reply is over."""
        host = self.host
        self.exchange = None
        self._early.clear()
        if self.tunnel is not None:
            host.front.log_switched(exchange)
            self.tunnel.guest.released(False)
            self.settle()
            self._uncount()
            return
        host.front.log_request(exchange)
        if not self.outlet.gone:
            host.thrift.completed += 1
            self.outlet.finish(split_lines(exchange.trailers) if self._takes_trailers else None)
            if not self.input_ended:
                self._drop_input()
            self.settle()
        self._uncount()

    def settle(self) -> None:
        """Forget the stream if it is over; stop a client that still sends what nobody will read."""
        if self.exchange is not None or not self.outlet.ended or self.outlet.gone:
            return
        if not self.input_ended:
            body = self.body
            length = 0 if body is EMPTY_BODY else body.length
            # Who was refused waits for no more; who ends a websocket is to end its side of the stream, too.
            hurried = self._asks_tunnel and (self.tunnel is None or self.host.front.draining)
            if not hurried and length is not None and length <= self._welcome:
                return  # the little that is left needs no more room
            # RFC 9113 section 8.1: the reply is complete, the request need not be.
            self.outlet.reset(ErrorCodes.NO_ERROR)
        self.host.remove(self.number)

    def hurry(self) -> None:
        """The server is stopping: do not wait for what nobody will read."""
        if self.tunnel is not None:
            self.tunnel.guest.leaving()
            return
        self._welcome = -1
        self.settle()

    def _drop_input(self) -> None:
        """Nobody will read the rest of the body."""
        self._look_at = time.monotonic() + self.host.front.socket_timeout
        if self.body is not EMPTY_BODY:
            self._welcome = -1 if self.host.front.draining else WINDOW + self.body.taken - self._uncredited
            self.body.discard()

    # -- for tasks ----------------------------------------------------------------------------------

    def tell(self, place: WritingPlace | None) -> None:
        """A task answers, which cannot park: *place* is unparked at news of the client; None ends that."""
        if self.body is not EMPTY_BODY:
            self.body.tell(place)
        self.outlet.tell(place)

    def is_full(self) -> bool:
        """Whether a task should wait before it writes more."""
        return self.outlet.is_full()

    def peer_left(self) -> bool:
        """Whether the client is gone, as far as this stream goes."""
        return self.outlet.gone or self.host.has_ended()

    # -- what there is to know -----------------------------------------------------------------------

    @property
    def memo(self) -> Any:
        """What the application's side keeps for the requests of one connection."""
        return self.host.memo if self._template is None else self._memo

    @memo.setter
    def memo(self, value: Any) -> None:
        if self._template is None:
            self.host.memo = value
        else:
            self._memo = value

    def environ_base(self) -> Environ:
        """What all requests of this connection share in their environ."""
        return self.host.environ_base() if self._template is None else self._template

    def remote_addr(self, head: Any) -> str:
        """The client's address."""
        return str(self.environ_base().get("REMOTE_ADDR", ""))

    def sockname(self) -> object:
        """The address that the client connected to."""
        return self.host.sockname()

    def ssl_object(self) -> ssl.SSLObject | None:
        """TLS of the connection; None without."""
        return self.host.ssl_object()

    def fileno(self) -> int:
        """That of a websocket; else -1: the connection's belongs to all streams."""
        return -1 if self.tunnel is None else self.tunnel.guest.fileno()

    def hang_up(self) -> None:
        """End the stream although the application still answers; its later writes fail."""
        if self.tunnel is not None:
            self.tunnel.guest.close()
            return
        if self.exchange is not None:
            self.exchange.gone = True
        self.abort(True)

    def switch(self, guest: Any) -> None:
        """As :meth:`open_tunnel`, for a guest that answers by itself.

        :raises ReplyError: if the client did not ask: HTTP/2 has no upgrades (RFC 9113 section 8.6)
        """
        if not self._asks_tunnel:
            raise ReplyError("an HTTP/2 stream changes its protocol only where the client asks for that")
        if self.outlet.gone:
            raise ClientDisconnected(_LEFT)
        self._start_tunnel(AnsweringTunnel(self, guest))

    def open_tunnel(self, headers: list[tuple[str, str]], guest: Guest) -> int:
        """Agree to extended CONNECT: DATA frames carry what *guest* speaks (RFC 8441 section 5).

        :return: bytes of names and values of the answer
        :raises ClientDisconnected: if the client is gone
        """
        fields = tunnel_fields(headers, self.host.front.date)
        self.outlet.send_head(fields)
        self.host.flush()
        self._start_tunnel(StreamTunnel(self, guest))
        return sum(len(name) + len(value) + 4 for name, value in fields)

    def _start_tunnel(self, tunnel: StreamTunnel) -> None:
        self.tunnel = tunnel
        early, self._early = bytes(self._early), bytearray()
        tunnel.start(early)
        if self.input_ended:
            tunnel.end()

    def websocket_settings(self) -> WebSocketSettings:
        """What the operator decides about websockets."""
        settings: WebSocketSettings = self.host.front.websocket
        return settings

    def report(self, line: str) -> None:
        """Write a line to the server log."""
        self.host.front.log.line(line)

    def send_timeout(self) -> float:
        """How long a client may take nothing, in seconds."""
        return self.host.front.socket_timeout

    def __repr__(self) -> str:
        return f"<stream {self.number} {self.exchange or 'answered'!r}>"
