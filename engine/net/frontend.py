"""What all connections of one worker share: options, open connections, deadlines, the clock's Date."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Protocol

from engine._clock import monotonic
from engine.interfaces import Environ, WritingPlace
from engine.logs.server_log import ServerLog
from engine.net.crowd import Crowd
from engine.protocols.limits import DEFAULT_LIMITS, Limits
from engine.protocols.websocket import WebSocketSettings
from engine.request.exchange import Exchange
from engine.request.log import MakeNumberedLine
from engine.request.tally import Tally

__all__ = ["FrontEnd", "Timings"]

_TICK = 1.0  # seconds between looks at the deadlines


@dataclass(frozen=True, slots=True)
class Timings:
    """How long a client may take, in seconds, and how many there may be.

    :param socket_timeout: for the next bytes of a body, and to take something of a reply
    :param keepalive: idle between requests
    :param head_timeout: for a whole request head, however many packets it comes in; 0.0: socket_timeout
    :param body_rate: bytes per second that a body must bring, on average over each socket_timeout in
        which the server waits for it; 0 means any.  Kestrel asks for 240, Apache for 500.
    :param max_connections: of one worker; 0: three quarters of the descriptors it may have
    :param pipeline: requests of one connection begun in a row before other connections get their turn
    """

    socket_timeout: float = 30.0
    keepalive: float = 75.0
    limits: Limits = field(default=DEFAULT_LIMITS)
    head_timeout: float = 0.0
    body_rate: int = 240
    max_connections: int = 0
    websocket: WebSocketSettings = field(default=WebSocketSettings())
    pipeline: int = 32


class Waiting(Protocol):
    """A connection, as far as its deadline goes."""

    deadline: float

    def expire(self) -> None: ...
    def close_if_idle(self) -> bool: ...
    def waiting_since(self) -> float: ...
    def shed(self) -> None: ...


class FrontEnd:
    """Shared by the connections of a worker; its loop's thread only.

    :param make_line: makes the line of a request
    :param exceptional: tells of a request and its seconds whether it is logged though others are not
    :param submit: runs an exchange when a core is free
    :param withdraw: takes an exchange whose client left out of the queue
    :param complete_facts: adds to what is known of a connection what the operator has configured
    :param template_of: makes of that what is quicker for the second request and those that follow
    """

    def __init__(
        self,
        loop: Any,
        timings: Timings,
        log: ServerLog,
        log_requests: bool,
        make_line: MakeNumberedLine,
        exceptional: Callable[[Exchange, float], bool] | None,
        submit: Callable[[Exchange], None],
        withdraw: Callable[[Exchange], None],
        new_parking: Callable[[], WritingPlace],
        complete_facts: Callable[[Environ], Environ],
        template_of: Callable[[Environ], Environ],
    ) -> None:
        self._loop = loop
        self.call_soon = loop.call_soon
        self.limits = timings.limits
        self.websocket = timings.websocket
        self.socket_timeout = timings.socket_timeout
        self.keepalive = timings.keepalive
        self.head_timeout = timings.head_timeout or timings.socket_timeout
        self.body_rate = timings.body_rate
        self.pipeline = timings.pipeline
        self.crowd = Crowd(timings.max_connections, log.line)
        self.log = log
        self._log_requests = log_requests
        self._make_line = make_line
        self._exceptional = exceptional
        self.submit = submit
        self.withdraw = withdraw
        self.new_parking = new_parking
        self.complete_facts = complete_facts
        self.template_of = template_of
        self.connections: set[Waiting] = set()
        self.draining = False
        self.most_connections = self.crowd.most
        self._emptied: asyncio.Event | None = None
        self.requests = 0
        self.sent = 0
        self.running_time = 0.0
        self.average_time = 0.0
        self.tally: Tally | None = None
        """None unless somebody asks for statistics."""
        self.request_limit = 0
        self.on_limit: Callable[[], None] | None = None
        self.on_gone: Callable[[Exchange], None] | None = None
        """Called with a request that runs when its client has gone."""
        # By modifier1 of a uwsgi packet that is no request; see engine.uwsgi_api.services.
        self.services: Mapping[int, Callable[[Any, Callable[[bytes], None]], None]] = {}
        self.date = formatdate(usegmt=True).encode()
        self._timer = loop.call_later(_TICK, self._tick)

    def _tick(self) -> None:
        self._timer = self._loop.call_later(_TICK, self._tick)
        self.date = formatdate(usegmt=True).encode()
        now = monotonic()
        for connection in [c for c in self.connections if c.deadline <= now]:
            try:
                connection.expire()
            except Exception as exc:  # the others want to be looked at too
                self._loop.call_exception_handler(
                    {"message": f"deadline of {connection!r}", "exception": exc}
                )
        if self.crowd.is_full:
            self.crowd.make_room(self.connections)

    def log_request(self, exchange: Exchange) -> None:
        """A reply has ended."""
        self.requests += 1
        took = monotonic() - exchange.started_clock
        self.running_time += took
        self.average_time = (self.average_time + took) / 2
        self.sent += exchange.header_bytes + exchange.body_bytes
        if self.tally is not None:
            self.tally.note(exchange.sent_code(), took)
        if self.request_limit and self.requests >= self.request_limit and self.on_limit is not None:
            self.on_limit()
        if self._log_requests or self._is_exceptional(exchange, took):
            self.log.request(self._make_line(exchange, self.requests, took))

    def log_switched(self, exchange: Exchange) -> None:
        """A request that changed the protocol is over; how long it lasted is no response time."""
        times, tally = (self.running_time, self.average_time), self.tally
        self.tally = None
        self.log_request(exchange)
        self.running_time, self.average_time = times
        self.tally = tally
        if tally is not None:
            tally.note_status(exchange.sent_code())

    def _is_exceptional(self, exchange: Exchange, took: float) -> bool:
        if exchange.notes is not None and exchange.notes.log_it:
            return True
        return self._exceptional is not None and self._exceptional(exchange, took)

    def log_refusal(self, connection: object, status: int, detail: str) -> None:
        """A client sent something that is no request."""
        if self._log_requests:
            self.log.line(f"{time.ctime()} - refused with {status} on {connection!r}: {detail}")

    def drain(self) -> None:
        """Answer what was received, close every connection as soon as it is idle."""
        self.draining = True
        for connection in list(self.connections):
            connection.close_if_idle()

    def join(self, connection: Waiting) -> None:
        """A connection has come."""
        self.connections.add(connection)
        if len(self.connections) >= self.most_connections:
            self.crowd.make_room(self.connections)

    def forget(self, connection: Waiting) -> None:
        """A connection is gone."""
        self.connections.discard(connection)
        if self.crowd.is_full:
            self.crowd.look(len(self.connections))
        if self._emptied is not None and not self.connections:
            self._emptied.set()

    async def wait_closed(self) -> None:
        """Return when no connection is left."""
        self._emptied = asyncio.Event()
        if self.connections:
            await self._emptied.wait()

    def stop(self) -> None:
        """Stop the clock; nothing is served any more."""
        self._timer.cancel()
