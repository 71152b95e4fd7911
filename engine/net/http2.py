"""An HTTP/2 connection (RFC 9113): many requests at once, each an exchange of its own.

``h2`` knows frames and states.  Here is what they mean for the server: who may run, who waits, when the
connection ends.  Imports ``h2``; only imported where HTTP/2 is spoken.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError as H2Error

from engine.errors import ProtocolError
from engine.interfaces import Environ
from engine.net.flow import Outlet
from engine.net.forwarded import told_template
from engine.net.frontend import FrontEnd
from engine.net.http2_frames import Frames, StreamBroken
from engine.net.http2_outlet import StreamOutlet
from engine.net.http2_stream import Http2Stream
from engine.net.peer import peer_facts
from engine.protocols.events import RequestHead
from engine.protocols.http2.head import MalformedRequest, read_head, read_trailers
from engine.protocols.http2.thrift import Thrift
from engine.request.exchange import Exchange
from engine.trust import TrustedPeers
from engine.websocket.library import is_installed

__all__ = ["Http2Connection"]

_NEVER: Final = float("inf")
_LINGER: Final = 2.0  # seconds to let a client read the last frames before the connection is closed
_MOST_KEPT: Final = 1 << 18  # bytes of frames that a client may make the server keep while it reads none
_SLICE: Final = 16384  # bytes read between looks at what they were for
_NO_ONE: Final = TrustedPeers(())


class Http2Connection:
    """Speaks HTTP/2 with one client; everything happens in the worker's loop thread.

    :param known: environ keys that were found out before the protocol began, such as those of TLS
    :param max_streams: requests that the client may have open at once
    :param trusted: peers that may say who the client is, in the fields *wanted*
    """

    def __init__(
        self,
        front: FrontEnd,
        known: Environ | None = None,
        max_streams: int = 100,
        trusted: TrustedPeers = _NO_ONE,
        wanted: Sequence[str] = (),
    ) -> None:
        self.front = front
        self.frames = Frames(front.limits, max_streams, is_installed())
        self.thrift = Thrift(time.monotonic())
        self.streams: dict[int, Http2Stream] = {}
        self.waiting: dict[StreamOutlet, None] = {}
        """Whose writers wait for room, the longest first."""

        self.serves: Callable[[str], bool] | None = None
        """Whether a host may be asked for on this connection; None: any."""

        self.memo: Any = None
        self.deadline = _NEVER
        self._known = known
        self._max_streams = max_streams
        self._trusted = trusted
        self._wanted = wanted
        self._transport: asyncio.Transport | None = None
        self._template: Environ | None = None
        self._running = 0  # requests not yet over, those of streams that were reset, too
        self._taken = 0  # bytes of DATA to be given back to the connection's window
        self._trailers: tuple[tuple[bytes, bytes], ...] = ()
        self._idle_since = time.monotonic()
        self._in_frame = False  # without streams: part of a frame has come, and has a deadline
        self._said_goodbye = False
        self._closing = False
        self._paused = False
        self._in_callback = False
        self._begun: deque[Exchange] = deque()

    # -- asyncio callbacks ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A client was accepted."""
        self._transport = transport
        self.outlet = Outlet(transport, self.front.new_parking, self.front.socket_timeout)
        self.deadline = self._idle_since + self.front.head_timeout
        self.front.join(self)
        self.flush()

    def data_received(self, data: bytes) -> None:
        """Bytes arrived."""
        if self._closing:
            return
        self._in_callback = True
        # In slices: whoever sends thousands of requests at once is stopped before they have all been read.
        for start in range(0, len(data), _SLICE):
            if not self._take(data[start : start + _SLICE]):
                break
        self._run_begun()

    def _take(self, data: bytes) -> bool:
        """Handle some frames; false if they are the last."""
        try:
            events = self.frames.receive_data(data)
        except H2Error as exc:
            self._break(f"{type(exc).__name__}: {exc}")
            return False
        for event in events:
            handle = _HANDLERS.get(type(event))
            if handle is not None:
                handle(self, event)
        self._give_back()
        self.flush()
        self._look_at_frames()
        return not self._closing

    def _run_begun(self) -> None:
        """Run the requests that have come; the end of every callback that may have begun some."""
        self._in_callback = True
        begun = self._begun
        turn = self.front.pipeline
        while begun and turn:
            exchange = begun.popleft()
            if not exchange.gone:
                turn -= 1
                self.front.submit(exchange)
        self._in_callback = False
        if begun:
            self.front.call_soon(self._run_begun)
        self._look_idle()

    def eof_received(self) -> bool:
        """The client has finished sending, windows included, so it counts as gone."""
        if not self._closing:
            self.flush()
            self._closing = True
            self.deadline = time.monotonic() + _LINGER
            self._leave_all()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.front.forget(self)
        self.deadline = _NEVER
        self._closing = True
        self._transport = None
        self.outlet.shut()
        self._leave_all()

    def pause_writing(self) -> None:
        """The transport holds enough."""
        self.outlet.pause()

    def resume_writing(self) -> None:
        """The transport can take more."""
        self.outlet.resume()
        if self._paused and self._transport is not None and not self._closing:
            self._paused = False
            self._transport.resume_reading()
        self._rouse()

    # -- what the client has sent -----------------------------------------------------------------

    def _request(self, event: Any) -> None:
        number, ended = event.stream_id, event.stream_ended is not None
        self.thrift.useful += 1
        if self._said_goodbye or len(self.streams) >= self._max_streams or self._running >= self._max_streams:
            self.thrift.resets += 1
            self._reset(number, ErrorCodes.REFUSED_STREAM)  # not looked at, so safe to be sent again
            return
        try:
            head = read_head(event.headers, ended, self.front.limits)
            if self.serves is not None and not self.serves(_name_of(head)):
                raise ProtocolError(421, "this connection was made for another host")
        except MalformedRequest as fault:
            self.log_refusal(400, fault.detail)
            self.thrift.resets += 1
            self._reset(number, ErrorCodes.PROTOCOL_ERROR)
            return
        except ProtocolError as fault:
            self.log_refusal(fault.status, fault.detail)
            stream = self._new_stream(number, None)
            stream.refuse(fault.status, fault.detail)
            return
        stream = self._new_stream(number, head)
        if stream.exchange is not None:
            self._running += 1
            self._begun.append(stream.exchange)

    def _new_stream(self, number: int, head: RequestHead | None) -> Http2Stream:
        template = None
        if head is not None and self._trusted and self._trusted.trusts(self.environ_base()["REMOTE_ADDR"]):
            template = told_template(self.environ_base(), head, self._trusted, self._wanted)
        stream = self.streams[number] = Http2Stream(self, number, head, template)
        self.deadline = 0.0  # streams have deadlines of their own
        return stream

    def _data(self, event: Any) -> None:
        size = event.flow_controlled_length
        self._taken += size
        if event.data or event.stream_ended is not None:
            self.thrift.useful += 1
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            stream.feed(event.data)
            padding = size - len(event.data)
            if padding and event.stream_ended is None:
                stream.credit(padding)

    def _trailer(self, event: Any) -> None:
        try:
            self._trailers = read_trailers(event.headers)
        except MalformedRequest as fault:
            self.log_refusal(400, fault.detail)
            self.thrift.resets += 1
            self._reset(event.stream_id, ErrorCodes.PROTOCOL_ERROR)
            self._reset_by_client(event)

    def _ended(self, event: Any) -> None:
        trailers, self._trailers = self._trailers, ()
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            stream.end_input(trailers)

    def _reset_by_client(self, event: Any) -> None:
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            self.thrift.resets += 1
            stream.leave()

    def _more_room(self, event: Any) -> None:
        self._rouse()

    def _reset(self, number: int, code: ErrorCodes) -> None:
        try:
            self.frames.reset_stream(number, code)
        except H2Error:
            return  # the client has reset it, too

    def _give_back(self) -> None:
        """Open the connection's window again; those of the streams bound what is kept."""
        self._taken += self.frames.lost
        self.frames.lost = 0
        if self._taken >= self._max_streams * 16384 or (self._taken and not self.streams):
            self.frames.increment_flow_control_window(self._taken)
            self._taken = 0

    def _look_at_frames(self) -> None:
        """Is the client just making work?"""
        thrift = self.thrift
        thrift.idle = self.frames.received - thrift.useful
        complaint = thrift.complaint(time.monotonic())
        if complaint:
            self._break(complaint, ErrorCodes.ENHANCE_YOUR_CALM)
            return
        transport = self._transport
        if transport is None or self._closing or self._paused or not self.outlet.is_full():
            return
        if transport.get_write_buffer_size() > _MOST_KEPT:  # it reads no answers to its pings
            self._paused = True
            transport.pause_reading()

    def _rouse(self) -> None:
        for outlet in list(self.waiting):
            if self.outlet.is_full():
                return
            outlet.rouse()

    # -- for the streams --------------------------------------------------------------------------

    def flush(self) -> None:
        """Send the frames that are ready."""
        data = self.frames.data_to_send()
        if data:
            self.outlet.push(data)

    def settle(self, number: int) -> None:
        """The reply of a stream has gone out."""
        stream = self.streams.get(number)
        if stream is not None:
            stream.settle()

    def remove(self, number: int) -> None:
        """A stream is over."""
        self.streams.pop(number, None)
        if not self._in_callback:
            self._look_idle()

    def request_over(self) -> None:
        """One of the requests has been answered, or has lost its client."""
        self._running -= 1

    def has_ended(self) -> bool:
        """Whether the client will send nothing more."""
        return self._closing

    def log_refusal(self, status: int, detail: str) -> None:
        """A client sent something that is no request."""
        self.front.log_refusal(self, status, detail)

    def environ_base(self) -> Environ:
        """What all requests of this connection share in their environ."""
        template = self._template
        if template is None:
            assert self._transport is not None
            facts = {**peer_facts(self._transport), **(self._known or {})}
            template = self._template = self.front.complete_facts(facts)
        return template

    def sockname(self) -> object:
        """The address that the client connected to, as ``socket.getsockname`` gives it."""
        return None if self._transport is None else self._transport.get_extra_info("sockname")

    def ssl_object(self) -> ssl.SSLObject | None:
        """TLS of this connection, with the client or with a proxy; None without."""
        return None if self._transport is None else self._transport.get_extra_info("ssl_object")

    # -- time -------------------------------------------------------------------------------------

    def _look_idle(self) -> None:
        """Without streams, wait for the next; or end, if it is time for that."""
        if self._closing:
            return
        front = self.front
        if self.streams:
            if front.draining:
                self._say_goodbye()
            return
        served = self.thrift.useful > 0
        if self.frames.peer_goes or (served and (front.draining or front.keepalive <= 0)):
            self._end()
            return
        if self.deadline == 0.0:
            self._idle_since = time.monotonic()
            self.deadline = self._idle_since + front.keepalive
        in_frame = self.frames.is_in_frame()
        if in_frame != self._in_frame:
            self._in_frame = in_frame
            self.deadline = self._idle_since + (front.keepalive if served else front.head_timeout)
            if in_frame:
                self.deadline = min(self.deadline, time.monotonic() + front.head_timeout)

    def expire(self) -> None:
        """The deadline has passed; called by the front end."""
        if self._closing:
            if self._transport is not None:
                self._transport.abort()
        elif self.streams:
            now = time.monotonic()
            for stream in list(self.streams.values()):
                stream.look(now)
        else:
            self._end()

    def waiting_since(self) -> float:
        """Since when no request is there to answer, in ``time.monotonic()``; infinite if one is."""
        return _NEVER if self.streams or self._closing else self._idle_since

    def shed(self) -> None:
        """Close, to make room for another."""
        self._end()

    def close_if_idle(self) -> bool:
        """Close unless a request is being answered; the server is stopping."""
        if self._closing:
            return True
        self._say_goodbye()
        for stream in list(self.streams.values()):
            stream.hurry()
        if self.streams:
            return False
        self._end()
        return True

    # -- closing ----------------------------------------------------------------------------------

    def _say_goodbye(self, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """Take no more requests; the client learns which ones were taken (RFC 9113 section 6.8)."""
        if not self._said_goodbye or code != ErrorCodes.NO_ERROR:
            self._said_goodbye = True
            self.flush()
            self.outlet.push(self.frames.goaway(code))

    def _break(self, detail: str, code: ErrorCodes | None = None) -> None:
        """The client broke the protocol: end the connection with all its streams."""
        self.front.log_refusal(self, 400, detail)
        if code is not None:
            self._say_goodbye(code)
        self._end(said=True)
        self._leave_all()

    def _leave_all(self) -> None:
        for stream in list(self.streams.values()):
            stream.leave()

    def _end(self, said: bool = False) -> None:
        """Close, but let the client read what was sent: unread input would make the kernel reset it."""
        transport = self._transport
        if transport is None or self._closing:
            return
        self.flush()
        if not said:
            self._say_goodbye()
        self._closing = True
        self.deadline = time.monotonic() + _LINGER
        if self._paused:
            self._paused = False
            transport.resume_reading()
        if not transport.can_write_eof():
            self.outlet.shut()
            transport.close()
        else:
            transport.write_eof()

    def __repr__(self) -> str:
        address = self.environ_base().get("REMOTE_ADDR", "") if self._transport else "closed"
        return f"<HTTP/2 {address} {len(self.streams)} streams, {self.thrift!r}>"


_HANDLERS: Final[dict[type, Callable[[Http2Connection, Any], None]]] = {
    RequestReceived: Http2Connection._request,
    DataReceived: Http2Connection._data,
    TrailersReceived: Http2Connection._trailer,
    StreamEnded: Http2Connection._ended,
    StreamReset: Http2Connection._reset_by_client,
    StreamBroken: Http2Connection._reset_by_client,
    WindowUpdated: Http2Connection._more_room,
    RemoteSettingsChanged: Http2Connection._more_room,
}


def _name_of(head: RequestHead) -> str:
    """The host name, without the port; read_head puts it first."""
    host = head.headers[0][1].decode("latin-1").lower()
    return host if host.endswith("]") else host.partition(":")[0]
