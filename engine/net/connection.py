"""What the connections of both protocols share.

Callbacks of asyncio come in here; exactly one request at a time is being
answered.  A connection that waits for bytes holds no core.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from engine._clock import monotonic
from engine.errors import ClientDisconnected
from engine.interfaces import Environ, ParkingPlace, WritingPlace
from engine.net.flow import Outlet
from engine.net.frontend import FrontEnd
from engine.net.reset import reset_on_close
from engine.net.tunnel import Guest, Tunnel
from engine.protocols.events import END_OF_BODY, BadRequest, BodyChunk, BodyEnd, Event, PeerClosed
from engine.protocols.http1.framing import Framing
from engine.protocols.http1.writer import interim_head
from engine.protocols.parser import Parser
from engine.protocols.websocket import WebSocketSettings
from engine.request.body import EMPTY_BODY, RequestBody
from engine.request.exchange import Exchange
from engine.request.link import Link
from engine.request.room import Room

__all__ = ["Connection"]

_EXCUSED: Final = -(1 << 60)
_NEVER: Final = float("inf")
_LINGER: Final = 2.0  # seconds to let a client read an error page before the connection is closed
_LINGER_BYTES: Final = 1 << 20
# What a client may still be sending of a body nobody read, before closing is cheaper than reading on.
_DRAIN: Final = 65536


class Connection(Link):
    """One client connection; everything happens in the worker's loop thread.

    :param known: environ keys that were found out before the protocol began, such as those of TLS
    """

    # Not derived from asyncio.Protocol, which has no behaviour: this class may be compiled.

    def __init__(self, front: FrontEnd, parser: Parser, known: Environ | None = None) -> None:
        self.front = front
        self._parser = parser
        self._known = known
        self.exchange: Exchange | None = None
        self.deadline = _NEVER
        self._transport: asyncio.Transport | None = None
        self._template: Environ | None = None
        self._outlet: Outlet | None = None
        self._waiting_idle = False
        self._begun = 0  # requests, up to the second
        self._body: RequestBody = EMPTY_BODY
        self._in_callback = False
        self._next_ready = False
        self._lingering = False
        self._lingered = 0
        self._closing = False
        self._peer_eof = False
        self._is_last = False  # nothing after this request can be one
        self._seen = 0
        self._pauses = 0
        self.memo: Any = None
        """What the application's side keeps for the requests of this connection."""
        self.tunnel: Tunnel | None = None

    # -- supplied by the protocols -------------------------------------------------

    def _refuse(self, status: int, detail: str, head_only: bool = False) -> bytes:
        raise NotImplementedError

    def _facts(self) -> Environ:
        raise NotImplementedError

    def encode_head(
        self, head: Any, status: str, headers: list[tuple[str, str]], length: int | None
    ) -> tuple[bytes, Framing]:
        """Frame a reply and encode its head; see :class:`engine.request.link.Link`."""
        raise NotImplementedError

    def encode_interim(self, status: str, headers: list[tuple[str, str]]) -> bytes:
        """Encode a 1xx response."""
        return interim_head(status, headers)

    def _out(self) -> Outlet:
        outlet = self._outlet
        assert outlet is not None
        return outlet

    # -- asyncio callbacks ------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A client was accepted."""
        self._transport = transport
        self._outlet = Outlet(transport, self.front.new_parking, self.front.socket_timeout, self._broke_off)
        self.deadline = monotonic() + self.front.head_timeout
        self.front.join(self)

    def data_received(self, data: bytes) -> None:
        """Bytes arrived."""
        if self._lingering:
            self._lingered += len(data)
            if self._lingered > _LINGER_BYTES:
                self._close()
            return
        self._in_callback = True
        events = self._parser.receive(data)
        if events:
            self._handle(events)
        self._go_on()

    def _go_on(self) -> None:
        """Serve what else has arrived; the end of every callback that may have ended a reply."""
        self._in_callback = True
        turn = self.front.pipeline
        while self._next_ready and not self._closing:
            turn -= 1
            if turn < 0:
                self._pause(1)
                self.front.call_soon(self._advance)
                break
            self._next_ready = False
            events = self._parser.next_request()
            if not events:
                break
            self._handle(events)
        self._in_callback = False
        if self.exchange is None:
            self._set_waiting_deadline()
        elif self._parser.should_pause():
            self._pause(1)

    def eof_received(self) -> bool:
        """The client has finished sending; true keeps the connection open for the reply."""
        if self._lingering or self._closing:
            return False
        self._peer_eof = self._is_last = True
        self._handle(self._parser.receive(b""))
        self._out().ring()
        if self.exchange is None or self.front.on_gone is not None:
            return False  # with on_gone, whoever has finished sending counts as gone
        return not self._out().is_encrypted()  # asyncio cannot send on TLS whose other half is closed

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.front.forget(self)
        self.deadline = _NEVER
        self._closing = True
        self._transport = None
        exchange = self.exchange
        if exchange is not None:
            exchange.gone = True
        self._out().shut()
        self._body.fail("the client closed the connection")
        if exchange is not None:
            if exchange.core < 0:
                self.front.withdraw(exchange)
            elif self.front.on_gone is not None:
                self.front.on_gone(exchange)

    def pause_writing(self) -> None:
        """The transport holds enough."""
        self._out().pause()

    def resume_writing(self) -> None:
        """The transport can take more."""
        self._out().resume()

    # -- events of the protocol ---------------------------------------------------------

    def _handle(self, events: list[Event]) -> None:
        # What came with the head is fed before the application runs, so that a
        # small body is there when it asks.
        begun: Exchange | None = None
        for event in events:
            kind = type(event)
            if kind is BodyChunk:
                if self._body is not EMPTY_BODY:
                    self._body.feed(event.data)  # type: ignore[union-attr]
            elif kind is BodyEnd:
                self._body_ended(event)  # type: ignore[arg-type]
            elif kind is BadRequest:
                self._bad_request(event.status, event.detail, event.head_only)  # type: ignore[union-attr]
            elif kind is PeerClosed:
                self._peer_closed(event.clean)  # type: ignore[union-attr]
            else:
                begun = self._begin(event)
        if begun is not None:
            self.front.submit(begun)
            if begun.core < 0 and not begun.is_ended():
                self._pause(2)  # it waits for a core; let the client wait too

    def _begin(self, head: Any) -> Exchange | None:
        """A head has arrived; return the request to run, if there is one."""
        self.deadline = _NEVER
        if head.has_body:
            self._body = RequestBody(
                self, None if head.chunked else head.content_length, self.front.socket_timeout
            )
        else:
            self._body = EMPTY_BODY
        if self._begun < 2:
            self._begun += 1
            if self._begun == 2 and self._template is not None:
                self._template = self.front.template_of(self._template)
        exchange = self.exchange = Exchange(self, head, self._body)
        if head.has_body:
            self._seen = 0
            self.deadline = exchange.started_clock + self.front.socket_timeout
        return exchange

    def _body_ended(self, event: BodyEnd) -> None:
        body = self._body
        if body is not EMPTY_BODY:
            self.deadline = _NEVER
            body.finish(event.trailers)
            if self.exchange is None and not self._closing:
                self._next_ready = True  # the rest of a body that nobody read has been drained
                self._body = EMPTY_BODY
                self._advance_soon()

    def _bad_request(self, status: int, detail: str, head_only: bool = False) -> None:
        running = self.exchange is not None
        if running:
            self._is_last = True
            self.deadline = _NEVER
        self.front.log_refusal(self, status, detail)
        self._body.fail(detail, status)  # the application may answer before this returns
        if running:
            return
        page = self._refuse(status, detail, head_only)
        if page:
            self._out().write_now(page)
        self._linger()

    def _peer_closed(self, clean: bool) -> None:
        if not clean:
            self._body.fail("the client closed the connection")
        if self.exchange is None:
            self._close()

    # -- the request's side; may be called in its greenlet ---------------------------------

    def environ_base(self) -> Environ:
        """What all requests of this connection have in their environ, and others have not."""
        template = self._template
        if template is None:
            template = self._template = self.front.complete_facts(self._facts())
        return template

    def remote_addr(self, head: Any) -> str:
        """The client's address."""
        template = self._template
        if template is None:
            template = self.environ_base()
        return template.get("REMOTE_ADDR", "")  # type: ignore[no-any-return]

    def transmit(self, data: bytes) -> None:
        """Send bytes of the reply; parks the greenlet while the client is slow."""
        if self._pauses & 2:
            self._resume(2)
        self._out().write(data)

    def transmit_file(self, fd: int, offset: int, count: int) -> int:
        """Send part of a regular file; return how many bytes it had."""
        if self._pauses & 2:
            self._resume(2)
        return self._out().write_file(fd, offset, count)

    def new_parking(self) -> ParkingPlace:
        """Return a place where the current greenlet can wait."""
        return self.front.new_parking()

    def tell(self, place: WritingPlace | None) -> None:
        """A task answers, which cannot park: *place* is unparked at news of the client; None ends that.

        News: body bytes, room to write, the end of what the client sends, the end of the connection.
        """
        if self._body is not EMPTY_BODY:
            self._body.tell(place)
        self._out().tell(place)
        if place is not None and self._pauses & 2:
            self._resume(2)

    def is_full(self) -> bool:
        """Whether a task should wait before it writes more."""
        return self._out().is_full()

    def peer_left(self) -> bool:
        """Whether the client will send nothing more, mostly because it is gone."""
        return self._peer_eof or self._closing

    def sockname(self) -> object:
        """The address that the client connected to, as ``socket.getsockname`` gives it."""
        return None if self._transport is None else self._transport.get_extra_info("sockname")

    def body_wanted(self) -> None:
        """The application waits for its request body for the first time."""
        self._seen = _EXCUSED  # a client that waits for 100 Continue begins now
        if self._pauses & 2:
            self._resume(2)

    def receive_body(self, room: Room) -> int:
        """Receive what the client has sent of the body straight into *room*; 0 if only the loop can."""
        left = self._parser.body_left()
        if not left or self._transport is None or self._closing:
            return 0
        try:
            got = room.receive(self._out().descriptor(), left)
        except OSError:
            return 0  # the loop meets the end, too
        if got and self._parser.skip_body(got):
            self._body_ended(END_OF_BODY)
        return got

    def pause_body(self) -> None:
        """The application is behind: let the client wait."""
        self._pause(4)

    def resume_body(self) -> None:
        """The application has caught up."""
        self._resume(4)

    def _broke_off(self) -> None:
        self.abort(True)

    def abort(self, reset: bool) -> None:
        """Close so that the client can tell that the reply is not complete."""
        transport = self._transport
        self._closing = True
        if self.tunnel is not None:
            self.tunnel.guest.released(True)
        elif transport is not None:
            if reset:
                reset_on_close(transport.get_extra_info("socket"))
            self._out().shut()
            transport.abort()

    def reply_ended(self, exchange: Exchange, reusable: bool) -> None:
        """The reply is over; get ready for the next request, or close."""
        self.exchange = None
        if self.tunnel is not None:
            self.front.log_switched(exchange)
            self.tunnel.guest.released(False)
            return
        self.front.log_request(exchange)
        body = self._body
        if self._closing:
            return
        if not reusable or self._is_last or self.front.draining:
            if body.complete and not self._parser.should_pause():
                self._close()
            else:
                self._linger()
            return
        if not body.complete:
            if body.length is None or body.length - body.taken - body.buffered > _DRAIN:
                self._linger()
                return
            body.discard()
            self._resume(4 | 2)
            self.deadline = monotonic() + self.front.socket_timeout
            return
        self._body = EMPTY_BODY
        if self._pauses:
            self._resume(4 | 2)
        self._next_ready = True
        self._advance_soon()

    def switch(self, guest: Guest) -> None:
        """Speak HTTP no more: bytes go to *guest* from here on.  The client has been told.

        :raises ClientDisconnected: if the client is gone
        """
        transport = self._transport
        if transport is None or self._closing or self._peer_eof:
            raise ClientDisconnected("the client closed the connection")
        rest = self._parser.take_remaining()
        self._resume(7)
        self._closing = True
        self.deadline = _NEVER
        self.tunnel = tunnel = Tunnel(self, self.front, transport, self._out(), guest)
        tunnel.start(rest)
        self.front.connections.discard(self)

    def websocket_settings(self) -> WebSocketSettings:
        """What the operator decides about websockets."""
        settings: WebSocketSettings = self.front.websocket
        return settings

    def report(self, line: str) -> None:
        """Write a line to the server log."""
        self.front.log.line(line)

    def send_timeout(self) -> float:
        """How long a client may take nothing, in seconds."""
        return self.front.socket_timeout

    def count_sent(self, size: int) -> None:
        """Bytes of the other protocol were sent."""
        if self.exchange is not None:
            self.exchange.body_bytes += size

    def _advance_soon(self) -> None:
        if self._in_callback:
            return  # data_received looks when it gets control back
        if self._parser.should_pause():
            self.front.call_soon(self._advance)
            return
        self._next_ready = False
        self._parser.next_request()
        self._set_waiting_deadline()

    def _advance(self) -> None:
        if self._closing or not self._next_ready:
            return
        self._resume(1)
        self._go_on()

    # -- time ------------------------------------------------------------------------------

    def _set_waiting_deadline(self) -> None:
        if self._lingering or self._closing or self._body is not EMPTY_BODY:
            return  # the last: the rest of a body that nobody read has a deadline of its own
        if self._parser.in_head():
            if self.deadline == _NEVER or self._waiting_idle:
                self._waiting_idle = False
                self.deadline = monotonic() + self.front.head_timeout
        else:
            self._waiting_idle = True
            self.deadline = monotonic() + self.front.keepalive

    def expire(self) -> None:
        """The deadline has passed; called by the front end."""
        if self._closing:
            if self._transport is not None:
                self._transport.abort()  # the client does not take the rest, or does not end TLS
        elif self._lingering:
            self._close()
        elif not self._body.complete:
            self._check_body_rate()
        elif self._parser.in_head():
            self._bad_request(
                408, f"the request head was not complete after {self.front.head_timeout:g} seconds"
            )
        else:
            self._close_idle()

    def _check_body_rate(self) -> None:
        """Another period of the body is over: did it bring enough?"""
        front, body = self.front, self._body
        if self.exchange is None:
            self._close()  # what nobody read does not end
            return
        self.deadline = monotonic() + front.socket_timeout
        received = body.taken + body.buffered
        brought, self._seen = received - self._seen, received
        if self._pauses & 6 or brought >= front.body_rate * front.socket_timeout:
            return
        if not received and not body.is_awaited():
            return  # the client may be waiting for 100 Continue
        self._bad_request(
            408, f"the request body brought {brought} bytes in {front.socket_timeout:g} seconds"
        )

    def waiting_since(self) -> float:
        """Since when no request is there to answer, in ``time.monotonic()``; infinite if one is."""
        if self.exchange is not None or self._closing or self._lingering or not self._body.complete:
            return _NEVER
        return self.deadline - (self.front.keepalive if self._waiting_idle else self.front.head_timeout)

    def shed(self) -> None:
        """Close, to make room for another."""
        self._close_idle()

    # -- for the uwsgi module ------------------------------------------------------------------

    def fileno(self) -> int:
        """Return the descriptor of the client's socket, or the tunnel's own; -1 once it is closed."""
        if self.tunnel is not None:
            return self.tunnel.guest.fileno()
        sock = None if self._transport is None else self._transport.get_extra_info("socket")
        return -1 if sock is None else int(sock.fileno())

    def hang_up(self) -> None:
        """Close the connection although the application still answers; its later writes fail."""
        if self.tunnel is not None:
            self.tunnel.guest.close()
        self._close()

    # -- reading and closing ------------------------------------------------------------------

    def _pause(self, reason: int) -> None:
        if not self._pauses and self._transport is not None and not self._closing:
            self._transport.pause_reading()
        self._pauses |= reason

    def _resume(self, reason: int) -> None:
        had = self._pauses
        self._pauses &= ~reason
        if reason & 6:
            self._seen = _EXCUSED  # the client could not send, so this period says nothing
        if had and not self._pauses and self._transport is not None and not self._closing:
            self._transport.resume_reading()

    def _linger(self) -> None:
        """Close, but let the client read what was sent: unread input would make the kernel reset it."""
        transport = self._transport
        if transport is None or self._closing:
            return
        self._lingering = True
        self._body.discard()
        self.deadline = monotonic() + _LINGER
        self._resume(7)
        if self._peer_eof:
            self._close()
        elif transport.can_write_eof():
            transport.write_eof()
        # else TLS: asyncio cannot close one half, so the client gets the end when it has had its time

    def _close(self) -> None:
        transport = self._transport
        if transport is not None and not self._closing:
            self._closing = True
            self.deadline = monotonic() + self.front.socket_timeout  # to take what is buffered
            self._out().shut()
            transport.close()

    def _close_idle(self) -> None:
        """Close where the last reply is long out; TLS needs an answer to its end, which not all give."""
        if not self._closing:
            self._close()
            self.deadline = monotonic() + _LINGER

    def close_if_idle(self) -> bool:
        """Close unless a request is being answered; the server is stopping."""
        if self.exchange is None:
            self._close_idle()
            return True
        return False
